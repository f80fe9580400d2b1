"""Binance: open, high, low, close and volume of coins in tether (USDT), per UTC day.

Docs       https://developers.binance.com/docs/binance-spot-api-docs/rest-api
Published  within seconds: the last candle is the running day's
Revised    never, as far as is known

A body does not say which symbol it is of: that it is the one asked for has to be believed. Prices
in USDT are not prices in US dollars.
"""

from datetime import date, timedelta
from typing import Any

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.binance import BinanceCandles
from schemas.validation import promised
from sources.candles import candles, must_be_daily, opens_at, start, stated
from sources.documents import document, found

SOURCE = "binance"
BASE_URL = "https://data-api.binance.vision"  # api.binance.com refuses some countries

A_DAY = timedelta(days=1)
MILLISECONDS = 86_400_000  # of a day
MOST = 1000  # candles in one answer
ELEMENTS: dict[str, type[pl.DataType]] = {
    "openTime": pl.Int64,
    "open": pl.String,
    "high": pl.String,
    "low": pl.String,
    "close": pl.String,
    "volume": pl.String,
    "closeTime": pl.Int64,
    "quoteAssetVolume": pl.String,
    "numberOfTrades": pl.Int64,
    "takerBuyBaseAssetVolume": pl.String,
    "takerBuyQuoteAssetVolume": pl.String,
    "ignore": pl.String,
}


def quotes(
    instrument: str, symbol: str, currency: str, asked_from: date, asked_to: date
) -> Request:
    """Ask for the daily candles of `asked_from` to `asked_to`, both included.

    A window of more days than one answer holds begins later: nothing is claimed of the days
    before.
    """
    first = start(asked_from, asked_to, MOST)
    return Request(
        source=SOURCE,
        dataset="quotes",
        subject=instrument,
        path="/api/v3/klines",
        params={
            "symbol": symbol,
            "interval": "1d",
            "startTime": str(opens_at(first) * 1000),
            "endTime": str(opens_at(asked_to + A_DAY) * 1000 - 1),
            "limit": str(MOST),
        },
        asked_from=first,
        asked_to=asked_to,
        expects={"symbol": symbol, "currency": currency},
    )


def parse_quotes(payload: bytes, capture: Capture) -> Parsed:
    """Read candles into `bars`, oldest first, in Binance's own columns.

    An empty list says that nothing traded: no rows, and no fault.

    Raises:
        Refused: It is an error, of another interval, or its candles are not what they were.
    """
    frame = candles(answer(payload, capture), ELEMENTS, capture)
    columns = () if frame.is_empty() else tuple(sorted(ELEMENTS))
    with having(columns):
        bars = promised(BinanceCandles, frame, capture)
        must_be_daily(bars, is_daily(), capture)
    return Parsed({"bars": bars}, columns)


def answer(payload: bytes, capture: Capture) -> Any:  # noqa: ANN401 -- JSON is anything
    """Read an answer, or refuse it in Binance's words: a ban's say until when, in epoch ms."""
    served = document(payload, capture)
    code = found(served, "code")
    if code is not None:
        raise Refused(
            f"{capture.request.scope}: Binance says {stated(code, found(served, 'msg') or '')}"
        )
    return served


def is_daily() -> pl.Expr:
    """Tell a candle that opens with a UTC day and closes with it, a millisecond early."""
    opened, closed = pl.col("openTime"), pl.col("closeTime")
    return (opened % MILLISECONDS == 0) & (closed - opened == MILLISECONDS - 1)
