"""Synthetic bars around closes: opens, ranges and volumes, as the provider would show them."""

from datetime import timedelta

import numpy as np
import polars as pl

from sandbox import publication
from sandbox.market import Instrument
from sandbox.prices import Floats, closes, generator

DECIMALS = {"SI=F": 3, "GC=F": 1, "BTC-USD": 6, "ETH-USD": 6}
USUAL_VOLUMES = {
    "SI=F": 120, "GC=F": 600, "^GSPC": 4e9, "^IXIC": 6e9, "^RUT": 4e9, "SPY": 8e7, "IWM": 3.5e7,
    "SLV": 3e7, "GLD": 9e6, "IAU": 7e6, "IBIT": 5e7, "ETHA": 2e7, "BTC-USD": 4e10, "ETH-USD": 2e10,
}  # fmt: skip  # a table
FLAT_SHARE, SETTLED_ROWS = 0.12, 10
FIRST_SHOWN, SETTLING_DAYS = 0.97, 2
DIVIDEND_YIELD, QUARTER, THIRD_FRIDAY = 0.003, 3, range(15, 22)
FRIDAY = 5


def bars(instrument: Instrument) -> pl.DataFrame:
    """Return all bars of an instrument with their vintages; adj_close knows every dividend."""
    priced = closes(instrument.symbol)
    chance = generator(f"bars of {instrument.symbol}")
    close = priced["close"].to_numpy()
    usual = np.diff(np.log(close)).std() * 0.4
    opens = np.r_[close[0], close[:-1]] * np.exp(usual * chance.standard_normal(close.size))
    reach = np.exp(usual * np.abs(chance.standard_normal((2, close.size))))
    volume = USUAL_VOLUMES[instrument.symbol] * np.exp(0.35 * chance.standard_normal(close.size))
    drawn = priced.select(
        "date",
        open=pl.Series(opens),
        high=pl.Series(np.maximum(opens, close) * reach[0]),
        low=pl.Series(np.minimum(opens, close) / reach[1]),
        close="close",
        adj_close="close",
        volume=pl.Series(volume.astype(np.int64)),
    )
    shown = widened(drawn, DECIMALS.get(instrument.symbol, 2))
    if instrument.instrument_type == "FUTURE":
        shown = with_flat_bars(shown, chance)
    return settled(publication.publish_bars(shown, instrument.instrument_type), instrument)


def widened(drawn: pl.DataFrame, decimals: int) -> pl.DataFrame:
    """Round prices and serve them as float32 widened to double, like the provider."""
    return drawn.with_columns(
        pl.col(pl.Float64).round(decimals).cast(pl.Float32).cast(pl.Float64),
    )


def with_flat_bars(shown: pl.DataFrame, chance: np.random.Generator) -> pl.DataFrame:
    """Let a thin contract trade once on some days, and not at all on a few; never at the end."""
    draw = chance.random(shown.height)
    draw[-SETTLED_ROWS:] = 1
    flat, idle = pl.Series(draw < FLAT_SHARE), pl.Series(draw < FLAT_SHARE / 3)
    once = {name: pl.when(flat).then("close").otherwise(name) for name in ("open", "high", "low")}
    return shown.with_columns(
        **once,
        volume=pl.when(idle).then(0).otherwise("volume"),
    )


def settled(published: pl.DataFrame, instrument: Instrument) -> pl.DataFrame:
    """Publish the last volumes a little low at first, and in full two business days later."""
    if instrument.instrument_type == "CRYPTOCURRENCY":
        return published
    last = published.tail(SETTLED_ROWS)
    low = last.with_columns((pl.col("volume") * FIRST_SHOWN).floor().cast(pl.Int64))
    noon = pl.col("date").dt.add_business_days(SETTLING_DAYS).cast(pl.Datetime("us", "UTC"))
    final = last.with_columns(published_at=noon + timedelta(hours=12))
    vintages = pl.concat([published.head(-SETTLED_ROWS), low, final])
    return vintages.sort("date", "published_at")


def dividends(shown: pl.DataFrame) -> pl.DataFrame:
    """Return a dividend on the third Friday of each quarter's last month, if it is a session."""
    day = pl.col("date").dt
    due = (day.weekday() == FRIDAY) & (day.month() % QUARTER == 0)
    third = day.day().is_in([*THIRD_FRIDAY])
    return (
        shown.filter(due & third)
        .unique("date", keep="last", maintain_order=True)
        .select("date", amount=(pl.col("close") * DIVIDEND_YIELD).round(3))
    )


def with_dividends(shown: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """Lower adj_close before every ex-date by that dividend's share of the close before it."""
    days = shown.unique("date", keep="last", maintain_order=True).join(
        paid,
        on="date",
        how="left",
        maintain_order="left",
    )
    kept = (1 - days["amount"].fill_null(0) / days["close"].shift(1)).fill_null(1).to_numpy()
    factors = days.select("date", factor=pl.Series(later_product(kept)))
    adjusted = (pl.col("close") * pl.col("factor")).cast(pl.Float32).cast(pl.Float64)
    return (
        shown.join(factors, on="date", maintain_order="left")
        .with_columns(adj_close=adjusted)
        .drop("factor")
    )


def later_product(kept: Floats) -> Floats:
    """Return for each row the product of all rows after it."""
    product: Floats = np.r_[np.cumprod(kept[::-1])[::-1][1:], 1.0]
    return product
