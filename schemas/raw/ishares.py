"""What iShares promises. Every value is text, as served; the parser adds `position`."""

import pandera.polars as pa
import polars as pl


class ISharesHistorical(pa.DataFrameModel):
    """One row per day in the sheet `Historical` of a fund's workbook, newest first."""

    position: pl.Int64 = pa.Field(ge=0, description="Row below the header, from 0")
    as_of: pl.String = pa.Field(alias="As Of", nullable=True, description="May 11, 2022")
    nav: pl.String = pa.Field(alias="NAV per Share", nullable=True, description="394.279541")
    shares: pl.String = pa.Field(
        alias="Shares Outstanding", nullable=True, description="707900000; -- is missing"
    )

    class Config:
        """Drop what was never asked for: Ex-Dividends, Index Level, Non-FV NAV."""

        strict = "filter"


class ISharesHoldings(pa.DataFrameModel):
    """One row per holding of a fund's day; `-` is missing."""

    position: pl.Int64 = pa.Field(ge=0, description="Row below the header, from 0")
    as_of: pl.String = pa.Field(alias="Fund Holdings as of", description="Nov 05, 2025")
    ticker: pl.String = pa.Field(alias="Ticker", nullable=True, description="Null: bond funds")
    name: pl.String = pa.Field(alias="Name", nullable=True)
    asset_class: pl.String = pa.Field(alias="Asset Class", nullable=True)
    market_value: pl.String = pa.Field(
        alias="Market Value", nullable=True, description="In the fund's currency: 731,205,514.79"
    )
    weight: pl.String = pa.Field(alias="Weight (%)", nullable=True, description="Percent")
    quantity: pl.String = pa.Field(
        alias="Quantity", nullable=True, description="Served as Quantity, Shares or Par Value"
    )
    currency: pl.String = pa.Field(
        alias="Currency", nullable=True, description="The fund's; null: crypto trusts"
    )

    class Config:
        """Drop what was never asked for."""

        strict = "filter"
