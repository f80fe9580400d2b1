"""Invesco's holdings service, traps included.

Its JSON is called text/plain, a day cannot be asked for, and the table of former years leads to
a page.
"""

import json
from datetime import datetime
from typing import Any

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market, published

PATH = "/cache/v1/accounts/en_US/shareclasses/{cusip}/holdings/fund"
LEGACY = "/us/financial-products/etfs/holdings/main/holdings/0"
HUB = "/us/en/financial-products/etfs.html"
TEXT = "text/plain;charset=utf-8"
PAGE = b"<!DOCTYPE html>\n<html><head><title>ETFs</title></head><body>All products</body></html>"
FUNDS = {"46090E103": "QQQ"}
DECIMALS = 6


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"holdings": sorted(c for c, ticker in FUNDS.items() if ticker in market.holdings)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for the newest holdings; any day that is named is ignored."""
    if not question.user_agent:
        return Answer(b"", TEXT, 406)
    cusip = question.path.split("/")[-3]
    known = market.holdings.get(FUNDS.get(cusip, ""))
    rows = None if known is None else published(known, now)
    if rows is None or rows.is_empty():
        return Answer(b"", TEXT, 404)
    newest = rows.filter(pl.col("date") == rows["date"].max())
    return Answer(document(cusip, newest), TEXT)


def document(cusip: str, rows: pl.DataFrame) -> bytes:
    """Write the holdings of one day."""
    day = rows["date"][0].isoformat()
    body = {
        "cusip": cusip,
        "effectiveDate": day,
        "effectiveBusinessDate": day,
        "totalNumberOfHoldings": rows.height,
        "holdings": [
            position(number, row) for number, row in enumerate(rows.iter_rows(named=True))
        ],
    }
    return json.dumps(body, separators=(",", ":")).encode()


def position(number: int, row: dict[str, Any]) -> dict[str, Any]:
    """Lay out one holding."""
    return {
        "ticker": row["ticker"],
        "issuerName": row["name"],
        "units": row["quantity"],
        "percentageOfTotalNetAssets": round(row["weight"], DECIMALS),
        "securityTypeName": row["asset_class"],
        "coupon": None,
        "maturityDate": None,
        "marketValueBase": row["market_value"],
        "cusip": f"0000000{number:02}" if row["ticker"] else "",
        "currency": row["currency"],
    }


def moved(market: Market, now: datetime, question: Question) -> Answer:
    """Lead a request for the table of former years to a page that is none."""
    del market, now
    if not question.from_a_browser:
        return Answer(b"", TEXT, 406)
    return Answer(b"", "text/html", 301, {"location": HUB})


def hub(market: Market, now: datetime, question: Question) -> Answer:
    """Serve the page of all products."""
    del market, now, question
    return Answer(PAGE, "text/html;charset=utf-8")


ROUTES = {PATH: answer, LEGACY: moved, HUB: hub}
