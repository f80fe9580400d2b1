"""SPDR Gold's archives, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.days import DASHED, day
from transforms.numbers import number

SOURCE = "spdr_gold"
NAV = "NAV/Share at 10:30am NYT"
OUNCES = "Total Ounces of Gold in the Trust"
NET_ASSETS = "Total Net Asset Value in the Trust"
NO_SESSION = ["HOLIDAY", "US HOLIDAY"]
NOT_STATED = ["AWAITED", "NYSE CLOSED"]
# Shares issued at once: their count is a multiple of it. Of GLDM it was never checked.
BASKET = {"GLD": 100_000}


def fund_valuations(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give NAV per share, net assets, both in USD, and ounces in trust of each day, and `position`.

    Shares outstanding are recovered: net assets by NAV, to the whole basket; there are none where
    net assets are not stated, nor of a trust whose basket is not known. A row that says HOLIDAY
    throughout states nothing and is left out. AWAITED and NYSE Closed are missing; whatever else
    is no number, an empty cell too, becomes NaN and is left to be rejected.
    """
    stated = raw.filter(~is_holiday()).with_columns(
        nav=figure(NAV), ounces=figure(OUNCES), net_assets=figure(NET_ASSETS)
    )
    shares = recovered(capture.request.expects["symbol"])
    return stated.select(
        fund=pl.lit(capture.request.subject),
        as_of=day("Date", DASHED),
        source=pl.lit(SOURCE),
        nav="nav",
        shares_outstanding=shares,
        net_assets="net_assets",
        ounces="ounces",
        currency=pl.lit("USD"),
        is_recovered=shares.is_not_null(),
        position="position",
    )


def is_holiday() -> pl.Expr:
    """Tell a row that names a holiday in the place of every figure."""
    return pl.all_horizontal(word(column).is_in(NO_SESSION) for column in (NAV, OUNCES, NET_ASSETS))


def figure(column: str) -> pl.Expr:
    """Read a number; null where the archive says so in words, NaN where it says nothing."""
    value = number(column).fill_null(float("nan"))
    return pl.when(word(column).is_in(NOT_STATED)).then(None).otherwise(value)


def word(column: str) -> pl.Expr:
    """Give a cell's text in one case; an absent one is empty."""
    return pl.col(column).str.strip_chars().str.to_uppercase().fill_null("")


def recovered(symbol: str) -> pl.Expr:
    """Give the shares in whole baskets; null where they cannot be known."""
    basket = BASKET.get(symbol)
    if basket is None:
        return pl.lit(None, pl.Float64)
    return (pl.col("net_assets") / pl.col("nav") / basket).round() * basket
