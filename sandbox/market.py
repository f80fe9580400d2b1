"""What a market knows: values, each with the moment it became public."""

from dataclasses import dataclass, field
from datetime import date, datetime, time

import polars as pl

NEW_YORK = "America/New_York"


@dataclass(frozen=True)
class Instrument:
    """How Yahoo describes one symbol; `instrument_type` is its own word."""

    symbol: str
    instrument_type: str
    exchange_name: str
    time_zone: str
    opens_at: time
    price_hint: int = 2
    currency: str = "USD"


@dataclass(frozen=True)
class Market:
    """Frames sorted by (date, published_at); several rows of one date are its vintages.

    bars         by Yahoo symbol: date open high low close adj_close volume published_at
    dividends    by Yahoo symbol: date amount
    splits       by Yahoo symbol: date numerator denominator
    valuations   by fund ticker:  date nav shares_outstanding ounces published_at; of some funds
                 and days shares or ounces are null
    holdings     by fund ticker:  date published_at and the issuer's columns, many rows per date
    quotes       by Stooq symbol: date open high low close volume published_at; volume may be null
    fixings      by LBMA name:    date usd gbp eur is_locked published_at
    rates        by FRED id:      date value published_at
    averages     by World Bank name: date (first of the month) average published_at
    coins        one row per coin and day, at 18:00 UTC: date coin symbol name price market_cap
                 volume, and is_stable
    coin_totals  one row per day, at 18:00 UTC: date market_cap volume bitcoin_share
    assets       one row per asset and day: date asset name symbol kind market_cap price change
    bitcoin_flows  one row per fund and day: date fund millions (null: not reported) published_at
    """

    origin: str
    instruments: dict[str, Instrument]
    bars: dict[str, pl.DataFrame]
    valuations: dict[str, pl.DataFrame]
    dividends: dict[str, pl.DataFrame] = field(default_factory=dict)
    splits: dict[str, pl.DataFrame] = field(default_factory=dict)
    holdings: dict[str, pl.DataFrame] = field(default_factory=dict)
    quotes: dict[str, pl.DataFrame] = field(default_factory=dict)
    fixings: dict[str, pl.DataFrame] = field(default_factory=dict)
    rates: dict[str, pl.DataFrame] = field(default_factory=dict)
    averages: dict[str, pl.DataFrame] = field(default_factory=dict)
    coins: pl.DataFrame = field(default_factory=pl.DataFrame)
    coin_totals: pl.DataFrame = field(default_factory=pl.DataFrame)
    assets: pl.DataFrame = field(default_factory=pl.DataFrame)
    bitcoin_flows: pl.DataFrame = field(default_factory=pl.DataFrame)


def visible(vintages: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return one row per date: the last vintage published by `now`."""
    return published(vintages, now).unique("date", keep="last", maintain_order=True)


def published(rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return what was public at `now`, all vintages of it."""
    return rows.filter(pl.col("published_at") <= now)


def adjusted(bars: pl.DataFrame) -> pl.DataFrame:
    """Rescale adj_close so that it equals close on the last row: later dividends are not known."""
    known = bars.drop_nulls(["close", "adj_close"])
    if known.is_empty():
        return bars
    close, adj_close = known["close"][-1], known["adj_close"][-1]
    if close == adj_close:
        return bars
    return bars.with_columns(pl.col("adj_close") * close / adj_close)


def last_date(rows: pl.DataFrame) -> date:
    """Return the newest date; the rows are sorted and not empty."""
    newest: date = rows["date"][-1]
    return newest
