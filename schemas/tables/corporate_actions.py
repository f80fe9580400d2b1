"""What changed the meaning of an instrument's prices."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import INSTRUMENT, UNBOUNDED, Table


class CorporateActions(Table):
    """One row per instrument, ex-date, kind and source: a dividend, a split or a capital gain."""

    instrument: pl.String = pa.Field(str_matches=INSTRUMENT, description="Market symbol")
    ex_date: pl.Date = pa.Field(description="First session without the distribution, or split")
    kind: pl.String = pa.Field(
        isin=["dividend", "split", "capital_gain"], description="What happened"
    )
    source: pl.String = pa.Field(description="Who states it")
    ratio: pl.Float64 = pa.Field(
        gt=0, lt=UNBOUNDED, nullable=True, description="Split: new shares for one old share"
    )
    amount: pl.Float64 = pa.Field(
        ge=0, lt=UNBOUNDED, nullable=True, description="Distribution per share, in `currency`"
    )
    currency: pl.String = pa.Field(
        str_matches=r"^[A-Za-z]{3}$", nullable=True, description="Currency of the amount"
    )

    class Config:
        """The key, and what `as_of` means here."""

        unique = ("instrument", "ex_date", "kind", "source")
        metadata = {"as_of": "ex_date", "days_ahead": 1}  # noqa: RUF012 -- pandera's own form

    @pa.dataframe_check
    @classmethod
    def a_split_has_a_ratio_and_the_rest_an_amount(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Reject an action that lacks the number it is about."""
        is_split = pl.col("kind") == "split"
        return data.lazyframe.select(
            pl.when(is_split).then(pl.col("ratio")).otherwise(pl.col("amount")).is_not_null()
        )
