"""What EDGAR promises of a fact, in its own names; the parser adds `position`."""

import pandera.polars as pa
import polars as pl


class SecSharesOutstanding(pa.DataFrameModel):
    """One row per filing that states the shares outstanding; amendments are further rows."""

    position: pl.Int64 = pa.Field(ge=0, description="Fact in the list, from 0")
    end: pl.String = pa.Field(
        nullable=True, description="Day of the count: quarter's end, from August 2019 the cover's"
    )
    val: pl.Float64 = pa.Field(nullable=True, description="Shares, not restated for splits")
    accn: pl.String = pa.Field(nullable=True, description="The filing: 0001193125-10-181237")
    form: pl.String = pa.Field(nullable=True, description="10-Q, 10-K; amendments end in /A")
    filed: pl.String = pa.Field(nullable=True, description="Day it was filed")

    class Config:
        """Drop what is of the filing, not of the fact: fy, fp; and frame, which comes and goes."""

        strict = "filter"
