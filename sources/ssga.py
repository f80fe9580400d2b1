"""State Street's funds: NAV, shares outstanding and net assets since inception, and holdings.

Docs       none; ../shared/sources/ssga.md records what was observed
Published  the day after the session; the hour is not established
Revised    both files are overwritten daily: a day of holdings that was missed is lost
"""

import re
from datetime import date, datetime

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.ssga import SsgaHoldings, SsgaNavHistory
from schemas.validation import promised
from sources.documents import numbered
from sources.workbooks import Rows, below_header, sheet, until_blank

SOURCE = "ssga"
BASE_URL = "https://www.ssga.com"
FOLDER = "/library-content/products/fund-data/etfs/us"

TICKER, DATED = "Ticker Symbol:", "Holdings:"  # labels above the table, their values beside them
AS_OF = re.compile(r"As of (\d{1,2}-[A-Z][a-z]{2}-\d{4})")


def valuations(fund: str, symbol: str, name: str) -> Request:
    """Ask for a fund's NAV, shares outstanding and net assets of every day since inception."""
    return asked("valuations", fund, f"navhist-us-en-{symbol.lower()}.xlsx", symbol, name)


def holdings(fund: str, symbol: str, name: str, as_of: date) -> Request:  # noqa: ARG001 -- no other day is to be had
    """Ask for what a fund held last: whatever day is wanted, the one file tells its own."""
    return asked("holdings", fund, f"holdings-daily-us-en-{symbol.lower()}.xlsx", symbol, name)


def asked(dataset: str, fund: str, file: str, symbol: str, name: str) -> Request:
    """Ask for a file, which takes no parameters and must be the fund's."""
    return Request(
        source=SOURCE,
        dataset=dataset,
        subject=fund,
        path=f"{FOLDER}/{file}",
        expects={"name": name, "symbol": symbol.upper()},
    )


def parse_valuations(payload: bytes, capture: Capture) -> Parsed:
    """Read a fund's `navhist` into `fund_valuations`, all text.

    Raises:
        Refused: It is no whole workbook, another fund's, or lacks the header, a column or rows.
    """
    rows = sheet(payload, capture, wanted=is_any)
    must_be_the_fund(rows, capture)
    table = below_header(rows, "Date", capture)
    with having(columns := tuple(sorted(table.columns))):
        days = numbered(until_blank(table, capture))
        return Parsed({"fund_valuations": promised(SsgaNavHistory, days, capture)}, columns)


def parse_holdings(payload: bytes, capture: Capture) -> Parsed:
    """Read a holdings file into `holdings`, all text, with its day beside every row.

    Raises:
        Refused: It is no whole workbook, another fund's, states no day, or lacks the header, a
            column or rows.
    """
    rows = sheet(payload, capture, wanted=is_holdings)
    must_be_the_fund(rows, capture)
    as_of = day_stated(rows, capture)
    table = below_header(rows, "Name", capture)
    with having(columns := tuple(sorted(table.columns))):
        held = numbered(until_blank(table, capture)).with_columns(pl.lit(as_of).alias(DATED))
        return Parsed({"holdings": promised(SsgaHoldings, held, capture)}, columns)


def is_any(_: str) -> bool:
    """Take the first sheet: `navhist` has one, under a name that is not established."""
    return True


def is_holdings(name: str) -> bool:
    """Tell the sheet of the holdings."""
    return name.strip().casefold() == "holdings"


def must_be_the_fund(rows: Rows, capture: Capture) -> None:
    """Refuse another fund's file; tickers may bear a registered sign."""
    served, expected = told(rows, TICKER, capture), capture.request.expects["symbol"]
    if served.replace("®", "").strip() != expected:
        raise Refused(
            f"{capture.request.scope}: the file is of {served!r} where {expected!r} was asked"
        )


def day_stated(rows: Rows, capture: Capture) -> str:
    """Give the day that the holdings are of, as served."""
    stated = told(rows, DATED, capture)
    told_so = f"{capture.request.scope}: {DATED} {stated[:60]!r} is no day"
    found = AS_OF.fullmatch(stated)
    if found is None:
        raise Refused(told_so)
    try:
        datetime.strptime(found.group(1), "%d-%b-%Y")  # noqa: DTZ007 -- a day has no zone
    except ValueError as error:
        raise Refused(told_so) from error
    return stated


def told(rows: Rows, label: str, capture: Capture) -> str:
    """Give what stands beside a label."""
    value = next((row[1].strip() for row in rows if row[1:] and row[0].strip() == label), None)
    if value is None:
        raise Refused(f"{capture.request.scope}: no row says {label!r}")
    return value
