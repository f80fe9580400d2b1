"""iShares by BlackRock: NAV, shares outstanding and holdings of its funds.

Docs       none; ../shared/sources/ishares.md records what was observed of generations 1 to 5
Published  mornings, New York time, for the session before
Revised    splits restate the whole history; a holdings file may hold two versions of itself
"""

import logging
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from xml.etree import ElementTree as ET

import pandera.polars as pa
import polars as pl

from schemas.capture import Capture, Endpoint, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.ishares import ISharesHistorical, ISharesHoldings
from schemas.validation import empty, promised
from sources.delimited import read
from sources.documents import numbered
from sources.sniffing import sniff

SOURCE = "ishares"
BASE_URL = "https://www.blackrock.com"
WWW = "www"
SITES = {WWW: "https://www.ishares.com"}
PATH = "/varnish-api/blk-one01-product-data/product-data/api/v1/get-fund-document"
PARAMS = {
    "appType": "PRODUCT_PAGE",
    "appSubType": "ISHARES",
    "targetSite": "us-ishares",
    "locale": "en_US",
    "userType": "individual",
}

WORKBOOK, HOLDINGS = "1521942788811.ajax", "1467271812596.ajax"

HISTORICAL = ("Historical", "Historisch")
SPREADSHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
LOOKS_LIKE_A_DATE = r"^\s*[A-Z][a-z]{2} \d{1,2}, \d{4}\s*$"
BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)")

DATED = "Fund Holdings as of"
PUBLISHED_WITHIN = timedelta(days=4)  # over a weekend; a holiday's eve takes no longer
UNITS_HELD = {"Shares": "Quantity", "Par Value": "Quantity"}  # the same thing in other years, funds
NOT_IN_EVERY_LAYOUT = ("Ticker", "Currency")  # bond funds have no ticker, crypto trusts no currency

Cells = dict[int, str]  # a row of a worksheet: text by column, from 1

log = logging.getLogger(__name__)


def valuations(fund: str, portfolio_id: str, name: str) -> Request:
    """Ask for a fund's workbook: NAV and shares outstanding of every day since inception."""
    return Request(
        source=SOURCE,
        dataset="valuations",
        subject=fund,
        path=PATH,
        params={**PARAMS, "portfolioId": portfolio_id, "component": "fundDownload"},
        expects={"name": name},
        otherwise=(
            on_the_product_page(portfolio_id, WORKBOOK, {"fileType": "xls", "dataType": "fund"}),
        ),
    )


def holdings(fund: str, portfolio_id: str, name: str, as_of: date) -> Request:
    """Ask for what a fund held on one day."""
    return Request(
        source=SOURCE,
        dataset="holdings",
        subject=fund,
        path=PATH,
        params={
            **PARAMS,
            "portfolioId": portfolio_id,
            "component": "holdings",
            "asOfDate": f"{as_of:%Y%m%d}",
        },
        asked_from=as_of,
        asked_to=as_of,
        expects={"name": name},
        otherwise=(
            on_the_product_page(portfolio_id, "latest-holdings.csv", {}),
            on_the_product_page(
                portfolio_id,
                HOLDINGS,
                {"fileType": "csv", "dataType": "fund", "asOfDate": f"{as_of:%Y%m%d}"},
            ),
        ),
    )


def on_the_product_page(portfolio_id: str, file: str, params: dict[str, str]) -> Endpoint:
    """Name a file of a fund's product page, where it has been, and may be again.

    The page's own name in the path is ignored: the number counts.
    """
    return Endpoint(f"/us/products/{portfolio_id}/fund/{file}", params, WWW)


def parse_valuations(payload: bytes, capture: Capture) -> Parsed:
    """Read a workbook's sheet `Historical` into `fund_valuations`, all text, without its footer.

    Raises:
        Refused: It is no whole workbook, another fund's, or lacks the sheet, a column or rows.
    """
    sheets = worksheets(sniff(payload, capture, wanted="spreadsheetml"), capture)
    must_be_the_fund(named_in(sheets.get("Holdings", [])), capture)
    rows = next((sheets[name] for name in HISTORICAL if name in sheets), None)
    if rows is None:
        raise Refused(f"{capture.request.scope}: no sheet Historical, only {', '.join(sheets)}")
    table = below_header(rows, capture)
    with having(columns := tuple(sorted(table.columns))):
        days = without_footer(promised(ISharesHistorical, numbered(table), capture))
        if days.is_empty():
            raise Refused(f"{capture.request.scope}: the sheet Historical has no rows")
    return Parsed({"fund_valuations": days}, columns)


def worksheets(text: str, capture: Capture) -> dict[str, list[Cells]]:
    """Read a workbook's sheets; BlackRock leaves ampersands bare, in text and in links.

    A document type could declare entities that grow without end: the format has none.
    """
    if re.search("<!(doctype|entity)", text, re.IGNORECASE):
        raise Refused(f"{capture.request.scope}: the workbook declares a document type or entities")
    try:
        book = ET.fromstring(BARE_AMPERSAND.sub("&amp;", text))  # noqa: S314 -- no entities, see above
        return {
            sheet.get(f"{SPREADSHEET}Name", ""): [
                dict(cells(row)) for row in sheet.iter(f"{SPREADSHEET}Row")
            ]
            for sheet in book.iter(f"{SPREADSHEET}Worksheet")
        }
    except (ET.ParseError, ValueError) as error:
        raise Refused(f"{capture.request.scope}: broken or cut-off workbook ({error})") from error


def cells(row: ET.Element) -> Iterator[tuple[int, str]]:
    """Give a row's cells by column, from 1; empty ones may be left out, wide ones span several."""
    column = 0
    for cell in row.iter(f"{SPREADSHEET}Cell"):
        column = int(cell.get(f"{SPREADSHEET}Index", column + 1))
        yield column, "".join(cell.itertext()).strip()
        column += int(cell.get(f"{SPREADSHEET}MergeAcross", 0))


def named_in(holdings_sheet: list[Cells]) -> str | None:
    """Give the fund's name: alone in the second row, below the date. Bullion trusts have none."""
    second = holdings_sheet[1] if len(holdings_sheet) > 1 else {}
    return second.get(1) if len(second) == 1 else None


def below_header(rows: list[Cells], capture: Capture) -> pl.DataFrame:
    """Read the rows below the header, which is the row that holds most of the promised names."""
    wanted = names(ISharesHistorical)
    held = [len(wanted.intersection(row.values())) for row in rows]
    if not any(held):
        raise Refused(f"{capture.request.scope}: column {', '.join(sorted(wanted))} is missing")
    start = held.index(max(held))
    header = {column: name for column, name in rows[start].items() if name}
    if len(set(header.values())) < len(header):
        raise Refused(f"{capture.request.scope}: a column is there twice: {[*header.values()]}")
    columns = {
        name: pl.Series([row.get(column) for row in rows[start + 1 :]], dtype=pl.String)
        for column, name in header.items()
    }
    return pl.DataFrame(columns)


def names(schema: type[pa.DataFrameModel]) -> set[str]:
    """Give the columns that a header is promised to name."""
    return {*schema.to_schema().columns} - {"position", DATED}


def without_footer(days: pl.DataFrame) -> pl.DataFrame:
    """Drop the legal text below the last row that has a date or a NAV; a bad row above stays."""
    is_day = pl.col("As Of").str.contains(LOOKS_LIKE_A_DATE) | (pl.col("NAV per Share") != "")
    return days.filter(pl.col("position") <= pl.col("position").filter(is_day).max())


def must_be_the_fund(served: str | None, capture: Capture) -> None:
    """Refuse another fund's document: a wrong id is answered with 200."""
    expected = capture.request.expects.get("name")
    if served is not None and expected and same_name(served) != same_name(expected):
        raise Refused(
            f"{capture.request.scope}: the document is of {served!r} where {expected!r} was asked"
        )


def same_name(name: str) -> str:
    """Give what two spellings of a fund's name share: issuers add "ETF" to the names of trusts."""
    return " ".join(name.split()).casefold().removesuffix(" etf")


def parse_holdings(payload: bytes, capture: Capture) -> Parsed:
    """Read a holdings file into `holdings`, all text, with its day beside every row.

    The empty template, served for a day long past, says that nothing was published for it: no
    rows, and no fault.

    Raises:
        Refused: Nothing is published for the day yet; it is another fund's or day's, or cut off.
    """
    lines = first_copy(sniff(payload, capture, wanted="csv"), capture)
    must_be_the_fund(unquoted(lines[0]), capture)
    if is_empty_template(lines) and is_long_past(capture):
        return Parsed({"holdings": empty(ISharesHoldings)}, ())
    as_of = day_stated(lines, capture)
    table = read(table_lines(lines, capture), capture)
    with having(columns := tuple(sorted(table.columns))):
        holdings = in_one_layout(table, as_of, capture)
        return Parsed({"holdings": promised(ISharesHoldings, holdings, capture)}, columns)


def first_copy(text: str, capture: Capture) -> list[str]:
    """Give the lines of the document; where it is there twice, of the first copy, and say so.

    The second copy is known to differ: cash quantities a hundred times too large.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    dated = [number for number, line in enumerate(lines) if is_dated(line)]
    if len(dated) > 1:
        log.warning("%s: the document is there twice; the first is taken", capture.request.scope)
        return lines[: dated[1] - 1]
    return lines


def is_dated(line: str) -> bool:
    """Tell the line that says which day the holdings are of."""
    return line.lstrip('"').startswith((f"{DATED},", f'{DATED}",'))


def unquoted(field: str) -> str:
    """Strip a field of blanks and quotes."""
    return field.strip().strip('"').strip()


def is_empty_template(lines: list[str]) -> bool:
    """Tell the template of a day without data."""
    return len(lines) > 1 and is_dated(lines[1]) and unquoted(lines[1].partition(",")[2]) == "-"


def is_long_past(capture: Capture) -> bool:
    """Say whether what is published for the day that was asked for has been for some days."""
    asked = capture.request.asked_to
    return asked is not None and capture.known_at.date() - asked > PUBLISHED_WITHIN


def day_stated(lines: list[str], capture: Capture) -> str:
    """Give the day that the holdings are of, as served, or refuse none and another."""
    scope, asked = capture.request.scope, capture.request.asked_to
    if len(lines) < 2 or not is_dated(lines[1]):  # noqa: PLR2004 -- name, then day
        raise Refused(f"{scope}: line 2 does not say {DATED!r}; it begins {lines[:2][-1][:60]!r}")
    stated = unquoted(lines[1].partition(",")[2])
    if stated == "-":
        raise Refused(f"{scope}: nothing published for {asked or 'that day'} (an empty template)")
    try:
        day = datetime.strptime(stated, "%b %d, %Y").date()  # noqa: DTZ007 -- a day has no zone
    except ValueError as error:
        raise Refused(f"{scope}: {DATED} {stated[:60]!r} is no day") from error
    if asked and day != asked:
        raise Refused(f"{scope}: holdings of {day} where those of {asked} were asked")
    return stated


def table_lines(lines: list[str], capture: Capture) -> list[str]:
    """Give the header and the rows: down to the line that is blank, or a lone U+00A0.

    The legal text follows it. A document that ends before is cut off, and its lack of a holding
    would be taken for a sale.
    """
    scope, wanted = capture.request.scope, names(ISharesHoldings)
    starts = (n for n, line in enumerate(lines) if wanted & {*map(unquoted, line.split(","))})
    start = next(starts, None)
    if start is None:
        raise Refused(f"{scope}: no header row (Ticker, ... or Name, ...)")
    end = next((n for n, line in enumerate(lines) if n > start and not line.strip()), len(lines))
    if not any(lines[end:]):
        raise Refused(f"{scope}: the document ends within its table: cut off")
    if end == start + 1:
        raise Refused(f"{scope}: the table has no rows")
    return lines[start:end]


def in_one_layout(table: pl.DataFrame, as_of: str, capture: Capture) -> pl.DataFrame:
    """Name the units in one way; add the day, and as null the columns not in every layout."""
    units = [column for column in table.columns if UNITS_HELD.get(column, column) == "Quantity"]
    if len(units) > 1:
        told = f"the units held are there more than once: {', '.join(units)}"
        raise Refused(f"{capture.request.scope}: {told}")
    table = table.rename(UNITS_HELD, strict=False)
    absent = [column for column in NOT_IN_EVERY_LAYOUT if column not in table.columns]
    nulls = [pl.lit(None, pl.String).alias(column) for column in absent]
    return numbered(table.with_columns(*nulls, pl.lit(as_of).alias(DATED)))
