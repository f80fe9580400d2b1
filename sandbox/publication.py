"""When the world learns a value: visibility follows publication, never the date of the value."""

import warnings
from datetime import date, time, timedelta
from functools import lru_cache

import exchange_calendars
import polars as pl

from sandbox.market import NEW_YORK

DELAY = timedelta(minutes=15)
FIRST_YEAR = 1970
ASSUMED_CLOSE, FUTURES_CLOSE = time(21), time(17)
COIN_PUBLICATION, FUND_PUBLICATION = time(6, 30), time(13)


def sessions(first: date, last: date) -> pl.DataFrame:
    """Return New York's sessions from `first` to `last`, each with its real close, UTC."""
    whole_years = min(first.year, FIRST_YEAR), last.year
    return calendar(*whole_years).filter(pl.col("date").is_between(first, last))


@lru_cache(maxsize=8)
def calendar(first_year: int, last_year: int) -> pl.DataFrame:
    """Return all sessions of some years; one long calendar is cheaper than many short ones."""
    start, end = date(first_year, 1, 1), date(last_year, 12, 31)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the library's own, about pandas 4
        closes = exchange_calendars.get_calendar("XNYS", start=start, end=end).closes
    return pl.DataFrame(
        {
            "date": pl.Series(closes.index.to_numpy("datetime64[ns]")).cast(pl.Date),
            "closes_at": pl.Series(closes.to_numpy("datetime64[ns]"))
            .dt.replace_time_zone("UTC")
            .cast(pl.Datetime("us", "UTC")),
        },
    )


def publish_bars(bars: pl.DataFrame, instrument_type: str) -> pl.DataFrame:
    """Add published_at to one row per date: 15 minutes after the close, coins the next morning."""
    if instrument_type == "CRYPTOCURRENCY":
        return bars.with_columns(published_at=next_day_at(COIN_PUBLICATION))
    if instrument_type == "FUTURE":
        return bars.with_columns(published_at=at(FUTURES_CLOSE, NEW_YORK) + DELAY)
    closes = sessions(bars["date"].min(), bars["date"].max())  # type: ignore[arg-type]  # of dates
    closed = pl.coalesce("closes_at", at(ASSUMED_CLOSE, "UTC"))
    return (
        bars.join(closes, on="date", how="left", maintain_order="left")
        .with_columns(published_at=closed + DELAY)
        .drop("closes_at")
    )


def publish_fund_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Add published_at: the issuer's files of a day appear in the morning of the next one."""
    return rows.with_columns(published_at=next_day_at(FUND_PUBLICATION))


def at(moment: time, time_zone: str) -> pl.Expr:
    """Return that local time of each row's date, as an instant, UTC."""
    local = pl.col("date").dt.combine(moment).dt.replace_time_zone(time_zone)
    return local.dt.convert_time_zone("UTC")


def next_day_at(moment: time) -> pl.Expr:
    """Return that time, UTC, of the day after each row's date."""
    return at(moment, "UTC") + timedelta(days=1)
