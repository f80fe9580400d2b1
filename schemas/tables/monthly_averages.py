"""Average prices of whole months: the long view. An average is no close, and never joins one."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import UNBOUNDED, Table


class MonthlyAverages(Table):
    """One row per series, month and source."""

    series: pl.String = pa.Field(
        str_matches=r"^[A-Z0-9_]+$", description="Series: SILVER_MONTHLY; no instrument's"
    )
    as_of: pl.Date = pa.Field(description="Last day of the month")
    source: pl.String = pa.Field(description="Who states it")
    month: pl.Date = pa.Field(description="First day of the month")
    average: pl.Float64 = pa.Field(
        gt=0, lt=UNBOUNDED, description="Average price of the month, in `unit`"
    )
    unit: pl.String = pa.Field(description="As served: $/troy oz")

    class Config:
        """The key, and what `as_of` means here."""

        unique = ("series", "as_of", "source")
        metadata = {"as_of": "as_of"}  # noqa: RUF012 -- pandera's own form
