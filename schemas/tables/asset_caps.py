"""How assets of all kinds rank by market cap on a day, as one source states it."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import UNBOUNDED, Table


class AssetCaps(Table):
    """One row per asset, day and source."""

    asset: pl.String = pa.Field(
        str_matches=r"^[a-z0-9][a-z0-9._-]*$", description="The source's id of the asset: silver"
    )
    as_of: pl.Date = pa.Field(description="UTC day of the list: it states none itself")
    source: pl.String = pa.Field(description="Who states it")
    name: pl.String = pa.Field(description="Name, as served")
    symbol: pl.String = pa.Field(nullable=True, description="Ticker, as served")
    kind: pl.String = pa.Field(
        isin=["company", "metal", "coin", "fund"],
        nullable=True,
        description="What is ranked; null: a kind of row not known yet",
    )
    rank: pl.Int64 = pa.Field(ge=1, description="The source's rank; ties and shifts as served")
    market_cap: pl.Float64 = pa.Field(
        gt=0, lt=UNBOUNDED, description="USD; of a metal an estimate: price times metal ever mined"
    )
    price: pl.Float64 = pa.Field(
        gt=0, lt=UNBOUNDED, nullable=True, description="USD per share, ounce or coin"
    )

    class Config:
        """The key, and what `as_of` means here."""

        unique = ("asset", "as_of", "source")
        metadata = {"as_of": "as_of"}  # noqa: RUF012 -- pandera's own form
