"""Synthetic funds of State Street: GLD, GLDM and SPY, their shares and what SPY holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import product

import numpy as np
import polars as pl

from sandbox import companies, publication
from sandbox.prices import Days, Tracker, bridge, generator, per_share, sessions_from, walk

LONDON_NOON = 0.25  # how much of the close before is still in the price of gold
IDLE_SHARE = 0.5
QUIET_FROM = np.datetime64("2025-11-28")  # the article's week belongs to silver
EXCHANGE_CLOSED = (date(2012, 10, 29), date(2012, 10, 30))  # a storm; the gold was valued
SESSIONS, COMPANIES = 10, 60
TRADES = ("SYSTEMS INC", "FOODS + CO", "ENERGY CORP")  # this issuer writes & as +
CASH = 1 - companies.INVESTED


@dataclass(frozen=True)
class Fund:
    """A fund: its `points` are millions of shares, issued by the basket."""

    tracker: Tracker
    basket: int
    restlessness: float
    points: Mapping[str, float]
    valued_while_closed: tuple[date, ...] = field(default=())

    @property
    def holds_gold(self) -> bool:
        """Say whether ounces are behind its shares."""
        return self.tracker.of == "GC=F"


FUNDS = {
    "GLD": Fund(
        Tracker("GC=F", "2004-11-18", 0.1, 0.0040, own=0.002),
        100_000,
        0.004,
        {
            "2004-11-18": 2.6, "2006-12-29": 72, "2009-06-01": 360, "2012-12-07": 435,
            "2015-12-17": 215, "2020-09-21": 425, "2024-05-31": 280, "2024-12-31": 300,
            "2025-11-28": 361, "2025-12-11": 360.5,
        },
        EXCHANGE_CLOSED,
    ),
    "GLDM": Fund(
        Tracker("GC=F", "2018-06-26", 0.02, 0.0010, own=0.002),
        100_000,
        0.006,
        {
            "2018-06-26": 0.1, "2019-06-28": 60, "2020-08-06": 180, "2023-12-29": 170,
            "2025-11-28": 540, "2025-12-11": 539,
        },
    ),
    "SPY": Fund(
        Tracker("^GSPC", "1993-01-29", 0.1, own=0.0002),
        50_000,
        0.006,
        {
            "1993-01-29": 0.15, "2000-03-24": 100, "2008-12-31": 980, "2015-12-31": 890,
            "2021-12-31": 960, "2025-12-11": 1045,
        },
    ),
}  # fmt: skip  # tables


def valuations() -> dict[str, pl.DataFrame]:
    """Return NAV, shares and ounces of each fund; on two days without trading the NAV alone."""
    return {ticker: valued(ticker, fund) for ticker, fund in FUNDS.items()}


def valued(ticker: str, fund: Fund) -> pl.DataFrame:
    """Return one row per session of a fund, and of the days it was valued beside them."""
    sessions = sessions_from(date.fromisoformat(fund.tracker.first))
    held = shares(ticker, fund, sessions)
    extra = np.array(fund.valued_while_closed, dtype="datetime64[D]")
    days = np.sort(np.concatenate([sessions, extra]))
    rows = navs(ticker, fund, days).join(held, on="date", how="left", maintain_order="left")
    behind = pl.Series(per_share(fund.tracker, days)) if fund.holds_gold else None
    ounces = pl.lit(None, pl.Float64) if behind is None else held_ounces(behind)
    valued_rows = rows.select("date", "nav", "shares_outstanding", ounces=ounces)
    return publication.publish_fund_rows(valued_rows)


def held_ounces(behind: pl.Series) -> pl.Expr:
    """Return the ounces in the trust: those behind a share, less the fees of the years."""
    return (pl.col("shares_outstanding") * behind).round(2)


def navs(ticker: str, fund: Fund, days: Days) -> pl.DataFrame:
    """Return the NAV per share; gold is struck hours before the close."""
    index = walk(fund.tracker.of)
    lag = LONDON_NOON if fund.holds_gold else 0
    close = index["close"].to_numpy()
    struck = close ** (1 - lag) * np.r_[close[0], close[:-1]] ** lag
    priced = pl.DataFrame({"date": pl.Series(days)}).join(
        index.select("date", price=pl.Series(struck)),
        on="date",
        how="left",
        maintain_order="left",
    )
    price = priced["price"].interpolate().to_numpy()
    noise = generator(f"nav of {ticker}").standard_normal(days.size)
    value = price * per_share(fund.tracker, days) * np.exp(fund.tracker.own * noise)
    return priced.select("date", nav=pl.Series(value).round(6))


def shares(ticker: str, fund: Fund, days: Days) -> pl.DataFrame:
    """Return shares outstanding, in whole baskets; about every other day none come or go."""
    chance = generator(f"shares of {ticker}")
    busy = chance.random(days.size) > IDLE_SHARE
    steps = fund.restlessness * chance.standard_normal(days.size) * (days <= QUIET_FROM)
    level = bridge(days, fund.points, steps) * 1_000_000 / fund.basket
    last_busy = np.maximum.accumulate(np.arange(days.size) * busy)
    held = np.maximum(np.rint(level[last_busy]), 1).astype(np.int64) * fund.basket
    return pl.DataFrame({"date": pl.Series(days), "shares_outstanding": pl.Series(held)})


def holdings(valuations: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return what SPY held in the last sessions, the heaviest first, in the issuer's columns."""
    days = valuations["SPY"].tail(SESSIONS)
    names = list(product(companies.FIRST_WORDS, TRADES))[:COMPANIES]
    quantities, prices = companies.portfolio("SPY", days, len(names))
    net = (days["nav"] * days["shares_outstanding"]).to_numpy()
    cash = np.round(net * CASH, 2)
    positions = [
        position(days, f"{first} {trade}", f"{first[:3]}{trade[0]}", at)
        .with_columns(shares=pl.Series(quantities[:, at]))
        .with_columns(weight=pl.Series(quantities[:, at] * prices[:, at] / net * 100).round(6))
        for at, (first, trade) in enumerate(names)
    ]
    dollars = days.select(
        "date",
        "published_at",
        name=pl.lit("US DOLLAR"),
        ticker=pl.lit("-"),
        identifier=pl.lit("999USDZ92"),
        sedol=pl.lit("-"),
        shares=pl.Series(cash),
        weight=pl.Series(cash / net * 100).round(6),
    )
    rows = pl.concat([*positions, dollars])
    return {"SPY": rows.sort("date", "weight", descending=[False, True], maintain_order=True)}


def position(days: pl.DataFrame, name: str, ticker: str, number: int) -> pl.DataFrame:
    """Return who a holding is, on all days; invented identifiers, some with leading zeros."""
    return days.select(
        "date",
        "published_at",
        name=pl.lit(name),
        ticker=pl.lit(ticker),
        identifier=pl.lit(f"{number * 1_543_209:09}"),
        sedol=pl.lit(f"B{number:06}"),
    )
