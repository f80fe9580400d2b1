"""FRED's observations, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.numbers import number

SOURCE = "fred"
NO_STATEMENT = ["", "."]
DAY = r"^\d{4}-\d{2}-\d{2}$"


def rates(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the rate of each day, in percent a year, and `position`.

    A day on which FRED states nothing ('.' or empty) is left out: no statement is no rate of zero.
    What cannot be read is left to be rejected: a number as NaN, a day as null.
    """
    states_nothing = pl.col("value").str.strip_chars().is_in(NO_STATEMENT).fill_null(value=False)
    return raw.filter(~states_nothing).select(
        series=pl.lit(capture.request.subject),
        as_of=day("date"),
        source=pl.lit(SOURCE),
        value=number("value"),
        position="position",
    )


def day(column: str) -> pl.Expr:
    """Read '2024-05-14' as a day; what is none is null."""
    stripped = pl.col(column).str.strip_chars()
    return pl.when(stripped.str.contains(DAY)).then(stripped.str.to_date("%Y-%m-%d", strict=False))
