"""What abrdn promises, by path in the answer. Every value is text, as served."""

import pandera.polars as pa
import polars as pl


class AbrdnKeyInformation(pa.DataFrameModel):
    """One row: a fund's key information; empty text is missing."""

    position: pl.Int64 = pa.Field(ge=0, description="Always 0: an answer is one row")
    ticker: pl.String = pa.Field(alias="shareClass.ticker")
    currency: pl.String = pa.Field(alias="shareClass.baseCurrency", description="USD")
    shares: pl.String = pa.Field(
        alias="shareClass.sharesOutstanding", description="180300000; it bears no date"
    )
    fund_size: pl.String = pa.Field(
        alias="fund.fundSizeWithDate.value", description="7312655149.37, in the base currency"
    )
    fund_size_on: pl.String = pa.Field(
        alias="fund.fundSizeWithDate.date", description="2026-09-25T00:00:00Z"
    )

    class Config:
        """Drop what was never asked for: expense ratios, the indicative value, ounces a basket."""

        strict = "filter"
