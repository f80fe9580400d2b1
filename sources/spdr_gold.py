"""SPDR Gold Shares (GLD, GLDM): NAV per share, total net assets and ounces of gold of every day.

Docs       none; ../shared/sources/spdr_gold.md records what was observed
Published  in the evening of the session, New York time; safely by the next morning
Revised    tonnes, rarely; a figure that is AWAITED is never filled in later
"""

import re

import polars as pl

from schemas.capture import Capture, Endpoint, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.spdr_gold import SpdrGoldArchive
from schemas.validation import promised
from sources import delimited
from sources.documents import numbered
from sources.sniffing import is_one_of, sniff
from sources.workbooks import below_header, must_be_distinct, sheet, until_blank

SOURCE = "spdr_gold"
BASE_URL = "https://api.spdrgoldshares.com"
WWW = "www"
SITES = {WWW: "https://www.spdrgoldshares.com"}
PATH = "/api/v1/historical-archive"
PARAMS = {"exchange": "NYSE", "lang": "en"}
# Where the archive was until 2026; of the smaller trust no such address is known.
MOVED_FROM = {"gld": Endpoint("/assets/dynamic/GLD/GLD_US_archive_EN.csv", site=WWW)}

ARCHIVE = "historical archive"
# A column is told by what it means: names differ by year and format, and the first one with ounces
# is those of a share.
MEANT = {
    "Date": r"^date",
    "NAV/Share at 10:30am NYT": r"^nav ?/ ?share\b",
    "Total Ounces of Gold in the Trust": r"^total\b.*\bounces\b",
    "Total Net Asset Value in the Trust": r"^total net asset value in the trust",
}


def valuations(fund: str, symbol: str, name: str) -> Request:
    """Ask for a trust's archive: every day since inception."""
    product = symbol.lower()
    return Request(
        source=SOURCE,
        dataset="valuations",
        subject=fund,
        path=PATH,
        params={"product": product, **PARAMS},
        expects={"name": name, "symbol": symbol.upper()},
        otherwise=tuple(place for known, place in MOVED_FROM.items() if known == product),
    )


def parse_valuations(payload: bytes, capture: Capture) -> Parsed:
    """Read an archive, the workbook or the CSV of old, into `fund_valuations`, all text.

    Raises:
        Refused: It is neither (a PDF is served to who does not look like a browser on the trust's
            own page), another trust's, cut off, or lacks the header, a column or rows.
    """
    read = text_table if is_one_of(payload, ["csv"]) else workbook_table
    table = read(payload, capture)
    with having(columns := tuple(sorted(table.columns))):
        days = numbered(in_one_spelling(table, capture))
        return Parsed({"fund_valuations": promised(SpdrGoldArchive, days, capture)}, columns)


def workbook_table(payload: bytes, capture: Capture) -> pl.DataFrame:
    """Read the sheet of the trust, which its name tells."""

    def is_the_trusts(name: str) -> bool:
        return ARCHIVE in name.casefold() and capture.request.expects["symbol"] in name.split()

    rows = sheet(payload, capture, wanted=is_the_trusts)
    return until_blank(below_header(rows, "Date", capture), capture)


def text_table(payload: bytes, capture: Capture) -> pl.DataFrame:
    """Read the table below the preamble; commas have a blank behind them."""
    lines = sniff(payload, capture, wanted="csv").replace("\r\n", "\n").split("\n")
    start = next((n for n, line in enumerate(lines) if "Date" in split(line)), None)
    if start is None:
        raise Refused(f"{capture.request.scope}: no header row: no cell says 'Date'")
    table = delimited.rows("\n".join(lines[start:]), capture).drop("position")
    header = [name.strip() for name in table.columns]
    must_be_distinct(header, capture)
    must_be_the_trust(header, capture)
    table.columns = header
    return table.with_columns(pl.all().str.strip_chars())


def split(line: str) -> list[str]:
    """Give the cells of a line of this format, which has no quotes."""
    return [cell.strip() for cell in line.split(",")]


def must_be_the_trust(header: list[str], capture: Capture) -> None:
    """Refuse another trust's archive: the column of closes is named after its own."""
    expected = f"{capture.request.expects['symbol']} Close"
    served = [name for name in header if re.fullmatch(r"\S+ Close", name)]
    if served != [expected]:
        told = ", ".join(map(repr, served)) or "no column of closes"
        raise Refused(f"{capture.request.scope}: the archive has {told}, not {expected!r}")


def in_one_spelling(table: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the columns the workbook's names; more than one of a meaning is refused."""
    meant = {
        wanted: [name for name in table.columns if re.search(pattern, name, re.IGNORECASE)]
        for wanted, pattern in MEANT.items()
    }
    for wanted, names in meant.items():
        if len(names) > 1:
            told = ", ".join(map(repr, names))
            raise Refused(f"{capture.request.scope}: {wanted} could be any of {told}")
    return table.rename({names[0]: wanted for wanted, names in meant.items() if names})
