"""What the World Bank's Pink Sheet promises. Every value is text; the parser adds `position`."""

import pandera.polars as pa
import polars as pl


class WorldBankMonthlyPrices(pa.DataFrameModel):
    """One row per month of one commodity in the sheet `Monthly Prices`, oldest first."""

    position: pl.Int64 = pa.Field(ge=0, description="Row of the sheet from the first month on")
    period: pl.String = pa.Field(description="1960M01")
    value: pl.String = pa.Field(description="0.9137; '..', '...' or U+2026 is missing")
    unit: pl.String = pa.Field(description="($/troy oz), from below the commodity's name")
    updated: pl.String = pa.Field(description="Updated on April 02, 2025, from above the table")

    class Config:
        """Drop what was never asked for."""

        strict = "filter"
