"""Synthetic funds of other issuers: a silver trust's valuations, a technology fund's holdings."""

from itertools import product
from typing import Any

import numpy as np
import polars as pl

from sandbox import companies, prices, publication, shares

SIVR = prices.Tracker("SI=F", "2009-07-24", 1.0, 0.0030, own=0.003)
SIVR_SHARES = {  # in millions
    "2009-07-24": 0.1, "2010-12-31": 14, "2012-12-31": 20, "2016-12-30": 19, "2018-12-31": 21,
    "2021-02-26": 50, "2023-12-29": 47, "2024-12-31": 54, "2025-12-11": 72,
}  # fmt: skip  # a table
RESTLESSNESS = 0.003

QQQ = prices.Tracker("^IXIC", "2000-01-03", 0.026, own=0.0002)
QQQ_SHARES = 640_000_000
SESSIONS = 10
COMPANIES = 48
TRADES = (
    ("SOFTWARE INC", "Information Technology"),
    ("CHIPS CORP", "Information Technology"),
    ("MEDIA GROUP", "Communication Services"),
)
EXCHANGE, PADDED = "NASDAQ", 3
CASH, RIGHTS = 0.0006, 0.0001


def valuations() -> dict[str, pl.DataFrame]:
    """Return NAV, shares and ounces of the silver trust, one row per session since its launch."""
    days = prices.on_sessions(prices.walk(SIVR.of), SIVR.first)
    sessions = days["date"].to_numpy()
    held = outstanding(sessions)
    per_share = prices.per_share(SIVR, sessions)
    noise = prices.generator("nav of SIVR").standard_normal(days.height)
    nav = days["close"].to_numpy() * per_share * np.exp(SIVR.own * noise)
    rows = held.with_columns(
        nav=pl.Series(nav).round(6),
        ounces=(pl.col("shares_outstanding") * pl.Series(per_share)).round(3),
    )
    columns = ("date", "nav", "shares_outstanding", "ounces")
    return {"SIVR": publication.publish_fund_rows(rows.select(columns))}


def outstanding(sessions: prices.Days) -> pl.DataFrame:
    """Return the silver trust's shares, in whole baskets; on some days none are made."""
    chance = prices.generator("shares of SIVR")
    busy = chance.random(sessions.size) > shares.IDLE_SHARE
    steps = RESTLESSNESS * chance.standard_normal(sessions.size) * busy
    level = prices.bridge(sessions, SIVR_SHARES, steps)
    return shares.outstanding(sessions, np.array([shares.baskets(millions) for millions in level]))


def holdings() -> dict[str, pl.DataFrame]:
    """Return what the technology fund held in the last sessions, invented, the heaviest first."""
    days = recent()
    net = (days["nav"] * days["shares_outstanding"]).to_numpy()
    names = list(product(companies.FIRST_WORDS, TRADES))[:COMPANIES]
    quantities, shown = companies.portfolio("QQQ", days, len(names))
    held = [
        companies.position(
            days,
            quantities[:, at],
            shown[:, at],
            ticker(first, trade, at),
            f"{first} {trade}",
            sector=sector,
            exchange=EXCHANGE,
            asset_class="Common Stock",
        )
        for at, (first, (trade, sector)) in enumerate(names)
    ]
    return {"QQQ": companies.weighed([*held, *oddities(days, net)])}


def recent() -> pl.DataFrame:
    """Return the technology fund's last sessions, and what it was worth then."""
    days = prices.on_sessions(prices.walk(QQQ.of), QQQ.first).tail(SESSIONS)
    held = prices.per_share(QQQ, days["date"].to_numpy())
    worth = days.select(
        "date",
        nav=pl.Series(days["close"].to_numpy() * held).round(6),
        shares_outstanding=pl.lit(QQQ_SHARES),
    )
    return publication.publish_fund_rows(worth)


def ticker(first: str, trade: str, at: int) -> str:
    """Return a ticker, padded with a blank now and then as the issuer does."""
    return f"{first[:3]}{trade[0]}{' ' if at % PADDED == 0 else ''}"


def oddities(days: pl.DataFrame, net: prices.Floats) -> list[pl.DataFrame]:
    """Return what real lists hold too: one ticker twice, and cash without any."""
    traits: dict[str, Any] = {"sector": "Health Care", "exchange": EXCHANGE}
    return [
        companies.position(
            days, np.floor(net * RIGHTS / 40), 40.0, "ORCT", "ORCHARD THERAPIES INC", **traits
        ).with_columns(asset_class=pl.lit("Common Stock")),
        companies.position(
            days, np.floor(net * RIGHTS / 80), 2.0, "ORCT", "ORCHARD THERAPIES INC CVR", **traits
        ).with_columns(asset_class=pl.lit("American Depository Receipt - NY")),
        companies.position(
            days,
            np.floor(net * CASH),
            1.0,
            "",
            "CASH/RECEIVABLES/PAYABLES",
            sector="-",
            exchange="-",
            asset_class="Cash",
        ),
    ]
