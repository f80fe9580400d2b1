"""CoinGecko's API v3: pages of the largest coins and the totals, as of moments of their own.

Between two points of the market values move at a constant rate; before the first and after the
last they stand still. CoinGecko's own changes of 24 hours are measured on its clock, not on ours:
over ten minutes less, or more.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market

JSON = "application/json; charset=utf-8"
MARKETS, GLOBAL = "/api/v3/coins/markets", "/api/v3/global"
STABLECOINS = "stablecoins"
STRUCK_AT = time(18)
A_MINUTE, TEN_MINUTES = timedelta(minutes=1), timedelta(minutes=10)
PRICE_AGO, CAP_AGO = timedelta(days=1) - TEN_MINUTES, timedelta(days=1) + TEN_MINUTES
PERCENT = 100
MOST, USUAL = 250, 100  # coins on a page
NEW = ("gala", "bonk")  # without a value of 24 hours ago, as some coins are
SPOKEN_OF = 10  # coins whose share of the market is told
NO_CHANGES = dict.fromkeys(
    (
        "high_24h",
        "low_24h",
        "price_change_24h",
        "price_change_percentage_24h",
        "market_cap_change_24h",
        "market_cap_change_percentage_24h",
    )
)
IN_CURRENCY = "price_change_percentage_24h_in_currency"
COINED = {"btc": "bitcoin", "eth": "ethereum"}
PER_USD = {"usd": 1.0, "eur": 0.86, "idr": 16_650.0, "vef": 8.1e7}  # invented
MEASURED = ("price", "market_cap", "volume", "bitcoin_share")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Path:
    """Where values were: unix seconds, and the logarithms of each column, all positive."""

    instants: npt.NDArray[np.int64]
    logs: dict[str, Floats]


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    has_coins = not market.coins.is_empty()
    has_stablecoins = has_coins and bool(market.coins["is_stable"].any())
    return {
        "coins": ["markets"] if has_coins else [],
        "coin_market": ["global"] if not market.coin_totals.is_empty() else [],
        "coin_categories": [STABLECOINS] if has_stablecoins else [],
    }


def markets(market: Market, now: datetime, question: Question) -> Answer:
    """Answer with a page of coins, the largest first; an unknown category has none."""
    listed = [] if market.coins.is_empty() else coins(market, now, question.query)
    size = min(whole(question.query.get("per_page"), USUAL), MOST)
    start = (whole(question.query.get("page"), 1) - 1) * size
    return Answer(dump(listed[start : start + size]), JSON, empty=b"[]")


def coins(market: Market, now: datetime, query: dict[str, str]) -> list[dict[str, Any]]:
    """Describe the coins that were asked for; ranks are among all coins."""
    described = [coin(rows, now) for rows in market.coins.partition_by("coin")]
    described.sort(key=lambda told: told["market_cap"], reverse=True)
    ranked = [told | {"market_cap_rank": rank} for rank, told in enumerate(described, start=1)]
    if "24h" in query.get("price_change_percentage", "").split(","):
        ranked = [told | {IN_CURRENCY: told["price_change_percentage_24h"]} for told in ranked]
    if "category" not in query:
        return ranked
    stable = market.coins.filter(pl.col("is_stable") & (query["category"] == STABLECOINS))
    return [told for told in ranked if told["id"] in stable["coin"]]


def coin(rows: pl.DataFrame, now: datetime) -> dict[str, Any]:
    """Describe one coin at its own moment, within two minutes of now; its rank is yet to come."""
    name, symbol, full_name, is_stable = rows.select("coin", "symbol", "name", "is_stable").row(0)
    at = moment_of(name, now)
    path = path_of(rows)
    price, cap = value(path, "price", at), value(path, "market_cap", at)
    return {
        "id": name,
        "symbol": symbol,
        "name": full_name,
        "image": f"https://example.com/coins/images/large/{name}.png",
        "current_price": price,
        "market_cap": round(cap),
        "market_cap_rank": None,
        "fully_diluted_valuation": None if is_stable else round(cap),
        "total_volume": wobbling(name, value(path, "volume", at)),
        **(NO_CHANGES if name in NEW else changes(path, at, price, cap)),
        "circulating_supply": cap / price,
        "total_supply": cap / price,
        "max_supply": None,
        **record(path, at, price, "ath"),
        **record(path, at, price, "atl"),
        "roi": None,
        "last_updated": iso(at),
    }


def changes(path: Path, at: datetime, price: float, cap: float) -> dict[str, float]:
    """Compare with the day before, on two clocks: so the two changes may differ in sign."""
    price_then = value(path, "price", at - PRICE_AGO)
    cap_then = value(path, "market_cap", at - CAP_AGO)
    return {
        "high_24h": max(price, price_then),
        "low_24h": min(price, price_then),
        "price_change_24h": price - price_then,
        "price_change_percentage_24h": percent(price, price_then),
        "market_cap_change_24h": cap - cap_then,
        "market_cap_change_percentage_24h": percent(cap, cap_then),
    }


def record(path: Path, at: datetime, price: float, name: str) -> dict[str, Any]:
    """Tell the highest (ath) or lowest (atl) price so far, and when it was."""
    struck = [*np.exp(path.logs["price"][path.instants <= at.timestamp()]).tolist(), price]
    best = max(struck) if name == "ath" else min(struck)
    instants = [*path.instants.tolist(), at.timestamp()]
    on = at if best == price else datetime.fromtimestamp(instants[struck.index(best)], UTC)
    return {name: best, f"{name}_change_percentage": percent(price, best), f"{name}_date": iso(on)}


def totals(market: Market, now: datetime, question: Question) -> Answer:
    """Answer with the totals of all coins, made every ten minutes."""
    del question  # it takes no parameters
    if market.coin_totals.is_empty():
        return Answer(dump({"error": "coin not found"}), JSON, 404)
    return Answer(dump({"data": of_all_coins(market, floored(now, TEN_MINUTES))}), JSON)


def of_all_coins(market: Market, at: datetime) -> dict[str, Any]:
    """Describe the market at a moment."""
    path = path_of(market.coin_totals)
    cap, volume = value(path, "market_cap", at), value(path, "volume", at)
    return {
        "active_cryptocurrencies": 21_000,
        "upcoming_icos": 0,
        "ongoing_icos": 49,
        "ended_icos": 3_376,
        "markets": 1_500,
        "total_market_cap": in_currencies(market, at, cap),
        "total_volume": in_currencies(market, at, volume),
        "market_cap_percentage": shares(market, at, cap),
        "market_cap_change_percentage_24h_usd": change(path, "market_cap", at),
        "volume_change_percentage_24h_usd": change(path, "volume", at),
        "updated_at": int(at.timestamp()),
    }


def in_currencies(market: Market, at: datetime, usd: float) -> dict[str, float]:
    """Give an amount in coins and currencies; large ones are written with an exponent."""
    coined = {
        symbol: usd / value(path_of(rows), "price", at)
        for symbol, name in COINED.items()
        if not (rows := rows_of(market, name)).is_empty()
    }
    return coined | {currency: usd * rate for currency, rate in PER_USD.items()}


def rows_of(market: Market, name: str) -> pl.DataFrame:
    """Return one coin's points, none if the market lacks it."""
    return market.coins if market.coins.is_empty() else market.coins.filter(coin=name)


def shares(market: Market, at: datetime, cap: float) -> dict[str, float]:
    """Give the largest coins' shares of the market, in percent, copies beside their originals."""
    bitcoin = {"btc": value(path_of(market.coin_totals), "bitcoin_share", at) * PERCENT}
    each = [] if market.coins.is_empty() else market.coins.partition_by("coin")
    caps = {rows["symbol"][0]: value(path_of(rows), "market_cap", at) for rows in each}
    largest = sorted(caps, key=lambda symbol: caps[symbol], reverse=True)[:SPOKEN_OF]
    return {symbol: caps[symbol] / cap * PERCENT for symbol in largest} | bitcoin


def change(path: Path, column: str, at: datetime) -> float:
    """Return CoinGecko's own change of 24 hours, in percent, with all its digits."""
    return (value(path, column, at) / value(path, column, at - PRICE_AGO) - 1) * PERCENT


def path_of(rows: pl.DataFrame) -> Path:
    """Lay out the points of one coin, or of the market."""
    instants = rows["date"].dt.combine(STRUCK_AT).dt.epoch("s").to_numpy()
    measured = [column for column in MEASURED if column in rows.columns]
    return Path(instants, {column: np.log(rows[column].to_numpy()) for column in measured})


def value(path: Path, column: str, at: datetime) -> float:
    """Return a value at a moment: between points at a constant rate, else the nearest."""
    return float(np.exp(np.interp(at.timestamp(), path.instants, path.logs[column])))


def moment_of(name: str, now: datetime) -> datetime:
    """Return when a coin was last updated: up to a minute before the last full one."""
    return floored(now, timedelta(minutes=1)) - timedelta(
        milliseconds=crc32(name.encode()) % 60_000
    )


def floored(now: datetime, step: timedelta) -> datetime:
    """Return the last full step before now, in UTC."""
    now = now.astimezone(UTC)
    return now - (now - datetime.min.replace(tzinfo=UTC)) % step


def percent(new: float, old: float) -> float:
    """Return the change from old to new, rounded as it is served."""
    return round((new / old - 1) * PERCENT, 5)


def wobbling(name: str, amount: float) -> float:
    """Return an amount as it is served: whole, or of some coins with all its digits."""
    return amount if crc32(name.encode()) % 20 == 0 else round(amount)


def iso(at: datetime) -> str:
    """Write an instant as 2025-12-12T17:59:23.093Z."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def whole(text: str | None, usual: int) -> int:
    """Read a positive number; the usual one, if it is none."""
    return max(int(text), 1) if text and text.isdecimal() else usual


def dump(body: object) -> bytes:
    """Write JSON as CoinGecko does, without spaces."""
    return json.dumps(body, separators=(",", ":")).encode()


ROUTES = {MARKETS: markets, GLOBAL: totals}
