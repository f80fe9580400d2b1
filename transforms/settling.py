"""Which of the sessions served are kept, and since when their values stay as they are."""

from datetime import UTC

import polars as pl

from schemas.capture import Capture

SETTLED_AFTER = 2  # business days until volumes stop changing


def is_asked(capture: Capture) -> pl.Expr:
    """Tell the sessions asked for; an unreadable one stays, to be rejected."""
    first, last = capture.request.asked_from, capture.request.asked_to
    since = pl.lit(value=True) if first is None else pl.col("session") >= first
    until = pl.lit(value=True) if last is None else pl.col("session") <= last
    return (since & until).fill_null(value=True)


def is_over(capture: Capture) -> pl.Expr:
    """Tell the sessions whose day, in UTC, had ended at `known_at`; an unreadable one stays."""
    today = capture.known_at.astimezone(UTC).date()
    return (pl.col("session") < today).fill_null(value=True)


def is_settled(capture: Capture) -> pl.Expr:
    """Tell whether a session's bar had stopped changing at `known_at`."""
    settled_on = pl.col("session").dt.add_business_days(SETTLED_AFTER, roll="forward")
    return (settled_on <= capture.known_at.astimezone(UTC).date()).fill_null(value=False)
