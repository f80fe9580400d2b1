"""The rows of a chart: which window, at what granularity, and under which stamps."""

from datetime import UTC, date, datetime, time

import polars as pl

from sandbox.answers import Question
from sandbox.market import Instrument, last_date
from sandbox.publication import DELAY

LAST_ROWS = {"1d": 1, "5d": 5}
SPANS = frozenset({"1mo", "3mo", "6mo", "1y", "2y", "5y", "10y"})
PERIODS = {"1wk": "1w", "1mo": "1mo"}
INTERVALS = frozenset({"1d", *PERIODS})


def window(known: pl.DataFrame, query: dict[str, str], now: datetime) -> tuple[int, int]:
    """Return the seconds asked for, the end exclusive; ValueError if they cannot be read."""
    until_now = int(now.timestamp()) + 1
    if has_periods(query):
        return int(query.get("period1", 0)), int(query.get("period2", until_now))
    return midnight(known, query.get("range", "1d"), now), until_now


def has_periods(query: dict[str, str]) -> bool:
    """Say whether the window is given in seconds, which goes before a range."""
    return "period1" in query or "period2" in query


def midnight(known: pl.DataFrame, span: str, now: datetime) -> int:
    """Return the start, UTC, of the first day within a range such as `6mo`."""
    today = pl.Series([now.date()])
    if span in LAST_ROWS:
        first = known["date"].tail(LAST_ROWS[span])[0]
    elif span == "ytd":
        first = today.dt.truncate("1y")[0]
    elif span in SPANS:
        first = today.dt.offset_by(f"-{span}")[0]
    elif span == "max":
        first = known["date"].dt.month_start()[0]
    else:
        raise ValueError(span)
    return int(datetime.combine(first, time(), UTC).timestamp())


def granularity(query: dict[str, str]) -> str:
    """Return the interval served, which for the whole daily history is not the one asked for."""
    interval = query.get("interval", "1d")
    whole = query.get("range") == "max" and not has_periods(query)
    return "1mo" if interval == "1d" and whole else interval


def inside(rows: pl.DataFrame, asked: tuple[int, int]) -> pl.DataFrame:
    """Keep the rows stamped within a window, its end excluded."""
    return rows.filter(pl.col("timestamp").is_between(*asked, closed="left"))


def stamped(
    vintages: pl.DataFrame,
    known: pl.DataFrame,
    instrument: Instrument,
    question: Question,
    now: datetime,
) -> pl.DataFrame:
    """Stamp days with their session's open, weeks and months with their first midnight."""
    served = granularity(question.query)
    if served != "1d":
        return grouped(known, PERIODS[served]).with_columns(timestamp=opened(instrument, time(0)))
    rows = known.with_columns(timestamp=opened(instrument, instrument.opens_at))
    if last_date(rows) != now.date():
        return rows
    return twice(rows, last_trade(vintages, last_date(known)))


def grouped(known: pl.DataFrame, every: str) -> pl.DataFrame:
    """Return one bar per week or month, dated with its first day."""
    period = pl.col("date").dt.truncate(every)
    return known.group_by(period, maintain_order=True).agg(
        pl.col("open").first(),
        pl.col("high").max(),
        pl.col("low").min(),
        pl.col("close", "adj_close").last(),
        pl.col("volume").sum(),
    )


def opened(instrument: Instrument, moment: time) -> pl.Expr:
    """Return epoch seconds of a local time on each row's date."""
    local = pl.col("date").dt.combine(moment).dt.replace_time_zone(instrument.time_zone)
    return local.dt.epoch("s")


def last_trade(vintages: pl.DataFrame, session: date) -> datetime:
    """Return when the session's last price was made: just before its bar was first published."""
    first: datetime = vintages.filter(pl.col("date") == session)["published_at"][0]
    return first - DELAY


def twice(rows: pl.DataFrame, traded_at: datetime) -> pl.DataFrame:
    """Serve the last session twice: an earlier state at its open, the final one at its close."""
    final = rows.tail(1)
    midway = pl.mean_horizontal("open", "close").cast(pl.Float32).cast(pl.Float64)
    earlier = final.with_columns(
        close=midway,
        adj_close=midway,
        volume=pl.col("volume") * 9 // 10,
    )
    closed = final.with_columns(timestamp=pl.lit(int(traded_at.timestamp()), pl.Int64))
    return pl.concat([rows.head(-1), earlier, closed])
