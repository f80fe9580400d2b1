"""What SPDR Gold promises. Every value is text, whether the cell is; the parser adds `position`."""

import pandera.polars as pa
import polars as pl


class SpdrGoldArchive(pa.DataFrameModel):
    """One row per weekday of a trust's archive, oldest first, under the names of the workbook.

    Words stand for numbers: `HOLIDAY` and `US Holiday`, `NYSE Closed`, `AWAITED`.
    """

    position: pl.Int64 = pa.Field(ge=0, description="Row below the header, from 0")
    as_of: pl.String = pa.Field(alias="Date", nullable=True, description="08-Jul-2030")
    nav: pl.String = pa.Field(
        alias="NAV/Share at 10:30am NYT", nullable=True, description="US dollars: 44.2"
    )
    ounces: pl.String = pa.Field(
        alias="Total Ounces of Gold in the Trust", nullable=True, description="260000.00"
    )
    net_assets: pl.String = pa.Field(
        alias="Total Net Asset Value in the Trust", nullable=True, description="US dollars"
    )

    class Config:
        """Drop what was never asked for: close, spread, premium, volume, tonnes."""

        strict = "filter"
