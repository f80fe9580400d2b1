"""Invesco's holdings, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms import days
from transforms.numbers import number, text
from transforms.positions import holding

SOURCE = "invesco"
PERCENT = 100


def holdings(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give a fund's holdings of one day, and `position`.

    `market_value` is in US dollars unless the row names its currency, `weight` a fraction of net
    assets, `quantity` in shares or par. A CUSIP is not kept: cash has none. What cannot be read is
    left to be rejected: a number as NaN, a day as null.
    """
    return raw.with_columns(ticker=text("ticker"), name=text("issuerName")).select(
        fund=pl.lit(capture.request.subject),
        as_of=day("effectiveDate"),
        holding=holding(),
        source=pl.lit(SOURCE),
        name="name",
        ticker="ticker",
        asset_class=text("securityTypeName"),
        quantity=number("units"),
        market_value=number("marketValueBase"),
        weight=number("percentageOfTotalNetAssets") / PERCENT,
        currency=pl.coalesce(text("currency"), pl.lit("USD")),
        position="position",
    )


def day(column: str) -> pl.Expr:
    """Read a day as either service writes it; what is none is null."""
    return pl.coalesce(days.day(column, layout) for layout in (days.ISO, days.SLASHED))
