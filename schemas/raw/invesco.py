"""What Invesco promises, in the names of its service. Every value is text; numbers written out."""

import pandera.polars as pa
import polars as pl


class InvescoHoldings(pa.DataFrameModel):
    """One row per holding of a fund's newest day."""

    position: pl.Int64 = pa.Field(ge=0, description="Holding in the list, from 0")
    effectiveDate: pl.String = pa.Field(  # noqa: N815
        nullable=True, description="2026-07-07; in the table of former years 07/07/2026"
    )
    ticker: pl.String = pa.Field(nullable=True, description="May have blanks around it")
    issuerName: pl.String = pa.Field(nullable=True)  # noqa: N815
    securityTypeName: pl.String = pa.Field(nullable=True, description="Common Stock")  # noqa: N815
    cusip: pl.String = pa.Field(nullable=True, description="Of the security: 037833100")
    units: pl.String = pa.Field(nullable=True, description="Shares or par")
    marketValueBase: pl.String = pa.Field(  # noqa: N815
        nullable=True, description="In the fund's base currency"
    )
    percentageOfTotalNetAssets: pl.String = pa.Field(  # noqa: N815
        nullable=True, description="Percent"
    )
    currency: pl.String = pa.Field(
        nullable=True, description="Null in the table of former years, which has none"
    )

    class Config:
        """Drop what was never asked for: coupons, maturities, ratings, sectors."""

        strict = "filter"
