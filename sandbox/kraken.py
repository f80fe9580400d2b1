"""Kraken's candles, traps included.

Errors come with status 200, the pair under its internal name, and the running day last: `last` is
the one before it. No more than 720 candles are ever to be had.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.candles import JSON, candles, coins, dump
from sandbox.market import Market

PATH = "/0/public/OHLC"
MOST = 720


@dataclass(frozen=True)
class Pair:
    """One pair: Kraken's internal name, Yahoo's symbol of the coin, decimals of its prices."""

    internal_name: str
    symbol: str
    decimals: int


PAIRS = {"XBTUSD": Pair("XXBTZUSD", "BTC-USD", 1), "ETHUSD": Pair("XETHZUSD", "ETH-USD", 2)}


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"quotes": coins(market, {name: pair.symbol for name, pair in PAIRS.items()})}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for candles."""
    name, since = question.query.get("pair", ""), question.query.get("since", "0")
    if question.query.get("interval") != "1440" or not since.isdecimal():
        return error("EGeneral:Invalid arguments")
    if name not in carries(market)["quotes"]:
        return error("EQuery:Unknown asset pair")
    pair = PAIRS[name]
    latest = candles(market, pair.symbol, now).tail(MOST)
    last = latest["opens_at"].to_list()[-2:][0] if latest.height else 0
    shown = latest.filter(pl.col("opens_at") > int(since))
    rows = [row(candle, pair.decimals) for candle in shown.iter_rows(named=True)]
    result = {pair.internal_name: rows, "last": last}
    return Answer(dump({"error": [], "result": result}), JSON)


def row(candle: dict[str, Any], decimals: int) -> list[int | str]:
    """Lay a candle out: time, open, high, low, close, average, volume, count."""
    average = (candle["high"] + candle["low"] + candle["close"]) / 3
    prices = [candle["open"], candle["high"], candle["low"], candle["close"], average]
    texts = [f"{price:.{decimals}f}" for price in prices]
    return [candle["opens_at"], *texts, f"{candle['volume']:.8f}", int(candle["volume"] * 20)]


def error(words: str) -> Answer:
    """Return an error as Kraken does: all is well, says the status."""
    return Answer(dump({"error": [words]}), JSON)


ROUTES = {PATH: answer}
