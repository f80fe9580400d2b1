"""What all coins together were worth at a moment, as one source states it."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import INSTANT, UNBOUNDED, Table


class CoinMarket(Table):
    """One row per moment and source: total market cap, volume, change and bitcoin's share."""

    observed_at: INSTANT = pa.Field(  # type: ignore[valid-type]
        description="Moment that the source states, UTC"
    )
    source: pl.String = pa.Field(description="Who states it")
    as_of: pl.Date = pa.Field(description="UTC day of `observed_at`")
    market_cap: pl.Float64 = pa.Field(gt=0, lt=UNBOUNDED, description="USD")
    volume_24h: pl.Float64 = pa.Field(
        ge=0, lt=UNBOUNDED, nullable=True, description="Traded in 24 hours, USD"
    )
    change_24h: pl.Float64 = pa.Field(
        ge=-1,
        lt=UNBOUNDED,
        nullable=True,
        description="Change of market cap in 24 hours, a fraction, as the source states it",
    )
    bitcoin_share: pl.Float64 = pa.Field(
        ge=0, le=1, nullable=True, description="Bitcoin's share of the market cap, a fraction"
    )

    class Config:
        """The key, and what `as_of` means here."""

        unique = ("observed_at", "source")
        metadata = {"as_of": "as_of", "days_ahead": 1}  # noqa: RUF012 -- pandera's own form
