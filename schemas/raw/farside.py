"""What Farside promises. Every value is text, as served; the parser adds `position` and `row`."""

import pandera.polars as pa
import polars as pl


class FarsideFlows(pa.DataFrameModel):
    """One row per cell of the table: a day's flow into one fund, in millions of USD."""

    position: pl.Int64 = pa.Field(ge=0, description="Cell of a fund, row by row, from 0")
    row: pl.Int64 = pa.Field(ge=0, description="Row below the header, from 0")
    date: pl.String = pa.Field(alias="Date", description="11 Jan 2024")
    fund: pl.String = pa.Field(description="The column's name: IBIT; BTC is a fund, too")
    flow: pl.String = pa.Field(description="111.7; (45.4) is negative; - is not reported")
    total: pl.String = pa.Field(
        alias="Total", description="The row's; while a cell is - the sum of those that are not"
    )

    class Config:
        """Drop what was never asked for."""

        strict = "filter"
