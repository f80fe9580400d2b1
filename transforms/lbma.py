"""LBMA's auction prices, in our names and keys."""

from zoneinfo import ZoneInfo

import polars as pl

from schemas.capture import Capture
from transforms.days import ISO, day
from transforms.settling import is_asked

SOURCE = "lbma"
LONDON = ZoneInfo("Europe/London")
CURRENCY = "USD"
FRIDAY = 5


def bars(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give an auction's price of each day as a close, in USD per troy ounce, and `position`.

    Left out: days outside those asked for, and days without a price in USD (no currency market,
    or a holiday's placeholder), which state nothing about it. An old 0 for missing, a weekend
    and an unreadable day are left to be rejected, with their rows as evidence.
    """
    no_price, no_volume = pl.lit(None, pl.Float64), pl.lit(None, pl.Float64)
    return (
        raw.with_columns(session=day("d", ISO))
        .filter(is_asked(capture) & pl.col(CURRENCY).is_not_null())
        .with_columns(session=business_day())
        .select(
            instrument=pl.lit(capture.request.subject),
            session="session",
            source=pl.lit(SOURCE),
            open=no_price,
            high=no_price,
            low=no_price,
            close=CURRENCY,
            adj_close=no_price,
            volume=no_volume,
            currency=pl.lit(CURRENCY),
            is_final=is_public(capture),
            position="position",
        )
    )


def business_day() -> pl.Expr:
    """Give a session as null where it is a weekend: there is no auction.

    LBMA's own files have such a point, at half the price of the days beside it.
    """
    return pl.when(pl.col("session").dt.weekday() <= FRIDAY).then("session")


def is_public(capture: Capture) -> pl.Expr:
    """Tell whether London's day was over at `known_at`: a price is amended on its own day only."""
    return (pl.col("session") < capture.known_at.astimezone(LONDON).date()).fill_null(value=False)
