"""Kraken: open, high, low, close and volume of coins in US dollars, per UTC day.

Docs       https://docs.kraken.com/api/docs/rest-api/get-ohlc-data
Published  within seconds: the last candle is the running day's, `last` the one before it
Revised    never, as far as is known
"""

from datetime import date, timedelta
from typing import Any

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.kraken import KrakenCandles
from schemas.validation import promised
from sources.candles import candles, must_be_daily, opens_at, start, stated
from sources.documents import document, part, series

SOURCE = "kraken"
BASE_URL = "https://api.kraken.com"

A_DAY = timedelta(days=1)
SECONDS = 86_400  # of a day
INTERVAL = "1440"  # minutes
MOST = 719  # the latest 720 candles are served, one of them unfinished; no older one ever
ELEMENTS: dict[str, type[pl.DataType]] = {
    "time": pl.Int64,
    "open": pl.String,
    "high": pl.String,
    "low": pl.String,
    "close": pl.String,
    "vwap": pl.String,
    "volume": pl.String,
    "count": pl.Int64,
}
COLUMNS = tuple(sorted([*ELEMENTS, "last"]))


def quotes(
    instrument: str, symbol: str, currency: str, asked_from: date, asked_to: date
) -> Request:
    """Ask for the daily candles of `asked_from` to `asked_to`, both included.

    A window of more days than Kraken serves begins later: nothing is claimed of the days before.
    `since` may be exclusive, so it is a day earlier. There is no end: later days come along.
    """
    first = start(asked_from, asked_to, MOST)
    return Request(
        source=SOURCE,
        dataset="quotes",
        subject=instrument,
        path="/0/public/OHLC",
        params={"pair": symbol, "interval": INTERVAL, "since": str(opens_at(first - A_DAY))},
        asked_from=first,
        asked_to=asked_to,
        expects={"symbol": symbol, "currency": currency},
    )


def parse_quotes(payload: bytes, capture: Capture) -> Parsed:
    """Read the candles of a pair into `bars`, and beside them `last`, the last finished one.

    Raises:
        Refused: It is an error, another pair or interval, begins after the days that were asked
            for, or its candles are not what they were.
    """
    result = answer(payload, capture)
    pair = pair_of(result, capture)
    last = series("last", [part(result, "last", kind=int, capture=capture)], pl.Int64, capture)
    frame = candles(result[pair], ELEMENTS, capture)
    columns = () if frame.is_empty() else COLUMNS
    with having(columns):
        bars = promised(KrakenCandles, frame.join(last.to_frame(), how="cross"), capture)
        must_be_daily(bars, pl.col("time") % SECONDS == 0, capture)
        must_be_finished(bars, capture)
        must_reach(bars, capture)
    return Parsed({"bars": bars}, columns)


def answer(payload: bytes, capture: Capture) -> dict[str, Any]:
    """Unwrap an answer, or refuse it in Kraken's words: errors come with status 200."""
    served = document(payload, capture)
    errors = part(served, "error", kind=list, capture=capture)
    if errors:
        raise Refused(f"{capture.request.scope}: Kraken says {stated(*errors)}")
    return part(served, "result", kind=dict, capture=capture)


def pair_of(result: dict[str, Any], capture: Capture) -> str:
    """Name the one pair in an answer, or refuse another than the one that was asked for."""
    pairs, expects = [name for name in result if name != "last"], capture.request.expects
    if len(pairs) != 1:
        raise Refused(f"{capture.request.scope}: {len(pairs)} pairs are there where 1 was asked")
    asked = expects.get("symbol")
    if asked is not None and pairs[0] not in names_of(asked, expects.get("currency", "USD")):
        told = f"the pair is {pairs[0]!r} where {asked!r} was asked"
        raise Refused(f"{capture.request.scope}: {told}")
    return pairs[0]


def names_of(symbol: str, currency: str) -> tuple[str, str]:
    """Give the names Kraken has for a pair: XBTUSD, and XXBTZUSD with X for coin, Z for money."""
    return symbol, f"X{symbol.removesuffix(currency)}Z{currency}"


def must_be_finished(bars: pl.DataFrame, capture: Capture) -> None:
    """Refuse an answer whose `last` does not fit: after it there is the running day and no more."""
    newer = bars.filter(pl.col("time") > pl.col("last"))["time"].n_unique()
    if newer > 1:
        raise Refused(f"{capture.request.scope}: {newer} candles are newer than `last`, not one")


def must_reach(bars: pl.DataFrame, capture: Capture) -> None:
    """Refuse candles that all lie after the days asked for: those are out of Kraken's reach."""
    asked_to = capture.request.asked_to
    if asked_to is None or bars.is_empty():
        return
    if bars.filter((pl.col("time") < opens_at(asked_to + A_DAY)).fill_null(value=True)).is_empty():
        raise Refused(
            f"{capture.request.scope}: the candles begin after {asked_to}: Kraken serves no older "
            "than its latest 720"
        )
