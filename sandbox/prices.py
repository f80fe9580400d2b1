"""Synthetic prices: log bridges between anchors, driven by noise that related series share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from sandbox import anchors, publication

SEED = 20251211
Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class Walk:
    """A series of its own: daily log noise is `shared` of its family's and `own` beside it."""

    family: str
    shared: float
    own: float
    points: Mapping[str, float]


@dataclass(frozen=True)
class Tracker:
    """A series that follows another at so many units per share, less the fee of each year."""

    of: str
    first: str
    per_share: float
    fee: float = 0.0
    launched: str = ""
    own: float = 0.001


WALKS = {
    "GC=F": Walk("metals", 0.010, 0.001, anchors.GOLD),
    "SI=F": Walk("metals", 0.015, 0.008, anchors.SILVER),
    "^GSPC": Walk("stocks", 0.009, 0.001, anchors.LARGE),
    "^IXIC": Walk("stocks", 0.011, 0.004, anchors.TECHNOLOGY),
    "^RUT": Walk("stocks", 0.010, 0.006, anchors.SMALL),
    "BTC-USD": Walk("coins", 0.026, 0.006, anchors.BITCOIN),
    "ETH-USD": Walk("coins", 0.029, 0.016, anchors.ETHER),
}
TRACKERS = {
    "SPY": Tracker("^GSPC", "1993-01-29", 0.1, own=0.0005),
    "IWM": Tracker("^RUT", "2000-05-26", 0.1, own=0.0005),
    "SLV": Tracker("SI=F", "2006-04-28", 1.0, 0.0050, "2006-04-21", own=0.002),
    "GLD": Tracker("GC=F", "2004-11-18", 0.1, 0.0040, "2004-11-18"),
    "IAU": Tracker("GC=F", "2005-01-28", 0.02, 0.0025, "2005-01-21"),
    "IBIT": Tracker("BTC-USD", "2024-01-11", 0.00057, 0.0025, "2024-01-05"),
    "ETHA": Tracker("ETH-USD", "2024-07-23", 0.0076, 0.0025, "2024-06-24"),
}


def closes(symbol: str) -> pl.DataFrame:
    """Return date and close of one symbol, unrounded."""
    if symbol in WALKS:
        return walk(symbol)
    tracker = TRACKERS[symbol]
    index = on_sessions(walk(tracker.of), tracker.first)
    held = per_share(tracker, index["date"].to_numpy())
    noise = np.exp(tracker.own * generator(symbol).standard_normal(index.height))
    return index.with_columns(close=pl.Series(index["close"].to_numpy() * held * noise))


def walk(symbol: str) -> pl.DataFrame:
    """Return the bridge of one of the WALKS on its days, coins on every day."""
    series = WALKS[symbol]
    first = date.fromisoformat(next(iter(series.points)))
    days = every_day(first) if series.family == "coins" else sessions_from(first)
    steps = series.shared * family_noise(series.family, days)
    steps += series.own * generator(symbol).standard_normal(days.size)
    return pl.DataFrame({"date": pl.Series(days), "close": bridge(days, series.points, steps)})


def bridge(days: Days, points: Mapping[str, float], steps: Floats) -> Floats:
    """Let noise wander between the points, and pass through every one of them."""
    at = np.searchsorted(days, np.array(list(points), dtype="datetime64[D]"))
    position, wander = np.arange(days.size), np.cumsum(steps)
    level = np.interp(position, at, np.log(list(points.values())))
    tilt = np.interp(position, at, wander[at])
    bridged: Floats = np.exp(level + wander - tilt)
    return bridged


def per_share(tracker: Tracker, days: Days) -> Floats:
    """Return units of the underlying behind a share: the fee is paid out of them."""
    launched = np.datetime64(tracker.launched or tracker.first)
    years = (days - launched).astype("timedelta64[D]").astype(float) / 365
    return tracker.per_share * np.exp(-tracker.fee * years)


def on_sessions(prices: pl.DataFrame, first: str) -> pl.DataFrame:
    """Keep New York's sessions from `first` on."""
    days = pl.DataFrame({"date": pl.Series(sessions_from(date.fromisoformat(first)))})
    return days.join(prices, on="date", maintain_order="left")


def sessions_from(first: date) -> Days:
    """Return New York's sessions up to the last day of the market."""
    last = date.fromisoformat(anchors.LAST_SESSION)
    return publication.sessions(first, last)["date"].to_numpy()


def every_day(first: date) -> Days:
    """Return all days up to the last day of the market."""
    return np.arange(np.datetime64(first), np.datetime64(anchors.LAST_SESSION) + np.timedelta64(1))


def family_noise(family: str, days: Days) -> Floats:
    """Return the standard normal noise that the series of a family share on the same day."""
    first = np.datetime64(anchors.FIRST_SESSION)
    offsets = (days - first).astype("timedelta64[D]").astype(int)
    noise: Floats = generator(family).standard_normal(int(offsets.max()) + 1)[offsets]
    return noise


def generator(name: str) -> np.random.Generator:
    """Return a generator of this name's own, so that a new series changes no other."""
    return np.random.default_rng([SEED, crc32(name.encode())])
