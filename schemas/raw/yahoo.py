"""What Yahoo's chart endpoint promises: its parallel arrays as columns, `meta` beside them."""

import pandera.polars as pa
import polars as pl

# Unix seconds from 1652 to 2286: beyond them an instant is a fault, not a session.
EARLIEST, LATEST = -10_000_000_000, 10_000_000_000


class YahooBars(pa.DataFrameModel):
    """One row per element of `timestamp`. The names are Yahoo's, but for `periodEnd`."""

    position: pl.Int64 = pa.Field(ge=0, description="Element of the arrays, from 0")
    timestamp: pl.Int64 = pa.Field(
        ge=EARLIEST, le=LATEST, description="Session's open, unix seconds; a live bar's last trade"
    )
    open: pl.Float64 = pa.Field(nullable=True, description="In `currency`, float32 widened")
    high: pl.Float64 = pa.Field(nullable=True, description="In `currency`, float32 widened")
    low: pl.Float64 = pa.Field(nullable=True, description="In `currency`, float32 widened")
    close: pl.Float64 = pa.Field(nullable=True, description="Adjusted for splits, retroactively")
    volume: pl.Float64 = pa.Field(nullable=True, description="Final at the second day after")
    adjclose: pl.Float64 = pa.Field(nullable=True, description="Null where the array is absent")
    symbol: pl.String = pa.Field(description="meta.symbol")
    currency: pl.String = pa.Field(nullable=True, description="meta.currency; GBp is pence")
    exchangeTimezoneName: pl.String = pa.Field(description="meta.exchangeTimezoneName")  # noqa: N815
    priceHint: pl.Int64 = pa.Field(nullable=True, description="Decimals to show")  # noqa: N815
    periodEnd: pl.Int64 = pa.Field(  # noqa: N815
        nullable=True,
        ge=EARLIEST,
        le=LATEST,
        description="meta.currentTradingPeriod.regular.end, unix seconds",
    )

    class Config:
        """Drop what was never asked for."""

        strict = "filter"


class YahooEvents(pa.DataFrameModel):
    """One row per element of the maps in `events`."""

    position: pl.Int64 = pa.Field(ge=0, description="Event, from 0: dividends, splits, gains")
    kind: pl.String = pa.Field(isin=["dividends", "splits", "capitalGains"], description="The map")
    date: pl.Int64 = pa.Field(
        nullable=True, ge=EARLIEST, le=LATEST, description="Open of the ex-date, unix seconds"
    )
    amount: pl.Float64 = pa.Field(nullable=True, description="Per share; null for splits")
    numerator: pl.Float64 = pa.Field(nullable=True, description="New shares of a split")
    denominator: pl.Float64 = pa.Field(nullable=True, description="Old shares of a split")
    currency: pl.String = pa.Field(nullable=True, description="The event's own, if it states one")
    chartCurrency: pl.String = pa.Field(nullable=True, description="meta.currency")  # noqa: N815
    exchangeTimezoneName: pl.String = pa.Field(description="meta.exchangeTimezoneName")  # noqa: N815

    class Config:
        """Drop what was never asked for."""

        strict = "filter"
