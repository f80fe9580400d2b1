"""State Street's NAV histories and holdings files, in our names, units and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.days import DASHED, day
from transforms.numbers import number, text
from transforms.positions import holding

SOURCE = "ssga"
PERCENT = 100


def fund_valuations(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give NAV per share, shares outstanding and net assets of each day, in USD, and `position`.

    Shares are published, not recovered; ounces are not in the file. What cannot be read is left
    to be rejected: a number as NaN, a day as null.
    """
    return raw.select(
        fund=pl.lit(capture.request.subject),
        as_of=day("Date", DASHED),
        source=pl.lit(SOURCE),
        nav=number("NAV").fill_null(float("nan")),  # there is no day without one
        shares_outstanding=number("Shares Outstanding"),
        net_assets=number("Total Net Assets"),
        ounces=pl.lit(None, pl.Float64),
        currency=pl.lit("USD"),
        is_recovered=pl.lit(value=False),
        position="position",
    )


def holdings(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give a fund's holdings of one day, and `position`.

    `weight` is a fraction of net assets, `quantity` in shares, of cash in its currency. Market
    values are not in the file, and so neither is their currency; a sector is no asset class.
    """
    return raw.with_columns(ticker=text("Ticker"), name=pl.col("Name")).select(
        fund=pl.lit(capture.request.subject),
        as_of=day("Holdings:", DASHED, after="As of "),
        holding=holding(),
        source=pl.lit(SOURCE),
        name="name",
        ticker="ticker",
        asset_class=pl.lit(None, pl.String),
        quantity=number("Shares Held"),
        market_value=pl.lit(None, pl.Float64),
        weight=number("Weight") / PERCENT,
        currency=pl.lit(None, pl.String),
        position="position",
    )
