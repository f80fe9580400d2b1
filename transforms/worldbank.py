"""The World Bank's monthly averages, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.numbers import number

SOURCE = "worldbank"
NO_STATEMENT = ["..", "...", "\u2026"]  # until 2022; both since 2025
MONTH = r"^\d{4}M\d{2}$"


def monthly_averages(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the average price of each month, in `unit` as served (US dollars), and `position`.

    Months for which nothing is stated ('..', '...', U+2026) are left out. What cannot be read is
    left to be rejected: a number as NaN, a month as null.
    """
    states_nothing = pl.col("value").str.strip_chars().is_in(NO_STATEMENT)
    months = raw.with_columns(month=month("period")).filter(~states_nothing)
    return months.select(
        series=pl.lit(capture.request.subject),
        as_of=pl.col("month").dt.month_end(),
        source=pl.lit(SOURCE),
        month="month",
        average=number("value"),
        unit=pl.col("unit").str.strip_chars(" ()"),
        position="position",
    )


def month(column: str) -> pl.Expr:
    """Read '1960M01' as the first day of the month; what is none is null."""
    stripped = pl.col(column).str.strip_chars()
    first = pl.concat_str(stripped.str.replace("M", "-", literal=True), pl.lit("-01"))
    return pl.when(stripped.str.contains(MONTH)).then(first.str.to_date("%Y-%m-%d", strict=False))
