"""Farside's flows of bitcoin funds, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.days import SPACED, day
from transforms.numbers import number

SOURCE = "farside"
NEGATIVE = r"^\(([\d.,]+)\)$"  # (45.4) is -45.4
MILLION = 1_000_000
ROUNDED = 0.15  # millions by which a day's Total may differ from the sum of its cells
FRIDAY = 5


def reported_flows(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give net flows by fund and day, in USD, to a tenth of a million, and `position`.

    Left out, as no statement about a flow: a cell not reported yet (`-`, or nothing), and the
    zeros of a Saturday or Sunday, with which some fill the calendar. NaN, to be rejected: other
    cells of a weekend, and all cells of a row whose every fund has reported, but whose Total is
    not their sum, as which is wrong cannot be told. The Total of a row reported in part is a
    running sum, and not looked at.
    """
    del capture
    return (
        raw.with_columns(
            pl.col("flow", "Total").str.replace(NEGATIVE, "-$1"), as_of=day("Date", SPACED)
        )
        .with_columns(millions=number("flow"), stated=number("Total"))
        .with_columns(is_filling=is_filling(), is_suspect=is_suspect())
        .filter(pl.col("millions").is_not_null() & ~pl.col("is_filling"))
        .select(
            fund="fund",
            as_of="as_of",
            source=pl.lit(SOURCE),
            net_flow_usd=pl.when("is_suspect").then(float("nan")).otherwise(in_usd()),
            position="position",
        )
    )


def in_usd() -> pl.Expr:
    """Turn millions, which have one decimal, into whole dollars."""
    return (pl.col("millions") * MILLION).round()


def is_weekend() -> pl.Expr:
    """Tell Saturdays and Sundays; a day that cannot be read is none."""
    return (pl.col("as_of").dt.weekday() > FRIDAY).fill_null(value=False)


def is_filling() -> pl.Expr:
    """Tell the rows of a weekend in which no fund has a value but zero."""
    is_nothing = pl.col("millions").fill_null(0) == 0
    return is_weekend() & is_nothing.all().over("row")


def is_suspect() -> pl.Expr:
    """Tell rows of a weekend, and those all reported and readable that do not make their Total."""
    cells, stated = pl.col("millions"), pl.col("stated")
    is_whole = cells.is_finite().fill_null(value=False).all().over("row")
    differs = (cells.sum().over("row") - stated).abs() > ROUNDED
    return is_weekend() | (is_whole & differs.fill_null(value=False))
