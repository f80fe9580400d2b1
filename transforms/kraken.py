"""Kraken's candles, in our names and keys."""

import polars as pl

from schemas.capture import Capture
from transforms import candles
from transforms.numbers import number

SOURCE = "kraken"


def bars(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the bars of the finished days that were asked for, and their `position`.

    Left out: what Kraken itself does not call finished, which is all after its `last`. Prices are
    in US dollars, `volume` in coins. What cannot be read is left to be rejected: a number as NaN,
    a day as null.
    """
    is_finished = (pl.col("time") <= pl.col("last")).fill_null(value=True)
    finished = raw.filter(is_finished).select(
        "position",
        session=candles.day(pl.col("time")),
        open=number("open"),
        high=number("high"),
        low=number("low"),
        close=number("close"),
        volume=number("volume"),
    )
    return candles.bars(finished, capture, SOURCE)
