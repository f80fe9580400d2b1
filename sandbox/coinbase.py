"""Coinbase Exchange's candles, traps included.

Low and high stand before open and close, the newest candle first, whole numbers without decimals,
and a candle before the start may come along. More than 300 intervals are an error.
"""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.candles import JSON, candles, coins, dump
from sandbox.market import Market

PATH = "/products/{product}/candles"
A_DAY = 86_400
MOST, USUAL = 300, 350  # intervals in a window, candles without one
ELEMENTS = ("low", "high", "open", "close")
PRODUCTS = {"BTC-USD": "BTC-USD", "ETH-USD": "ETH-USD"}
TOO_MANY = (
    "granularity too small for the requested time range. Count of aggregations requested exceeds "
    "300"
)


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"quotes": coins(market, PRODUCTS)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for candles."""
    if not question.user_agent:
        return error(400, "User-Agent header is required.")
    product = question.path.split("/")[2]
    if product not in carries(market)["quotes"]:
        return error(404, "NotFound")
    if question.query.get("granularity") != str(A_DAY):
        return error(400, "Unsupported granularity")
    known = candles(market, PRODUCTS[product], now)
    try:
        return inside(known, instant(question.query["start"]), instant(question.query["end"]))
    except KeyError:
        return listed(known.tail(USUAL))
    except ValueError:
        return error(400, "Invalid start")


def instant(text: str) -> int:
    """Read an ISO instant, in UTC where it does not say, as unix seconds."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def inside(known: pl.DataFrame, start: int, end: int) -> Answer:
    """Answer with the candles of a window, both ends included, and the one before it."""
    if end - start > MOST * A_DAY:
        return error(400, TOO_MANY)
    return listed(known.filter(pl.col("opens_at").is_between(start - A_DAY, end)))


def listed(shown: pl.DataFrame) -> Answer:
    """Answer with candles, the newest first."""
    return Answer(dump([row(candle) for candle in shown[::-1].iter_rows(named=True)]), JSON)


def row(candle: dict[str, Any]) -> list[float]:
    """Lay a candle out: time, low, high, open, close, volume."""
    prices = [shortest(round(candle[name], 2)) for name in ELEMENTS]
    return [candle["opens_at"], *prices, shortest(round(candle["volume"], 8))]


def shortest(number: float) -> float:
    """Drop the decimals of a whole number."""
    return int(number) if number.is_integer() else number


def error(status: int, message: str) -> Answer:
    """Return Coinbase's error body."""
    return Answer(dump({"message": message}), JSON, status)


ROUTES = {PATH: answer}
