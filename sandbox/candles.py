"""A coin's days as an exchange sees them: in UTC, volume in coins, the last one unfinished."""

import json
from datetime import UTC, date, datetime, time

import polars as pl

from sandbox.market import Market, visible

PRICES = ("open", "high", "low", "close")
JSON = "application/json"


def coins(market: Market, pairs: dict[str, str]) -> list[str]:
    """List the exchange's names of the pairs whose coin the market has, from its Yahoo symbols."""
    return sorted(pair for pair, symbol in pairs.items() if symbol in market.bars)


def candles(market: Market, symbol: str, now: datetime) -> pl.DataFrame:
    """Return a coin's candles up to the running day, oldest first: opens_at, prices, volume.

    An exchange knows a day's bar at midnight, when Yahoo has yet to publish it. The running day
    repeats the last close until somebody has published more of it. `opens_at` is in unix seconds.
    """
    today = now.astimezone(UTC).date()
    bars = market.bars[symbol]
    ended = bars.filter(pl.col("date") < today).unique("date", keep="last", maintain_order=True)
    ended = in_coins(ended)
    running = in_coins(visible(bars, now).filter(pl.col("date") == today))
    return pl.concat([ended, repeated(ended, today) if running.is_empty() else running])


def in_coins(bars: pl.DataFrame) -> pl.DataFrame:
    """Restate volume, in US dollars at Yahoo, in coins; a day without a price is no candle."""
    return bars.drop_nulls(PRICES).select(
        pl.col("date").dt.epoch("s").alias("opens_at"),
        *PRICES,
        volume=(pl.col("volume") / pl.col("close")).fill_null(0.0),
    )


def repeated(ended: pl.DataFrame, today: date) -> pl.DataFrame:
    """Return the candle of a day that has just begun: the last close four times, no volume."""
    close = {price: pl.col("close") for price in PRICES}
    opens_at = pl.lit(midnight(today), pl.Int64)
    return ended.tail(1).with_columns(**close, opens_at=opens_at, volume=pl.lit(0.0))


def midnight(day: date) -> int:
    """Return the unix seconds at which a day begins, UTC."""
    return int(datetime.combine(day, time(0), UTC).timestamp())


def dump(body: object) -> bytes:
    """Write JSON as exchanges do, without spaces."""
    return json.dumps(body, separators=(",", ":")).encode()
