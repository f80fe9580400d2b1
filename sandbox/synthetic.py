"""The built-in market: seeded and invented, made so that the article of 2025-12-11 comes true."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from sandbox import (
    assets,
    bitcoin_flows,
    coins,
    companies,
    instruments,
    macro,
    others,
    prices,
    publication,
    shares,
    spot,
    state_street,
)
from sandbox.bars import bars, dividends, with_dividends
from sandbox.market import Market

SYMBOLS = (*prices.WALKS, *prices.TRACKERS)
NAVS = {
    "SLV": prices.Tracker("SI=F", "2006-04-21", 1.0, 0.0050, own=0.003),
    "IAU": prices.Tracker("GC=F", "2005-01-21", 0.02, 0.0025, own=0.002),
    "IBIT": prices.Tracker("BTC-USD", "2024-01-05", 0.00057, 0.0025, own=0.001),
    "ETHA": prices.Tracker("ETH-USD", "2024-06-24", 0.0076, 0.0025, own=0.001),
    "IVV": prices.Tracker("^GSPC", "2000-05-15", 0.1, own=0.0002),
    "IWM": prices.Tracker("^RUT", "2000-05-22", 0.1, own=0.0002),
}
LONDON_NOON = {"SLV": 0.25, "IAU": 0.25}  # how much of the close before is still in the price
MISTAKES = {
    "SLV": (date(2025, 12, 8), "shares_outstanding", -1_500_000),
    "IAU": (date(2025, 12, 9), "nav", -0.12),
}


def synthetic() -> Market:
    """Build the market; the same values every time."""
    described = {symbol: instruments.describe(symbol) for symbol in SYMBOLS}
    drawn = {symbol: bars(instrument) for symbol, instrument in described.items()}
    paid = {"SPY": dividends(drawn["SPY"])}
    drawn["SPY"] = with_dividends(drawn["SPY"], paid["SPY"])
    final = {fund: valuations(fund) for fund in NAVS}
    state_street_funds = state_street.valuations()
    return Market(
        origin="synthetic",
        instruments=described,
        bars=drawn,
        dividends=paid,
        valuations=corrected(final) | state_street_funds | others.valuations(),
        holdings=companies.holdings(final)
        | state_street.holdings(state_street_funds)
        | others.holdings(),
        quotes=spot.quotes(),
        fixings=spot.fixings(),
        rates=macro.rates(),
        averages=macro.averages(),
        coins=coins.coins(),
        coin_totals=coins.totals(),
        assets=assets.assets(),
        bitcoin_flows=bitcoin_flows.flows(final["IBIT"]),
    )


def valuations(fund: str) -> pl.DataFrame:
    """Return NAV and shares of a fund, one row per session."""
    held = shares.silver() if fund == "SLV" else shares.wandering(fund)
    rows = held.join(navs(fund), on="date", maintain_order="left")
    return publication.publish_fund_rows(rows.select("date", "nav", "shares_outstanding"))


def navs(fund: str) -> pl.DataFrame:
    """Return the NAV per share; metals are struck at London's noon, hours before the close."""
    tracker = NAVS[fund]
    index = prices.walk(tracker.of)
    lag = LONDON_NOON.get(fund, 0)
    close = index["close"].to_numpy()
    noon = close ** (1 - lag) * np.r_[close[0], close[:-1]] ** lag
    struck = prices.on_sessions(index.with_columns(close=pl.Series(noon)), tracker.first)
    held = prices.per_share(tracker, struck["date"].to_numpy())
    noise = prices.generator(f"nav of {fund}").standard_normal(struck.height)
    value = struck["close"].to_numpy() * held * np.exp(tracker.own * noise)
    return struck.select("date", nav=pl.Series(value).round(6))


def corrected(final: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Publish two values wrong at first, and right with the next day's row."""
    return {
        fund: with_mistake(rows, *MISTAKES[fund]) if fund in MISTAKES else rows
        for fund, rows in final.items()
    }


def with_mistake(rows: pl.DataFrame, day: date, column: str, error: float) -> pl.DataFrame:
    """Add the wrong vintage of one value before the right one."""
    right = rows.filter(pl.col("date") == day)
    wrong = right.with_columns((pl.col(column) + error).cast(rows.schema[column]))
    later = right.with_columns(pl.col("published_at") + timedelta(days=1))
    others = rows.filter(pl.col("date") != day)
    return pl.concat([others, wrong, later]).sort("date", "published_at")
