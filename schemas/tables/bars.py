"""What an instrument traded at in a session, as one source states it."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import FLOAT32, FLOAT32_MAX, INSTRUMENT, UNBOUNDED, Table


class Bars(Table):
    """One row per instrument, session and source: open, high, low, close and volume."""

    instrument: pl.String = pa.Field(str_matches=INSTRUMENT, description="Market symbol")
    session: pl.Date = pa.Field(description="Trading day, in the exchange's own time zone")
    source: pl.String = pa.Field(description="Who states it")
    open: pl.Float64 = pa.Field(
        gt=0,
        lt=FLOAT32_MAX,
        nullable=True,
        description="First price, in `currency`",
        metadata=FLOAT32,
    )
    high: pl.Float64 = pa.Field(
        gt=0,
        lt=FLOAT32_MAX,
        nullable=True,
        description="Highest price, in `currency`",
        metadata=FLOAT32,
    )
    low: pl.Float64 = pa.Field(
        gt=0,
        lt=FLOAT32_MAX,
        nullable=True,
        description="Lowest price, in `currency`",
        metadata=FLOAT32,
    )
    close: pl.Float64 = pa.Field(
        gt=0,
        lt=FLOAT32_MAX,
        description="Last price, in `currency`, adjusted for splits only",
        metadata=FLOAT32 | {"largest_jump": 5.0},
    )
    adj_close: pl.Float64 = pa.Field(
        gt=0,
        lt=FLOAT32_MAX,
        nullable=True,
        description="Close adjusted for splits and distributions; every later one changes it",
        metadata=FLOAT32,
    )
    volume: pl.Float64 = pa.Field(
        ge=0,
        lt=UNBOUNDED,
        nullable=True,
        description="Units traded: shares, contracts or coins' USD",
        metadata={"bears": False},
    )
    currency: pl.String = pa.Field(
        str_matches=r"^[A-Za-z]{3,4}$", description="Currency of the prices; USDT is not USD"
    )
    is_final: pl.Boolean = pa.Field(
        description="Whether the source had stopped revising: two business days after the session",
        metadata={"bears": False},
    )

    class Config:
        """The key, and what `as_of` means here."""

        strict = True
        unique = ("instrument", "session", "source")
        metadata = {"as_of": "session", "days_ahead": 1}  # noqa: RUF012 -- pandera's own form

    @pa.dataframe_check
    @classmethod
    def low_is_not_above_high(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Reject a bar whose low exceeds its high; unknown ones pass."""
        return data.lazyframe.select((pl.col("low") <= pl.col("high")).fill_null(value=True))
