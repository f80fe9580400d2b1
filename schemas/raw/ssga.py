"""What State Street promises. Every value is text, whether the cell is; the parser adds `position`.

Bond and loan funds list their holdings in other columns: they are refused.
"""

import pandera.polars as pa
import polars as pl


class SsgaNavHistory(pa.DataFrameModel):
    """One row per day of a fund's `navhist`, newest first."""

    position: pl.Int64 = pa.Field(ge=0, description="Row below the header, from 0")
    as_of: pl.String = pa.Field(alias="Date", nullable=True, description="08-Jul-2030")
    nav: pl.String = pa.Field(alias="NAV", nullable=True, description="US dollars: 25.125")
    shares: pl.String = pa.Field(
        alias="Shares Outstanding", nullable=True, description="1500000; - is missing"
    )
    net_assets: pl.String = pa.Field(
        alias="Total Net Assets", nullable=True, description="US dollars; - is missing"
    )

    class Config:
        """Drop what was never asked for."""

        strict = "filter"


class SsgaHoldings(pa.DataFrameModel):
    """One row per holding of a fund's day; `-` is missing."""

    position: pl.Int64 = pa.Field(ge=0, description="Row below the header, from 0")
    as_of: pl.String = pa.Field(alias="Holdings:", description="As of 08-Jul-2030")
    name: pl.String = pa.Field(alias="Name", nullable=True)
    ticker: pl.String = pa.Field(alias="Ticker", nullable=True)
    weight: pl.String = pa.Field(alias="Weight", nullable=True, description="Percent")
    quantity: pl.String = pa.Field(alias="Shares Held", nullable=True, description="Of cash, USD")

    class Config:
        """Drop what was never asked for: Identifier, SEDOL, Sector, Local Currency."""

        strict = "filter"
