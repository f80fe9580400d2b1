"""When a market is open."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import INSTANT, Table


class Sessions(Table):
    """One row per calendar and session. Known from always: it ignores `as_of` and `known_at`."""

    calendar: pl.String = pa.Field(description="Exchange calendar (ISO 10383 code), or 24/7")
    session: pl.Date = pa.Field(description="Trading day")
    opens_at: INSTANT = pa.Field(description="Opening, UTC")  # type: ignore[valid-type]
    closes_at: INSTANT = pa.Field(description="Close, UTC; earlier on half days")  # type: ignore[valid-type]

    class Config:
        """The key."""

        unique = ("calendar", "session")
        metadata = {"timeless": True, "snapshot": ("calendar",)}  # noqa: RUF012 -- pandera's own form

    @pa.dataframe_check
    @classmethod
    def a_session_opens_before_it_closes(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Reject a session that ends before it begins."""
        return data.lazyframe.select(pl.col("opens_at") < pl.col("closes_at"))
