"""Yahoo's charts, in our names and keys; prices and volumes stay as served."""

from datetime import UTC, timedelta

import polars as pl

from schemas.capture import Capture
from transforms.settling import is_settled

SOURCE = "yahoo"
KINDS = {"dividends": "dividend", "splits": "split", "capitalGains": "capital_gain"}

# A round-the-clock market's period ends at 23:59:00, its session a minute later.
GRACE = timedelta(minutes=1)
A_SECOND = timedelta(seconds=1)  # a period that ends at midnight belongs to the day before


def bars(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the bars of finished sessions, one per session, and their `position`.

    Left out, as no statement about a session: rows without a price (no trade), the session that
    was running at `known_at`, an unfinished newest row, and all but the last of a session's rows.
    Prices are in `currency`, adjusted for splits; a partly null bar elsewhere is left to fail.
    """
    return (
        raw.with_columns(session=local_day("timestamp", raw))
        .sort("timestamp", maintain_order=True)
        .filter(has_a_price() & ~is_running(raw, capture) & ~is_unfinished())
        .unique("session", keep="last", maintain_order=True)
        .select(
            instrument=pl.lit(capture.request.subject),
            session="session",
            source=pl.lit(SOURCE),
            open="open",
            high="high",
            low="low",
            close="close",
            adj_close="adjclose",
            volume="volume",
            currency="currency",
            is_final=is_settled(capture),
            position="position",
        )
    )


def corporate_actions(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give dividends, splits and capital gains, and their `position`.

    `ratio` is new shares for one old (a 1:30 reverse split is 1/30); `amount` is per share in
    `currency`, which is the chart's where the event states none.
    """
    is_split = pl.col("kind") == "splits"
    return raw.select(
        instrument=pl.lit(capture.request.subject),
        ex_date=local_day("date", raw),
        kind=pl.col("kind").replace_strict(KINDS, return_dtype=pl.String),
        source=pl.lit(SOURCE),
        ratio=pl.when(is_split).then(pl.col("numerator") / pl.col("denominator")),
        amount=pl.when(~is_split).then(pl.col("amount")),
        currency=pl.when(~is_split).then(pl.coalesce("currency", "chartCurrency")),
        position="position",
    )


def local_day(column: str, raw: pl.DataFrame) -> pl.Expr:
    """Read unix seconds as the exchange's own day; `gmtoffset` is wrong for half of the year."""
    return at_exchange(pl.from_epoch(column, time_unit="s"), raw)


def at_exchange(instant: pl.Expr, raw: pl.DataFrame) -> pl.Expr:
    """Give the day that an instant (UTC) falls on at the exchange."""
    zone = str(raw["exchangeTimezoneName"].first() or "UTC")  # an empty answer has no rows to date
    return instant.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()


def has_a_price() -> pl.Expr:
    """Tell a bar from an empty row: Yahoo lists sessions in which nothing traded."""
    return pl.any_horizontal(pl.col("open", "high", "low", "close").is_not_null())


def is_running(raw: pl.DataFrame, capture: Capture) -> pl.Expr:
    """Tell the session that was not over at `known_at`; without a period nobody can tell.

    Yahoo's current period moves on to the next session at some time after the close, and may lag
    after midnight: so a session before the period's is over, and today's after it is running.
    """
    known_at = pl.lit(capture.known_at.astimezone(UTC).replace(tzinfo=None))
    ends_at = pl.from_epoch("periodEnd", time_unit="s")
    session, period = pl.col("session"), at_exchange(ends_at - A_SECOND, raw)
    in_its_period = (session == period) & (known_at < ends_at + GRACE)
    ahead_of_it = (session > period) & (session >= at_exchange(known_at, raw))
    return (in_its_period | ahead_of_it).fill_null(value=False)


def is_unfinished() -> pl.Expr:
    """Tell the newest row while it has no close."""
    return pl.col("close").is_null() & (pl.col("timestamp") == pl.col("timestamp").max())
