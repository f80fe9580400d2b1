"""What Coinbase promises: the elements of its candles, by their documented names."""

import pandera.polars as pa
import polars as pl

from schemas.raw.yahoo import EARLIEST, LATEST


class CoinbaseCandles(pa.DataFrameModel):
    """One row per candle, newest first; a day without trades has none."""

    position: pl.Int64 = pa.Field(ge=0, description="Element of the list, from 0")
    time: pl.Int64 = pa.Field(
        nullable=True, ge=EARLIEST, le=LATEST, description="Open of the UTC day, unix seconds"
    )
    low: pl.Float64 = pa.Field(nullable=True, description="In the product's second currency")
    high: pl.Float64 = pa.Field(nullable=True, description="In the product's second currency")
    open: pl.Float64 = pa.Field(nullable=True, description="In the product's second currency")
    close: pl.Float64 = pa.Field(nullable=True, description="In the product's second currency")
    volume: pl.Float64 = pa.Field(nullable=True, description="In coins")

    class Config:
        """Drop what was never asked for."""

        strict = "filter"
