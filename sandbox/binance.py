"""Binance's candles, traps included.

Prices are in tether and of eight decimals, most of them zeros; stamps are in milliseconds, and the
running day is served like any other.
"""

from datetime import datetime
from typing import Any

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.candles import JSON, candles, coins, dump
from sandbox.market import Market

PATH = "/api/v3/klines"
USUAL, MOST = 500, 1000
A_DAY = 86_400_000  # milliseconds
NUMBERS: tuple[str, ...] = ("startTime", "endTime", "limit")
SYMBOLS = {"BTCUSDT": "BTC-USD", "ETHUSDT": "ETH-USD"}


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"quotes": coins(market, SYMBOLS)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for candles."""
    query = question.query
    if query.get("symbol") not in carries(market)["quotes"]:
        return error(-1121, "Invalid symbol.")
    if query.get("interval") != "1d":
        return error(-1120, "Invalid interval.")
    try:
        asked = {name: int(query[name]) for name in NUMBERS if name in query}
    except ValueError:
        return error(-1100, "Illegal characters found in a parameter.")
    shown = inside(candles(market, SYMBOLS[query["symbol"]], now), asked)
    return Answer(dump([row(candle) for candle in shown.iter_rows(named=True)]), JSON)


def inside(known: pl.DataFrame, asked: dict[str, int]) -> pl.DataFrame:
    """Return the candles that open in a window: the first of them, or the last without a start."""
    opens_at = pl.col("opens_at") * 1000
    start, end = asked.get("startTime", 0), asked.get("endTime", 2**62)
    shown = known.filter((opens_at >= start) & (opens_at <= end))
    most = min(asked.get("limit", USUAL), MOST)
    return shown.head(most) if "startTime" in asked else shown.tail(most)


def row(candle: dict[str, Any]) -> list[int | str]:
    """Lay a candle out: twelve elements, of which the last says nothing."""
    opened, volume, close = candle["opens_at"] * 1000, candle["volume"], candle["close"]
    prices = [f"{round(candle[name], 2):.8f}" for name in ("open", "high", "low", "close")]
    takers = [f"{volume / 2:.8f}", f"{volume / 2 * close:.8f}"]
    turnover = f"{volume * close:.8f}"
    ends = opened + A_DAY - 1
    return [opened, *prices, f"{volume:.8f}", ends, turnover, int(volume * 30), *takers, "0"]


def error(code: int, words: str) -> Answer:
    """Return Binance's error body."""
    return Answer(dump({"code": code, "msg": words}), JSON, 400)


ROUTES = {PATH: answer}
