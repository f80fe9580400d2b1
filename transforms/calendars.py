"""Sessions, from the exchange-calendar library and the overrides in the reference data."""

from datetime import date

import exchange_calendars
import polars as pl

from schemas.capture import Refused

VERSION = exchange_calendars.__version__


def sessions(calendar: str, first: date, last: date, overrides: pl.DataFrame) -> pl.DataFrame:
    """List a calendar's sessions with their opening and close, UTC.

    Args:
        calendar: ISO 10383 code of the exchange, or 24/7.
        first: First day; the library would begin 20 years back unless told.
        last: Last day.
        overrides: Columns session and is_open: days on which the library is wrong. A session that
            the library lacks opens and closes as the one nearest to it.

    Returns:
        Columns of the table Sessions, and `position`.

    Raises:
        Refused: There is no such calendar, or it does not reach back to the first day.
    """
    try:
        schedule = exchange_calendars.get_calendar(calendar, start=first, end=last).schedule
    except (exchange_calendars.errors.CalendarError, ValueError) as error:
        told = " ".join(str(error).split())
        raise Refused(f"calendar {calendar!r} from {first}: {told}") from error
    listed = pl.DataFrame(
        {
            "session": schedule.index.to_numpy(),
            "opens_at": schedule["open"].dt.tz_convert(None).to_numpy(),
            "closes_at": schedule["close"].dt.tz_convert(None).to_numpy(),
        }
    ).select(
        session=pl.col("session").cast(pl.Date),
        opens_at=pl.col("opens_at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        closes_at=pl.col("closes_at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
    )
    closed = overrides.filter(~pl.col("is_open")).select("session")
    opened = overrides.filter("is_open", pl.col("session").is_between(first, last)).join(
        listed, on="session", how="anti"
    )
    return (
        pl.concat([listed.join(closed, on="session", how="anti"), added(opened, listed)])
        .sort("session")
        .select(
            calendar=pl.lit(calendar), session="session", opens_at="opens_at", closes_at="closes_at"
        )
        .with_row_index("position")
        .cast({"position": pl.Int64})
    )


def added(opened: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Give a session that the library lacks the hours of the one nearest to it."""
    shift = pl.col("session") - pl.col("nearest")
    return (
        opened.select("session")
        .sort("session")
        .join_asof(listed.with_columns(nearest="session"), on="session", strategy="nearest")
        .select("session", pl.col("opens_at") + shift, pl.col("closes_at") + shift)
    )
