"""World Bank, "Pink Sheet": monthly average prices of commodities since January 1960.

Docs       https://www.worldbank.org/en/research/commodity-markets; sheet `Description`
Published  between the 2nd and the 4th, for the month before; the stamp above the table says when
Revised    the last digits, by rounding (the editions of 2026 have two decimals)

Source of the data: World Bank, CC BY 4.0.
"""

import re
from contextlib import suppress
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import polars as pl
from selectolax.lexbor import LexborHTMLParser

from schemas.capture import Capture, Endpoint, Refused, Request
from schemas.parsed import Parsed, having, lacking
from schemas.raw.worldbank import WorldBankMonthlyPrices
from schemas.validation import promised
from sources.sniffing import is_one_of
from sources.workbooks import Rows, sheet

SOURCE = "worldbank"
BASE_URL = "https://thedocs.worldbank.org"
OLD = "old"
PAGE = "page"
SITES = {OLD: "http://pubdocs.worldbank.org", PAGE: "https://www.worldbank.org"}

FILE = "CMO-Historical-Data-Monthly.xlsx"
LINK = re.compile(r"CMO-Historical-Data-Monthly\.xlsx")
EDITIONS = (  # the path changes with the year of the edition; newest first
    "74e8be41ceb20fa0da750cda2f6b9e4e-0050012026",
    "18675f1d1639c7a34d463f59263ba0a2-0050012025",
    "5d903e848db1d1b83e0ec8f744e55570-0350012021",
)
BEFORE = Endpoint(path=f"/en/561011486076393416/{FILE}", site=OLD)

SHEET = "Monthly Prices"
METALS = {"Gold", "Silver"}  # they tell the row of names
FOOTNOTES = re.compile(r"[\s*]+$")  # "Coal, South African **", "Urea "
MONTH = re.compile(r"\d{4}M\d{2}")
STAMP = re.compile(r"Updated on (\w+ \d{1,2}, \d{4})")
OLDEST_EDITION = timedelta(days=40)  # one a month: an older one comes from a dead link


def monthly_averages(series: str, symbol: str) -> Request:
    """Ask for the workbook that holds the monthly averages of a commodity, as it is named there.

    The page that links it is asked first: a known link goes on answering with its old edition.
    """
    known = (Endpoint(path=f"/en/doc/{edition}/related/{FILE}") for edition in EDITIONS)
    return Request(
        source=SOURCE,
        dataset="monthly_averages",
        subject=series,
        path="/en/research/commodity-markets",
        expects={"symbol": symbol},
        site=PAGE,
        otherwise=(*known, BEFORE),
    )


def linked(page: bytes) -> Endpoint | None:
    """Give the place of the workbook that a page links, if it is a page and does."""
    link = link_in(page) if is_one_of(page, ["html"]) else None
    with suppress(ValueError):  # no address
        return Endpoint(path=urlsplit(link).path) if link else None
    return None


def link_in(page: bytes) -> str | None:
    """Give the first link to the workbook on the page that lists it, as it stands there."""
    links = (node.attributes.get("href") for node in LexborHTMLParser(page).css("[href]"))
    return next((link for link in links if link and LINK.search(link)), None)


def parse_monthly_averages(payload: bytes, capture: Capture) -> Parsed:
    """Read the months of one commodity into `monthly_averages`, all text, with unit and stamp.

    Raises:
        Refused: It is no such workbook, an old edition of it, or lacks the commodity or its unit.
    """
    cells = sheet(payload, capture, wanted=lambda name: name.strip() == SHEET)
    top = row_of_names(cells, capture)
    names = [FOOTNOTES.sub("", cell).strip() for cell in cells[top]]
    with having(columns := tuple(sorted(filter(None, names)))):
        column = column_of(names, capture)
        updated = stamped(cells[:top], capture)
        below = cells[top + 1 :]
        unit = unit_in(below[:1], column, capture)
        months = table(below, column, capture).with_columns(
            unit=pl.lit(unit), updated=pl.lit(updated)
        )
        return Parsed(
            {"monthly_averages": promised(WorldBankMonthlyPrices, months, capture)}, columns
        )


def row_of_names(cells: Rows, capture: Capture) -> int:
    """Find the row that names the commodities: what lies above it and below it changes."""
    rows = ({FOOTNOTES.sub("", cell).strip() for cell in row} for row in cells)
    top = next((number for number, row in enumerate(rows) if row >= METALS), None)
    if top is None:
        told = f"no row of {SHEET!r} names {' and '.join(sorted(METALS))}"
        raise Refused(f"{capture.request.scope}: {told}")
    return top


def column_of(names: list[str], capture: Capture) -> int:
    """Find the commodity's column by its name, or refuse none and two of it."""
    wanted = capture.request.expects.get("symbol", "")
    if not wanted or wanted not in names:
        raise lacking(capture.request.scope, [repr(wanted)], filter(None, names))
    if names.count(wanted) > 1:
        raise Refused(f"{capture.request.scope}: column {wanted!r} is there twice")
    return names.index(wanted)


def stamped(above: Rows, capture: Capture) -> str:
    """Give the stamp above the table, or refuse none and one that is too old.

    An old link keeps answering with an old edition; only the stamp shows it.
    """
    scope = capture.request.scope
    stamps = (STAMP.search(cell) for row in above for cell in row)
    found = next(filter(None, stamps), None)
    if found is None:
        raise Refused(f"{scope}: no stamp (Updated on ...) is above the table")
    if capture.known_at.date() - day(found.group(1), capture) > OLDEST_EDITION:
        known = capture.known_at.date()
        raise Refused(f"{scope}: an old edition, {found.group(0)!r}, was served on {known}")
    return found.group(0)


def day(text: str, capture: Capture) -> date:
    """Read 'April 02, 2025', or refuse what is no day."""
    try:
        return datetime.strptime(text, "%B %d, %Y").date()  # noqa: DTZ007 -- a day has no zone
    except ValueError as error:
        raise Refused(f"{capture.request.scope}: the stamp {text!r} is no day") from error


def unit_in(units: Rows, column: int, capture: Capture) -> str:
    """Give the commodity's unit, in parentheses below its name."""
    unit = units[0][column].strip() if units else ""
    if not unit.startswith("("):
        told = f"no unit is below the name, but {unit[:60]!r}"
        raise Refused(f"{capture.request.scope}: {told}")
    return unit


def table(below: Rows, column: int, capture: Capture) -> pl.DataFrame:
    """Give the rows from the first month on, numbered; one without a single value is none."""
    starts = (number for number, row in enumerate(below) if MONTH.fullmatch(row[0].strip()))
    first = next(starts, None)
    if first is None:
        raise Refused(f"{capture.request.scope}: no row begins with a month (1960M01)")
    rows = [
        (position, row[0], row[column])
        for position, row in enumerate(below[first:])
        if any(cell.strip() for cell in row)
    ]
    schema = {"position": pl.Int64, "period": pl.String, "value": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
