"""What each coin was worth at a moment, as one source states it."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import INSTANT, UNBOUNDED, Table


class Coins(Table):
    """One row per coin, moment and source; a moment is one snapshot: of the largest 250."""

    coin: pl.String = pa.Field(
        str_length={"min_value": 1}, description="The source's id; symbols are not unique"
    )
    observed_at: INSTANT = pa.Field(  # type: ignore[valid-type]
        description="Moment of the list: the newest of its coins' own, UTC"
    )
    source: pl.String = pa.Field(description="Who states it")
    as_of: pl.Date = pa.Field(description="UTC day of `observed_at`")
    symbol: pl.String = pa.Field(description="Ticker, as served")
    name: pl.String = pa.Field(description="Name, as served")
    updated_at: INSTANT = pa.Field(  # type: ignore[valid-type]
        nullable=True, description="Moment of the coin's own price, UTC"
    )
    rank: pl.Int64 = pa.Field(
        ge=1, nullable=True, description="The source's rank by market cap; null: unranked"
    )
    price: pl.Float64 = pa.Field(
        ge=0, lt=UNBOUNDED, nullable=True, description="USD; 0 as served: not traded"
    )
    market_cap: pl.Float64 = pa.Field(ge=0, lt=UNBOUNDED, nullable=True, description="USD")
    volume_24h: pl.Float64 = pa.Field(
        ge=0, lt=UNBOUNDED, nullable=True, description="Traded in 24 hours, USD"
    )
    change_24h: pl.Float64 = pa.Field(
        ge=-1,
        lt=UNBOUNDED,
        nullable=True,
        description="Change of price in 24 hours, a fraction, as the source states it",
    )

    class Config:
        """The key, what `as_of` means here, and the snapshot."""

        unique = ("coin", "observed_at", "source")
        metadata = {  # noqa: RUF012 -- pandera's own form
            "as_of": "as_of",
            "days_ahead": 1,  # the source's clock may be ahead of ours
            "snapshot": ("observed_at", "source"),
        }
