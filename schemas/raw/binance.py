"""What Binance promises: the elements of its candles, by their documented names."""

import pandera.polars as pa
import polars as pl

from schemas.raw.yahoo import EARLIEST, LATEST


class BinanceCandles(pa.DataFrameModel):
    """One row per candle, oldest first; prices and volume are text."""

    position: pl.Int64 = pa.Field(ge=0, description="Element of the list, from 0")
    openTime: pl.Int64 = pa.Field(  # noqa: N815
        nullable=True,
        ge=EARLIEST * 1000,
        le=LATEST * 1000,
        description="Open of the UTC day, unix milliseconds",
    )
    open: pl.String = pa.Field(nullable=True, description="In USDT: 50000.50000000")
    high: pl.String = pa.Field(nullable=True, description="In USDT")
    low: pl.String = pa.Field(nullable=True, description="In USDT")
    close: pl.String = pa.Field(nullable=True, description="In USDT")
    volume: pl.String = pa.Field(nullable=True, description="In coins: 250.12500000")
    closeTime: pl.Int64 = pa.Field(  # noqa: N815
        nullable=True,
        ge=EARLIEST * 1000,
        le=LATEST * 1000,
        description="Last millisecond of the UTC day",
    )

    class Config:
        """Drop what was never asked for: quote volume, trades, takers' volumes."""

        strict = "filter"
