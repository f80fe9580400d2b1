"""FRED's observations, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.days import ISO, day
from transforms.numbers import number

SOURCE = "fred"
NO_STATEMENT = ["", "."]


def rates(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the rate of each day, in percent a year, and `position`.

    A day on which FRED states nothing ('.' or empty) is left out: no statement is no rate of zero.
    What cannot be read is left to be rejected: a number as NaN, a day as null.
    """
    states_nothing = pl.col("value").str.strip_chars().is_in(NO_STATEMENT).fill_null(value=False)
    return raw.filter(~states_nothing).select(
        series=pl.lit(capture.request.subject),
        as_of=day("date", ISO),
        source=pl.lit(SOURCE),
        value=number("value"),
        position="position",
    )
