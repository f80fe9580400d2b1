"""What Stooq promises. Every value is text, as served; the parser adds `position`."""

import pandera.polars as pa
import polars as pl


class StooqBars(pa.DataFrameModel):
    """One row per session, oldest first. No currency, no symbol and no time zone is stated."""

    position: pl.Int64 = pa.Field(ge=0, description="Row below the header, from 0")
    session: pl.String = pa.Field(alias="Date", nullable=True, description="2025-12-11")
    open: pl.String = pa.Field(alias="Open", nullable=True)
    high: pl.String = pa.Field(alias="High", nullable=True)
    low: pl.String = pa.Field(alias="Low", nullable=True)
    close: pl.String = pa.Field(
        alias="Close", nullable=True, description="Of funds and shares, adjusted for dividends too"
    )
    volume: pl.String = pa.Field(
        alias="Volume",
        nullable=True,
        description="Adjusted like the prices, so it may be fractional; null: metals, currencies",
    )

    class Config:
        """Drop what was never asked for."""

        strict = "filter"
