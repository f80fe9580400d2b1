"""LBMA's auction prices: one line of JSON, the whole history each time."""

from datetime import datetime

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market, visible
from sandbox.stooq import shortest

PATH = "/json/{name}.json"
PAGE = b"<!DOCTYPE html>\n<html><head><title>LBMA</title></head><body>Members only</body></html>\n"
DAY = '{{"is_cms_locked":{},"d":"{}","v":[{},{},{}]}}'


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"quotes": sorted(market.fixings)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for an auction's prices; the page of an unknown one is made up."""
    name = question.path.rpartition("/")[2].removesuffix(".json")
    if name not in market.fixings:
        return Answer(PAGE, "text/html; charset=utf-8", 404)
    rows = visible(market.fixings[name], now)
    return Answer(document(rows), "application/json")


def document(rows: pl.DataFrame) -> bytes:
    """Write the days as LBMA does: without spaces, the names of `v` left out."""
    days = rows.select(
        pl.format(
            DAY,
            pl.col("is_locked").cast(pl.Int64),
            pl.col("date").cast(pl.String),
            *(shortest(currency).fill_null("null") for currency in ("usd", "gbp", "eur")),
        )
    ).to_series()
    return f"[{','.join(days)}]".encode()


ROUTES = {PATH: answer}
