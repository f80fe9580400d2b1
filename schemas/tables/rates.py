"""Interest rates, as one source states them."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import UNBOUNDED, Table


class Rates(Table):
    """One row per series, day and source."""

    series: pl.String = pa.Field(str_matches=r"^[A-Z0-9_]+$", description="Series: DFEDTARU")
    as_of: pl.Date = pa.Field(description="Day the rate was in force")
    source: pl.String = pa.Field(description="Who states it")
    value: pl.Float64 = pa.Field(gt=-UNBOUNDED, lt=UNBOUNDED, description="Percent a year")

    class Config:
        """The key, and what `as_of` means here: some daily series run a day ahead."""

        unique = ("series", "as_of", "source")
        metadata = {"as_of": "as_of", "days_ahead": 1}  # noqa: RUF012 -- pandera's own form
