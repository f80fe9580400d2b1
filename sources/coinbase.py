"""Coinbase Exchange: open, high, low, close and volume of coins in US dollars, per UTC day.

Docs       docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-candles
Published  within a minute: the newest candle is the running day's
Revised    never, as far as is known

A body does not say which product it is of: that it is the one asked for has to be believed.
"""

from datetime import date
from typing import Any
from urllib.parse import quote as percent_encoded

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.coinbase import CoinbaseCandles
from schemas.validation import promised
from sources.candles import candles, must_be_daily, start, stated
from sources.documents import document, found

SOURCE = "coinbase"
BASE_URL = "https://api.exchange.coinbase.com"

SECONDS = 86_400  # of a day
MOST = 300  # candles that may be asked for at once
ELEMENTS: dict[str, type[pl.DataType]] = {
    "time": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
    "open": pl.Float64,
    "close": pl.Float64,
    "volume": pl.Float64,
}


def quotes(
    instrument: str, symbol: str, currency: str, asked_from: date, asked_to: date
) -> Request:
    """Ask for the daily candles of `asked_from` to `asked_to`, both included.

    A window of more days than may be asked for at once begins later: nothing is claimed of the
    days before.
    """
    first = start(asked_from, asked_to, MOST)
    return Request(
        source=SOURCE,
        dataset="quotes",
        subject=instrument,
        path=f"/products/{percent_encoded(symbol, safe='')}/candles",
        params={
            "granularity": str(SECONDS),
            "start": f"{first}T00:00:00Z",
            "end": f"{asked_to}T00:00:00Z",  # inclusive
        },
        asked_from=first,
        asked_to=asked_to,
        expects={"symbol": symbol, "currency": currency},
    )


def parse_quotes(payload: bytes, capture: Capture) -> Parsed:
    """Read candles into `bars`: time, LOW, HIGH, OPEN, CLOSE, volume, newest first.

    An empty list says that nothing traded: no rows, and no fault.

    Raises:
        Refused: It is an error, of another interval, or its candles are not what they were.
    """
    frame = candles(answer(payload, capture), ELEMENTS, capture)
    columns = () if frame.is_empty() else tuple(sorted(ELEMENTS))
    with having(columns):
        bars = promised(CoinbaseCandles, frame, capture)
        must_be_daily(bars, pl.col("time") % SECONDS == 0, capture)
    return Parsed({"bars": bars}, columns)


def answer(payload: bytes, capture: Capture) -> Any:  # noqa: ANN401 -- JSON is anything
    """Read an answer, or refuse it in Coinbase's words."""
    served = document(payload, capture)
    message = found(served, "message")
    if message is not None:
        raise Refused(f"{capture.request.scope}: Coinbase says {stated(message)}")
    return served
