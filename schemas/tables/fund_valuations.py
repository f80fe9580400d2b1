"""What a fund was worth on a day, as its issuer states it."""

import pandera.polars as pa
import polars as pl

from schemas.tables.model import CURRENCY, FUND, UNBOUNDED, Table


class FundValuations(Table):
    """One row per fund, market day and source."""

    fund: pl.String = pa.Field(str_matches=FUND, description="Ticker")
    as_of: pl.Date = pa.Field(description="Market day the valuation is for")
    source: pl.String = pa.Field(description="Who states it")
    nav: pl.Float64 = pa.Field(
        gt=0,
        lt=UNBOUNDED,
        nullable=True,
        description="Net asset value per share, in `currency`; null where not published",
        metadata={"largest_jump": 5.0},
    )
    shares_outstanding: pl.Float64 = pa.Field(
        ge=0,
        lt=UNBOUNDED,
        nullable=True,
        description="Shares in issue; null where not published",
        metadata={"largest_jump": 20.0, "launch_days": 31},
    )
    net_assets: pl.Float64 = pa.Field(
        ge=0, lt=UNBOUNDED, nullable=True, description="Net assets, in `currency`, where published"
    )
    ounces: pl.Float64 = pa.Field(
        ge=0, lt=UNBOUNDED, nullable=True, description="Troy ounces in the trust, where published"
    )
    currency: pl.String = pa.Field(str_matches=CURRENCY, description="Currency of NAV and assets")
    is_recovered: pl.Boolean = pa.Field(
        description="Whether the share count is recovered from net assets and NAV, not published"
    )

    @pa.dataframe_check
    @classmethod
    def a_row_states_something(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Reject a row with neither NAV nor share count nor net assets."""
        stated = pl.col("nav", "shares_outstanding", "net_assets").is_not_null()
        return data.lazyframe.select(pl.any_horizontal(stated))

    class Config:
        """The key, and what `as_of` means here."""

        unique = ("fund", "as_of", "source")
        metadata = {"as_of": "as_of"}  # noqa: RUF012 -- pandera's own form
