"""Coinbase's candles, in our names and keys."""

import polars as pl

from schemas.capture import Capture
from transforms import candles

SOURCE = "coinbase"


def bars(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the bars of the finished days that were asked for, and their `position`.

    Prices are in US dollars, `volume` in coins. A day that cannot be read is null, and left to be
    rejected.
    """
    return candles.bars(raw.with_columns(session=candles.day(pl.col("time"))), capture, SOURCE)
