"""iShares' document service, traps included.

A refused client gets a page with status 200, an unknown fund another fund's data, and a day
without data a template without rows.
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from sandbox import ishares_holdings, ishares_workbook
from sandbox.answers import Answer, Question
from sandbox.market import Market, published, visible

PATH = "/varnish-api/blk-one01-product-data/product-data/api/v1/get-fund-document"
HTML = b"<!DOCTYPE html>\n<html><head><title>iShares</title></head><body>One moment</body></html>\n"
NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True)
class Fund:
    """One fund of the issuer; `kind` is metal, coin or equity and decides the layout."""

    ticker: str
    name: str
    inception: date
    kind: str


FUNDS = {
    "239855": Fund("SLV", "iShares Silver Trust", date(2006, 4, 21), "metal"),
    "239561": Fund("IAU", "iShares Gold Trust", date(2005, 1, 21), "metal"),
    "333011": Fund("IBIT", "iShares Bitcoin Trust ETF", date(2024, 1, 5), "coin"),
    "337614": Fund("ETHA", "iShares Ethereum Trust ETF", date(2024, 6, 24), "coin"),
    "239710": Fund("IWM", "iShares Russell 2000 ETF", date(2000, 5, 22), "equity"),
    "239726": Fund("IVV", "iShares Core S&P 500 ETF", date(2000, 5, 15), "equity"),
}


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {
        "valuations": sorted(n for n, fund in FUNDS.items() if fund.ticker in market.valuations),
        "holdings": sorted(n for n, fund in FUNDS.items() if fund.ticker in market.holdings),
    }


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for a fund's document."""
    if not question.from_a_browser:
        return Answer(HTML, "text/html; charset=utf-8", headers=NO_STORE)
    fund = FUNDS.get(question.query.get("portfolioId", "")) or another_fund(market)
    match question.query.get("component"):
        case "holdings":
            return holdings(market, now, fund, question.query.get("asOfDate"))
        case "fundDownload":
            return workbook(market, now, fund)
    return Answer(b'{"error":"no such component"}', "application/json", 404, NO_STORE)


def another_fund(market: Market) -> Fund:
    """Return the fund whose data an unknown id gets."""
    carried = (fund for fund in FUNDS.values() if fund.ticker in market.valuations)
    return next(carried, FUNDS["239726"])


def holdings(market: Market, now: datetime, fund: Fund, as_of_date: str | None) -> Answer:
    """Serve the holdings of a day, the latest if none is named, or the empty template."""
    empty = ishares_holdings.empty(fund.name, fund.inception, fund.kind)
    rows = positions(market, now, fund, as_of_date)
    body = empty if rows.is_empty() else filled(market, now, fund, rows)
    headers = NO_STORE | {"content-disposition": f"attachment; filename={fund.ticker}_holdings.csv"}
    return Answer(body, "text/csv;charset=UTF-8", headers=headers, empty=empty)


def filled(market: Market, now: datetime, fund: Fund, rows: pl.DataFrame) -> bytes:
    """Write the document of the one day in `rows`."""
    as_of = rows["date"][0]
    shares = shares_on(market, now, fund, as_of)
    return ishares_holdings.filled(fund.name, fund.inception, rows, shares)


def positions(
    market: Market,
    now: datetime,
    fund: Fund,
    as_of_date: str | None,
) -> pl.DataFrame:
    """Return the positions of one day, none if it is unknown, unreadable or not yet published."""
    if fund.ticker not in market.holdings:
        return pl.DataFrame()
    known = published(market.holdings[fund.ticker], now)
    as_of = known["date"].max() if as_of_date is None else day(as_of_date)
    return known.clear() if as_of is None else known.filter(pl.col("date") == as_of)


def day(text: str) -> date | None:
    """Read YYYYMMDD; anything else is no day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def shares_on(market: Market, now: datetime, fund: Fund, as_of: date) -> int | None:
    """Return the shares outstanding of a day as known now."""
    rows = visible(market.valuations[fund.ticker], now).filter(pl.col("date") == as_of)
    return None if rows.is_empty() else rows["shares_outstanding"][0]


def workbook(market: Market, now: datetime, fund: Fund) -> Answer:
    """Serve the fund's workbook; a fund the market does not carry has no rows in it."""
    empty = pl.DataFrame(
        schema={"date": pl.Date, "nav": pl.Float64, "shares_outstanding": pl.Int64}
    )
    known = market.valuations.get(fund.ticker)
    rows = empty if known is None else visible(known, now)
    sheets = [ishares_workbook.historical(rows), ishares_workbook.performance(fund.name, rows)]
    if fund.kind == "equity":
        newest = positions(market, now, fund, None)
        shares = None if newest.is_empty() else shares_on(market, now, fund, newest["date"][0])
        held = ishares_workbook.holdings(fund.name, fund.inception, newest, shares)
        sheets = [held, *sheets, ishares_workbook.distributions()]
    name = f"{fund.name.replace(' ', '-').replace('&', '')}_fund.xls"
    headers = NO_STORE | {"content-disposition": f"attachment; filename={name}"}
    body = ishares_workbook.document(sheets)
    return Answer(body, "application/vnd.ms-excel;charset=UTF-8", headers=headers)


ROUTES = {PATH: answer}
