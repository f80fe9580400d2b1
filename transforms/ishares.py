"""iShares's workbooks and holdings files, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.days import AMERICAN, day
from transforms.numbers import number, text
from transforms.positions import holding

SOURCE = "ishares"
PERCENT = 100


def fund_valuations(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give NAV per share, in `currency`, and shares outstanding of each day, and `position`.

    Net assets and ounces are not in the workbook. What cannot be read is left to be rejected: a
    number as NaN, a day as null.
    """
    return raw.select(
        fund=pl.lit(capture.request.subject),
        as_of=day("As Of", AMERICAN),
        source=pl.lit(SOURCE),
        nav=number("NAV per Share").fill_null(float("nan")),  # there is no day without one
        shares_outstanding=number("Shares Outstanding"),
        net_assets=pl.lit(None, pl.Float64),
        ounces=pl.lit(None, pl.Float64),
        currency=pl.lit(base_currency(capture)),
        is_recovered=pl.lit(value=False),
        position="position",
    )


def holdings(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give a fund's holdings of one day, and `position`.

    `market_value` is in the fund's currency, `weight` a fraction of net assets, `quantity` in
    shares, coins or par. A ticker is no key: see `positions.holding`.
    """
    return raw.with_columns(ticker=text("Ticker"), name=pl.col("Name")).select(
        fund=pl.lit(capture.request.subject),
        as_of=day("Fund Holdings as of", AMERICAN),
        holding=holding(),
        source=pl.lit(SOURCE),
        name="name",
        ticker="ticker",
        asset_class=text("Asset Class"),
        quantity=number("Quantity"),
        market_value=number("Market Value"),
        weight=number("Weight (%)") / PERCENT,
        currency=pl.when(pl.col("Currency").is_null())
        .then(pl.lit(base_currency(capture)))
        .otherwise(text("Currency")),
        position="position",
    )


def base_currency(capture: Capture) -> str:
    """Name the fund's currency: the one expected of the answer, else US dollars."""
    return capture.request.expects.get("currency", "USD")
