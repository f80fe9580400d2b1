"""Stooq's daily bars, in our names and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.days import ISO, day
from transforms.numbers import number
from transforms.settling import is_asked, is_over, is_settled

SOURCE = "stooq"


def bars(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the bars of finished sessions, and their `position`; flat bars are data.

    Prices are in the currency asked for, metals per troy ounce; those of funds and shares are
    adjusted for dividends as well as splits, which is why such a series is an instrument of its
    own. Volumes stay as served: no unit is stated, a coin's seem to be in coins. Left out:
    sessions outside the days asked for (before its first session a series is quarterly), and one
    whose UTC day is not over, since its bar may still be running. What cannot be read is left to
    be rejected: a number as NaN, a day as null.
    """
    return (
        raw.with_columns(session=day("Date", ISO))
        .filter(is_asked(capture) & is_over(capture))
        .select(
            instrument=pl.lit(capture.request.subject),
            session="session",
            source=pl.lit(SOURCE),
            open=number("Open"),
            high=number("High"),
            low=number("Low"),
            close=number("Close"),
            adj_close=pl.lit(None, pl.Float64),
            volume=number("Volume"),
            currency=pl.lit(capture.request.expects["currency"]),
            is_final=is_settled(capture),
            position="position",
        )
    )
