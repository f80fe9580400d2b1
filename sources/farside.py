"""Farside Investors: what flowed into and out of each American bitcoin fund on a day, as a page.

Docs       none; ../shared/sources/farside.md records what was observed
Published  overnight, fund by fund: a day is whole once no fund's cell is `-`
Revised    a day's cells appear one by one, and its Total with them; later corrections are rare
"""

import re
from typing import NamedTuple

import polars as pl
from selectolax.lexbor import LexborHTMLParser

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having, quoted
from schemas.raw.farside import FarsideFlows
from schemas.validation import promised
from sources.documents import numbered
from sources.pages import page, text, title

SOURCE = "farside"
BASE_URL = "https://farside.co.uk"
TOTAL = "Total"
SUMMARIES = {TOTAL, "Average", "Maximum", "Minimum"}  # the rows below the days
FUND = "IBIT"  # tells the table of bitcoin funds from that of ether funds, which looks the same
DAY = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4}")

Rows = list[list[str]]


class Table(NamedTuple):
    """The names of the columns, the first of them the day's, and the cells below."""

    header: list[str]
    rows: Rows


def reported_flows(page: str, symbol: str) -> Request:
    """Ask for a page of flows, all days of it; `symbol` is the page's name in its address."""
    return Request(
        source=SOURCE,
        dataset="reported_flows",
        subject=page,
        path=f"/{symbol}/",
        expects={"fund": FUND},
    )


def parse_reported_flows(payload: bytes, capture: Capture) -> Parsed:
    """Read the table into `reported_flows`, all text: one row per day and fund, without summaries.

    The day's Total stands beside each, to be checked against.

    Raises:
        Refused: It is no page, has no such table or another's, or is not laid out by day and fund.
    """
    table = flows(page(payload, capture), capture)
    with having(columns := tuple(sorted(set(table.header)))):
        must_be_laid_out(table, capture)
        rows = promised(FarsideFlows, numbered(melted(table)), capture)
    return Parsed({"reported_flows": rows}, columns)


def flows(tree: LexborHTMLParser, capture: Capture) -> Table:
    """Find the table, and in it the header: the row above the days that names the Total."""
    scope, table = capture.request.scope, tree.css_first("table.etf")
    if table is None:
        raise Refused(f"{scope}: no table of class etf; the page's title is {title(tree)}")
    rows = [[text(cell) for cell in row.css("td, th")] for row in table.css("tr")]
    start = next((n for n, row in enumerate(rows) if TOTAL in row[1:]), None)
    if start is None:
        raise Refused(f"{scope}: column {TOTAL} is missing")
    return Table(rows[start], [row for row in rows[start + 1 :] if is_of_a_day(row)])


def is_of_a_day(row: list[str]) -> bool:
    """Leave out the summaries and rows that only keep a distance; what is left should be a day."""
    return any(row[1:]) and row[0] not in SUMMARIES


def must_be_laid_out(table: Table, capture: Capture) -> None:
    """Refuse a table of other funds, and one whose rows do not fit below its header."""
    scope, (header, rows) = capture.request.scope, table
    fund = capture.request.expects.get("fund")
    if fund and fund not in header:
        raise Refused(f"{scope}: no column {fund}: flows of other funds: {quoted(header[1:])}")
    if "" in header[1:] or len(set(header)) < len(header):
        raise Refused(f"{scope}: a column has no name, or is there twice: {quoted(header)}")
    if not rows or not DAY.fullmatch(rows[0][0]):
        first = repr(rows[0][0][:60]) if rows else "nothing"
        raise Refused(f"{scope}: the first row below the header is no day but {first}")
    stray = next((row for row in rows if len(row) != len(header)), None)
    if stray is not None:
        told = f"{stray[0][:60]!r} has {len(stray)} cells below {len(header)} names"
        raise Refused(f"{scope}: the row {told}")


def melted(table: Table) -> pl.DataFrame:
    """Give one row per cell of a fund: the row it was in, its day, fund, text and day's Total."""
    total = table.header.index(TOTAL)
    places = [place for place in range(1, len(table.header)) if place != total]
    wide = pl.DataFrame(
        {
            "row": range(len(table.rows)),
            "Date": [row[0] for row in table.rows],
            "fund": [[table.header[place] for place in places]] * len(table.rows),
            "flow": [[row[place] for place in places] for row in table.rows],
            "Total": [row[total] for row in table.rows],
        },
        schema_overrides={"row": pl.Int64},
    )
    return wide.explode("fund", "flow")
