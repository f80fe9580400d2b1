"""Which coins a source counts to a category on a day."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import Table


class CoinCategories(Table):
    """One row per category, coin, day and source; a category's day is one snapshot."""

    category: pl.String = pa.Field(
        str_matches=r"^[a-z0-9-]+$", description="The source's id of the category: stablecoins"
    )
    coin: pl.String = pa.Field(str_length={"min_value": 1}, description="The source's id")
    as_of: pl.Date = pa.Field(description="UTC day of the list")
    source: pl.String = pa.Field(description="Who states it")
    name: pl.String = pa.Field(description="Name of the coin, as served")

    class Config:
        """The key, what `as_of` means here, and the snapshot."""

        unique = ("category", "coin", "as_of", "source")
        metadata = {"as_of": "as_of", "snapshot": ("category", "as_of", "source")}  # noqa: RUF012 -- pandera's own form
