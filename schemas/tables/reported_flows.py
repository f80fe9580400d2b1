"""Fund flows as somebody else counts them: a cross-check of our own."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import FUND, UNBOUNDED, Table


class ReportedFlows(Table):
    """One row per fund, day and source; a fund that has not reported has no row."""

    fund: pl.String = pa.Field(str_matches=FUND, description="Ticker")
    as_of: pl.Date = pa.Field(description="Day the source books the flow on")
    source: pl.String = pa.Field(description="Who states it")
    net_flow_usd: pl.Float64 = pa.Field(
        gt=-UNBOUNDED, lt=UNBOUNDED, description="Net flow, USD, to the source's precision"
    )

    class Config:
        """The key, and what `as_of` means here."""

        unique = ("fund", "as_of", "source")
        metadata = {"as_of": "as_of"}  # noqa: RUF012 -- pandera's own form
