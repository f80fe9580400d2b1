"""What a fund held on a day, as its issuer states it."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import FUND, UNBOUNDED, Table


class Holdings(Table):
    """One row per fund, market day, holding and source; a fund's day is one snapshot."""

    fund: pl.String = pa.Field(str_matches=FUND, description="Ticker of the fund that holds")
    as_of: pl.Date = pa.Field(description="Market day the holding is for")
    holding: pl.String = pa.Field(
        str_length={"min_value": 1}, description="Ticker; with the name where a ticker repeats"
    )
    source: pl.String = pa.Field(description="Who states it")
    name: pl.String = pa.Field(description="Name of the security, as served")
    ticker: pl.String = pa.Field(nullable=True, description="Exchange symbol, as served")
    asset_class: pl.String = pa.Field(nullable=True, description="Kind of asset, as served")
    quantity: pl.Float64 = pa.Field(
        gt=-UNBOUNDED, lt=UNBOUNDED, nullable=True, description="Units held: shares, coins, par"
    )
    market_value: pl.Float64 = pa.Field(
        gt=-UNBOUNDED,
        lt=UNBOUNDED,
        nullable=True,
        description="Value in `currency`; a future's is zero; null where not published",
    )
    weight: pl.Float64 = pa.Field(
        gt=-UNBOUNDED, lt=UNBOUNDED, nullable=True, description="Share of net assets, a fraction"
    )
    currency: pl.String = pa.Field(
        str_matches=r"^[A-Z]{3}$", nullable=True, description="Currency of the market value"
    )

    class Config:
        """The key, what `as_of` means here, and the snapshot."""

        unique = ("fund", "as_of", "holding", "source")
        metadata = {"as_of": "as_of", "snapshot": ("fund", "as_of", "source")}  # noqa: RUF012 -- pandera's own form
