"""What LBMA promises: a day and its prices, the list `v` as columns."""

import pandera.polars as pa
import polars as pl


class LbmaFixings(pa.DataFrameModel):
    """One row per day, oldest first. Prices are per troy ounce, their names ours: `v` has none."""

    position: pl.Int64 = pa.Field(ge=0, description="Element of the list, from 0")
    d: pl.String = pa.Field(nullable=True, description="London's business day: 2025-12-11")
    is_cms_locked: pl.Int64 = pa.Field(
        nullable=True, description="Not documented; 1 on Christmas Eve and New Year's Eve"
    )
    USD: pl.Float64 = pa.Field(
        nullable=True, description="First of `v`; null: the currency market was closed"
    )
    GBP: pl.Float64 = pa.Field(nullable=True, description="Second of `v`")
    EUR: pl.Float64 = pa.Field(nullable=True, description="Third of `v`; null before 1999")

    class Config:
        """Drop what was never asked for."""

        strict = "filter"
