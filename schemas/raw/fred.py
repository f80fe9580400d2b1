"""What FRED promises. Every value is text, as served; the parser adds `position`."""

import pandera.polars as pa
import polars as pl


class FredObservations(pa.DataFrameModel):
    """One row per day, oldest first, in the API's names; a table has `DATE` and the series' id."""

    position: pl.Int64 = pa.Field(ge=0, description="Row of the table or the list, from 0")
    date: pl.String = pa.Field(nullable=True, description="2024-05-14")
    value: pl.String = pa.Field(nullable=True, description="5.50; '.' or empty is missing")

    class Config:
        """Drop what was never asked for: realtime_start, realtime_end."""

        strict = "filter"
