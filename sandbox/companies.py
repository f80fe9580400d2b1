"""Synthetic holdings: invented companies, a coin each for the trusts, and the usual oddities."""

from itertools import product
from typing import Any

import numpy as np
import polars as pl

from sandbox.prices import Floats, generator, walk

SESSIONS = 90
FIRST_WORDS = (
    "ALDER", "BEACON", "COBALT", "DOVER", "EMBER", "FALCON", "GARNET", "HARBOR", "IVORY", "JUNIPER",
    "KEYSTONE", "LARKSPUR", "MERIDIAN", "NORTHWIND", "ORCHARD", "PINNACLE", "QUARRY", "REDWOOD",
    "SUMMIT", "TIDEWATER",
)  # fmt: skip  # a table
TRADES = {
    "IVV": (("SYSTEMS INC", "Information Technology"), ("FOODS & CO", "Consumer Staples")),
    "IWM": (("BIOLABS INC", "Health Care"), ("MACHINE WORKS CORP", "Industrials")),
}
FUTURES = {
    "IVV": ("ESQZ5", "LARGE COMPANIES EMINI DEC 25"),
    "IWM": ("SCQZ5", "SMALL COMPANIES EMINI DEC 25"),
}
COINS = {"IBIT": ("BTC", "BITCOIN", "BTC-USD"), "ETHA": ("ETH", "ETHER", "ETH-USD")}
EXCHANGES = ("NASDAQ", "New York Stock Exchange Inc.")
UNLISTED = "NO MARKET (E.G. UNLISTED)"
DERIVATIVES = "Cash and/or Derivatives"
INVESTED, MONEY_MARKET, CASH, RIGHTS = 0.9972, 0.002, 0.0007, 0.00005
CENT, CONTRACT_SIZE, COIN_CASH = 2, 50.0, 3_000.0


def holdings(valuations: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the positions of the last sessions, for the funds that publish any."""
    recent = {fund: valuations[fund].tail(SESSIONS) for fund in (*TRADES, *COINS)}
    return {
        fund: weighed(companies(fund, rows) if fund in TRADES else coins(fund, rows))
        for fund, rows in recent.items()
    }


def weighed(positions: list[pl.DataFrame]) -> pl.DataFrame:
    """Stack positions by date, the heaviest first, with their weights in percent."""
    total = pl.col("market_value").sum().over("date")
    return (
        pl.concat(positions)
        .with_columns(weight=pl.col("market_value") / total * 100)
        .sort("date", "weight", descending=[False, True], maintain_order=True)
    )


def companies(fund: str, days: pl.DataFrame) -> list[pl.DataFrame]:
    """Return an equity fund's positions: its companies and what stands beside them."""
    names = list(product(FIRST_WORDS, TRADES[fund]))
    quantities, shown = portfolio(fund, days, len(names))
    return [
        position(
            days,
            quantities[:, at],
            shown[:, at],
            ticker=f"{first[:3]}{trade[0]}",
            name=f"{first} {trade}",
            sector=sector,
            exchange=EXCHANGES[at % len(EXCHANGES)],
        )
        for at, (first, (trade, sector)) in enumerate(names)
    ] + oddities(fund, days)


def portfolio(fund: str, days: pl.DataFrame, count: int) -> tuple[Floats, Floats]:
    """Return whole quantities and prices in cents, day by company, worth the fund's net assets."""
    chance = generator(f"companies of {fund}")
    weights = chance.dirichlet(np.full(count, 3.0))
    launch = chance.uniform(12, 380, count)
    own = np.exp(np.cumsum(0.012 * chance.standard_normal((days.height, count)), axis=0))
    nav, held = days["nav"].to_numpy(), days["shares_outstanding"].to_numpy()
    quantities = np.floor(np.outer(held, INVESTED * nav[0] * weights / launch))
    drawn = launch * own
    scale = INVESTED * nav * held / (quantities * drawn).sum(axis=1)
    return quantities, np.round(drawn * scale[:, np.newaxis], CENT)


def oddities(fund: str, days: pl.DataFrame) -> list[pl.DataFrame]:
    """Return what real files hold too: cash, a future worth 0.00, one ticker twice, and none."""
    net = (days["nav"] * days["shares_outstanding"]).to_numpy()
    ticker, name = FUTURES[fund]
    rest: dict[str, Any] = {"sector": DERIVATIVES, "exchange": "-"}
    unlisted: dict[str, Any] = {"sector": "Health Care", "exchange": UNLISTED}
    contracts, level = np.full(days.height, 1_778.0), np.round(days["nav"].to_numpy() * 10, CENT)
    future = position(days, contracts, level, ticker, name, asset_class="Futures", **rest)
    return [
        whole(days, net * MONEY_MARKET, 1.0, "XSBOX", "SANDBOX CASH FUND", "Money Market", rest),
        whole(days, net * CASH, 100.0, "USD", "USD CASH", "Cash", rest),
        whole(days, net * RIGHTS, 0.17, "ORCX", "ORCHARD THERAPIES INC", "Equity", unlisted),
        whole(days, net * RIGHTS / 2, 0.5, "ORCX", "ORCHARD THERAPIES INC CVR", "Equity", unlisted),
        whole(days, net * RIGHTS / 4, 2.63, "-", "PULSAR LABS INC WARRANTS", "Equity", unlisted),
        future.with_columns(
            market_value=pl.lit(0.0),
            notional_value=pl.col("notional_value") * CONTRACT_SIZE,
        ),
    ]


def whole(  # noqa: PLR0913, PLR0917  # a row of a table
    days: pl.DataFrame,
    worth: Floats,
    price: float,
    ticker: str,
    name: str,
    asset_class: str,
    rest: dict[str, Any],
) -> pl.DataFrame:
    """Return a position of about this worth; cash counts its units in dollars, priced 100.00."""
    unit = 1.0 if asset_class == "Cash" else price
    rows = position(
        days,
        np.floor(worth / unit),
        unit,
        ticker,
        name,
        asset_class=asset_class,
        **rest,
    )
    return rows.with_columns(price=pl.lit(price))


def position(  # noqa: PLR0913  # a row of a table
    days: pl.DataFrame,
    quantity: Floats,
    price: Floats | float,
    ticker: str,
    name: str,
    *,
    sector: str,
    exchange: str,
    asset_class: str = "Equity",
) -> pl.DataFrame:
    """Return one holding over all days, in the issuer's columns."""
    value = pl.Series(np.round(quantity * price, CENT))
    return days.select(
        "date",
        "published_at",
        ticker=pl.lit(ticker),
        name=pl.lit(name),
        sector=pl.lit(sector),
        asset_class=pl.lit(asset_class),
        market_value=value,
        notional_value=value,
        quantity=pl.Series(quantity),
        price=pl.Series(np.broadcast_to(price, quantity.shape)).cast(pl.Float64),
        location=pl.lit("-" if asset_class == "Futures" else "United States"),
        exchange=pl.lit(exchange),
        currency=pl.lit("USD"),
        fx_rate=pl.lit(1.0),
        market_currency=pl.lit("USD"),
        accrual_date=pl.lit("-"),
    )


def coins(fund: str, days: pl.DataFrame) -> list[pl.DataFrame]:
    """Return a trust's coins and its few dollars; trusts have no columns of prices."""
    ticker, name, symbol = COINS[fund]
    priced = days.join(walk(symbol), on="date", maintain_order="left")
    net = (days["nav"] * days["shares_outstanding"]).to_numpy()
    held = np.round((net - COIN_CASH) / priced["close"].to_numpy(), 5)
    cash = np.full(days.height, COIN_CASH)
    priced_columns = ("price", "location", "exchange", "currency", "fx_rate")
    traits: dict[str, Any] = {"sector": "-", "exchange": "-"}
    coin = position(
        days,
        held,
        priced["close"].to_numpy(),
        ticker,
        name,
        asset_class="Alternative",
        **traits,
    ).with_columns(market_currency=pl.lit(ticker))
    dollars = position(days, cash, 1.0, "USD", "USD CASH", asset_class="Cash", **traits)
    return [coin.drop(priced_columns), dollars.drop(priced_columns)]
