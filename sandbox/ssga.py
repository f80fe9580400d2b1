"""State Street's fund files: each overwritten daily, none for a day of one's choice."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from sandbox.answers import Answer, Question
from sandbox.market import Market, published, visible

PATH = "/library-content/products/fund-data/etfs/us/{file}"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML = b"<!DOCTYPE html>\n<html><head><title>%s</title></head><body>%s</body></html>\n"
FILE = re.compile(r"(navhist|holdings-daily)-us-en-([a-z]+)\.xlsx")
NAMES = {
    "GLD": "SPDR® Gold Shares",
    "GLDM": "SPDR® Gold MiniShares® Trust",
    "SPY": "SPDR® S&P 500® ETF Trust",
}
HISTORY = ("Date", "NAV", "Shares Outstanding", "Total Net Assets")
HOLDINGS = (
    "Name",
    "Ticker",
    "Identifier",
    "SEDOL",
    "Weight",
    "Sector",
    "Shares Held",
    "Local Currency",
)
DISCLAIMERS = (
    "Invented holdings of invented companies.",
    "",
    "",
    "Past performance proves nothing.",
)

Row = tuple[str | float, ...]
Sheet = tuple[str, tuple[Row, ...]]
Day = tuple[date, float, int | None]  # NAV, shares


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset; captured histories have none of these files."""
    own = [] if market.origin == "history" else sorted(NAMES)
    return {
        "valuations": [fund.lower() for fund in own if knows_shares(market, fund)],
        "holdings": [fund.lower() for fund in own if fund in market.holdings],
    }


def knows_shares(market: Market, fund: str) -> bool:
    """Say whether the market has valuations of a fund, shares among them."""
    rows = market.valuations.get(fund)
    return rows is not None and rows["shares_outstanding"].count() > 0


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Serve one of a fund's two files."""
    if not question.from_a_browser:
        return Answer(HTML % (b"Access Denied", b"Access Denied"), "text/html", 403)
    asked = FILE.fullmatch(question.path.rpartition("/")[2])
    if asked is None:
        return missing()
    kind, symbol = asked.groups()
    dataset = "valuations" if kind == "navhist" else "holdings"
    if symbol not in carries(market)[dataset]:
        return missing()
    fund = symbol.upper()
    body = history(market, now, fund) if kind == "navhist" else holdings(market, now, fund)
    return Answer(body, XLSX) if body else missing()


def missing() -> Answer:
    """Answer for a file that is not there."""
    return Answer(HTML % (b"Page not found", b"404"), "text/html", 404)


def history(market: Market, now: datetime, fund: str) -> bytes:
    """Write the file of the days that are public; nothing if there are none."""
    known = visible(market.valuations[fund], now).select("date", "nav", "shares_outstanding")
    days = tuple(known.reverse().iter_rows())
    return nav_history(fund, days) if days else b""


@lru_cache(maxsize=8)
def nav_history(fund: str, days: tuple[Day, ...]) -> bytes:
    """Write NAV, shares and assets of these days, the newest first."""
    top = (("Fund Name:", NAMES[fund]), ("Ticker Symbol:", f"{fund}®"), ())
    return workbook(("Sheet1", (*top, HISTORY, *(valued(*day) for day in days))))


def valued(day: date, nav: float, shares: int | None) -> Row:
    """Return a day's row; what is not known is a dash."""
    assets = None if shares is None else round(nav * shares, 2)
    return f"{day:%d-%b-%Y}", nav, dashed(shares), dashed(assets)


def dashed(value: float | None) -> str | float:
    """Write a dash for what is missing."""
    return "-" if value is None else value


def holdings(market: Market, now: datetime, fund: str) -> bytes:
    """Write what a fund held last; nothing if no day is public."""
    known = published(market.holdings[fund], now)
    held = known.filter(pl.col("date") == pl.col("date").max())
    if held.is_empty():
        return b""
    columns = ("name", "ticker", "identifier", "sedol", "weight", "shares")
    top = (
        ("Fund Name:", NAMES[fund]),
        ("Ticker Symbol:", fund),
        ("Holdings:", f"As of {held['date'][0]:%d-%b-%Y}"),
        (),
    )
    rows = ((*row[:-1], "-", row[-1], "USD") for row in held.select(columns).iter_rows())
    legal = ((text,) if text else () for text in ("", *DISCLAIMERS))
    return workbook(("holdings", (*top, HOLDINGS, *rows, *legal)))


def workbook(*sheets: Sheet) -> bytes:
    """Write a workbook, the same bytes for the same sheets."""
    body = BytesIO()
    book = Workbook(body, {"in_memory": True})
    book.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})
    for name, rows in sheets:
        fill(book.add_worksheet(name), rows)
    book.close()
    return body.getvalue()


def fill(sheet: Worksheet, rows: tuple[Row, ...]) -> None:
    """Write the cells of a sheet: text as text, even where it looks like a number."""
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            write = sheet.write_string if isinstance(value, str) else sheet.write_number
            write(number, column, value)


ROUTES = {PATH: answer}
