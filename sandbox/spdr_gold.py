"""SPDR Gold's archive, traps included: who does not look like its own page gets a PDF, status 200.

Where the archive was before 2026, the PDF is too.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market, visible
from sandbox.publication import sessions
from sandbox.ssga import XLSX, Row, workbook

PATH, OLD_PATH = "/api/v1/historical-archive", "/assets/dynamic/GLD/GLD_US_archive_EN.csv"
BAR_LIST = "/api/v1/barlist"
SITE = "https://www.spdrgoldshares.com"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PRODUCTS = {"gld": "GLD", "gldm": "GLDM"}
DISCLAIMER = "Invented values of an invented trust. Past performance proves nothing."
HEADER = (
    "Date",
    "Closing Price",
    "Ounces of Gold per Share",
    "NAV/Share at 10:30am NYT",
    "Indicative Price per Share at 4:15pm NYT",
    "Mid point of bid/ask spread at 4:15pm NYT",
    "Premium/Discount of GLD Mid Point vs Indicative Value of GLD at 4:15pm NYT",
    "Daily Share Volume",
    "Total Ounces of Gold in the Trust",
    "Tonnes of Gold",
    "Total Net Asset Value in the Trust",
)
NAV_AT = HEADER.index("NAV/Share at 10:30am NYT")
OUNCES_IN_A_TONNE = 32_151
AWAITED_ROW = 7  # its close was never filled in
SATURDAY = 5

Day = tuple[date, float, int | None, float | None]  # NAV, shares, ounces


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"valuations": sorted(p for p, fund in PRODUCTS.items() if fund in market.valuations)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Serve a trust's archive as far as it is public."""
    if not from_its_own_page(question):
        return Answer(PDF, "application/pdf")
    fund = PRODUCTS.get(question.query.get("product", ""), "")
    if fund not in market.valuations:
        return Answer(b"Not Found", "text/plain", 404)
    rows = visible(market.valuations[fund], now)
    days = tuple(rows.select("date", "nav", "shares_outstanding", "ounces").iter_rows())
    name = f"historical-archive-{fund.lower()}.xlsx"
    headers = {"content-disposition": f"attachment; filename={name}"} | dated(rows)
    return Answer(archive(fund, days), XLSX, headers=headers)


def from_its_own_page(question: Question) -> bool:
    """Say whether a browser asks, led there by the trust's page."""
    led = [question.headers.get(header, "") for header in ("origin", "referer")]
    return question.from_a_browser and all(address.startswith(SITE) for address in led)


def dated(rows: pl.DataFrame) -> dict[str, str]:
    """Return when the archive last changed, as a header; nothing if it has no rows."""
    changed = rows["published_at"].max()
    if not isinstance(changed, datetime):
        return {}
    return {"last-modified": format_datetime(changed.astimezone(UTC), usegmt=True)}


@lru_cache(maxsize=8)
def archive(fund: str, days: tuple[Day, ...]) -> bytes:
    """Write the workbook: a disclaimer, then the archive."""
    rows = (HEADER, *table(days))
    return workbook(("Disclaimer", ((DISCLAIMER,),)), (f"US {fund} Historical Archive", rows))


def table(days: tuple[Day, ...]) -> Iterator[Row]:
    """Return the rows, oldest first: one a day, and one for every holiday between them."""
    if not days:
        return
    closed = holidays(days)
    known = {day[0]: figures(number, *day) for number, day in enumerate(days)}
    for day in sorted(known.keys() | closed):
        yield f"{day:%d-%b-%Y}", *known.get(day, ("US Holiday",) * (len(HEADER) - 1))


def holidays(days: tuple[Day, ...]) -> set[date]:
    """Return the weekdays without a session from the first day to the last."""
    first, last = days[0][0], days[-1][0]
    traded = set(sessions(first, last)["date"])
    span = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day for day in span if day.weekday() < SATURDAY and day not in traded}


def figures(
    number: int,
    day: date,
    nav: float,
    shares: int | None,
    ounces: float | None,
) -> Row:
    """Return a row without its date; prices of the market are made of the NAV."""
    if shares is None or ounces is None:
        closed: list[str | float] = ["NYSE Closed"] * (len(HEADER) - 1)
        closed[NAV_AT - 1] = nav
        return tuple(closed)
    close = round(nav * (1 + (day.toordinal() % 7 - 3) / 2000), 2)
    return (
        "AWAITED" if number == AWAITED_ROW else close,
        round(ounces / shares, 4),
        nav,
        round(nav, 3),
        close,
        round(close / nav - 1, 6),
        1_000_000 + day.toordinal() * 7919 % 9_000_000,
        ounces,
        round(ounces / OUNCES_IN_A_TONNE, 2),
        round(nav * shares, 2),
    )


def moved(market: Market, now: datetime, question: Question) -> Answer:
    """Answer where the archive was once."""
    del market, now, question
    return Answer(b"", "text/html", 301, {"location": f"{BAR_LIST}?underlying=gld"})


def bar_list(market: Market, now: datetime, question: Question) -> Answer:
    """Serve what nobody asked for."""
    del market, now, question
    return Answer(PDF, "application/pdf")


ROUTES = {PATH: answer, OLD_PATH: moved, BAR_LIST: bar_list}
