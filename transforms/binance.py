"""Binance's candles, in our names and keys."""

import polars as pl

from schemas.capture import Capture
from transforms import candles
from transforms.numbers import number

SOURCE = "binance"
MILLISECONDS = 86_400_000  # of a day


def bars(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the bars of the finished days that were asked for, and their `position`.

    Prices are in the currency asked for, USDT and never USD; `volume` is in coins. What cannot be
    read is left to be rejected: a number as NaN, a day as null.
    """
    read = raw.select(
        "position",
        session=day(),
        open=number("open"),
        high=number("high"),
        low=number("low"),
        close=number("close"),
        volume=number("volume"),
    )
    return candles.bars(read, capture, SOURCE)


def day() -> pl.Expr:
    """Give the UTC day that a candle spans, to its last millisecond; null if it is another span."""
    opened, closed = pl.col("openTime"), pl.col("closeTime")
    is_whole = (opened % MILLISECONDS == 0) & (closed - opened == MILLISECONDS - 1)
    return pl.when(is_whole).then(candles.day(opened // 1000))
