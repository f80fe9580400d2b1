"""What Kraken promises: the elements of its candles, by their documented names."""

import pandera.polars as pa
import polars as pl

from schemas.raw.yahoo import EARLIEST, LATEST


class KrakenCandles(pa.DataFrameModel):
    """One row per candle, oldest first; prices and volume are text."""

    position: pl.Int64 = pa.Field(ge=0, description="Element of the list, from 0")
    time: pl.Int64 = pa.Field(
        nullable=True, ge=EARLIEST, le=LATEST, description="Open of the UTC day, unix seconds"
    )
    open: pl.String = pa.Field(nullable=True, description="In the pair's second currency: 50000.5")
    high: pl.String = pa.Field(nullable=True, description="In the pair's second currency")
    low: pl.String = pa.Field(nullable=True, description="In the pair's second currency")
    close: pl.String = pa.Field(nullable=True, description="In the pair's second currency")
    volume: pl.String = pa.Field(nullable=True, description="In coins: 250.12500000")
    last: pl.Int64 = pa.Field(
        ge=EARLIEST, le=LATEST, description="result.last: open of the last finished candle"
    )

    class Config:
        """Drop what was never asked for: vwap, count."""

        strict = "filter"
