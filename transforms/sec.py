"""EDGAR's filed share counts, in our names, units and keys."""

from datetime import timedelta

import polars as pl

from schemas.capture import Capture
from transforms.days import ISO, day

SOURCE = "sec"
AMENDMENT = "/A"
LATEST_FILING = timedelta(days=75)  # after the quarter; a later one repeats the day of another


def fund_valuations(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the shares outstanding that each filing states, of the day it states, and `position`.

    An amendment that repeats its report is equal to it, and counts once; one that contradicts it
    makes both conflicting duplicates: nobody can tell which is right. A report that bears the day
    of an earlier one (see `is_misdated`) gets no day, and so is rejected. No NAV, assets or ounces
    are filed in this form. A missing count is no number.
    """
    return raw.with_columns(day("end", ISO), day("filed", ISO)).select(
        fund=pl.lit(capture.request.subject),
        as_of=pl.when(~is_misdated()).then("end"),
        source=pl.lit(SOURCE),
        nav=pl.lit(None, pl.Float64),
        shares_outstanding=pl.col("val").fill_null(float("nan")),
        net_assets=pl.lit(None, pl.Float64),
        ounces=pl.lit(None, pl.Float64),
        currency=pl.lit("USD"),
        is_recovered=pl.lit(value=False),
        position="position",
    )


def is_misdated() -> pl.Expr:
    """Tell a report that was filed too late for its day, and contradicts the first one of it.

    A quarter's count was filed once with the day of the quarter before. An amendment may be late.
    """
    first = pl.col("val").sort_by("filed", nulls_last=True).first().over("end")
    is_late = pl.col("filed") - pl.col("end") > LATEST_FILING
    is_report = ~pl.col("form").str.ends_with(AMENDMENT)
    return (is_report & is_late & (pl.col("val") != first)).fill_null(value=False)
