"""What we have published ourselves: every fact, as it was stated."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import FLOAT32, FLOAT32_MAX, Table


class StatedFacts(Table):
    """One row per published fact: `retractions` tells which would not be stated today."""

    fact: pl.String = pa.Field(str_matches=r"^[a-z0-9_]+$", description="Name of the fact")
    subject: pl.String = pa.Field(description="What it is about")
    measure: pl.String = pa.Field(description="Which of its quantities")
    as_of: pl.Date = pa.Field(description="Market day it is stated for")
    is_withdrawn: pl.Boolean = pa.Field(
        description="Whether it was stated, and would not be on what is known now"
    )
    value: pl.Float64 = pa.Field(
        gt=-FLOAT32_MAX,
        lt=FLOAT32_MAX,
        nullable=True,
        description="The number, in `unit`",
        metadata=FLOAT32,
    )
    unit: pl.String = pa.Field(nullable=True, description="Unit of value")
    statement: pl.String = pa.Field(nullable=True, description="The fact in one English sentence")
    labels: pl.String = pa.Field(
        nullable=True, description="What must travel with the number, separated by semicolons"
    )
    rank: pl.Int64 = pa.Field(nullable=True, description="Rank among complete observations")
    rank_if_counted: pl.Int64 = pa.Field(
        nullable=True, description="Rank if the running period ended now"
    )
    complete: pl.Boolean = pa.Field(
        nullable=True, description="Whether the period it speaks of is over"
    )

    class Config:
        """The key, what `as_of` means here; it is made of other tables, so nothing corrects it."""

        unique = ("fact", "subject", "measure", "as_of")
        metadata = {  # noqa: RUF012 -- pandera's own form
            "as_of": "as_of",
            "days_ahead": 1,
            "derived": True,
        }
