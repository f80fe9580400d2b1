"""Synthetic creations and redemptions: a plan of months, spread over their sessions."""

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from sandbox import anchors
from sandbox.prices import Days, bridge, generator, sessions_from

Counts = npt.NDArray[np.int64]

BASKET = 50_000
LONG_STREAK = 6
WANDER, IDLE_SHARE, UNREST = 0.005, 0.2, 0.1
RESTLESSNESS = {"IAU": 0.0015, "IBIT": 0.015, "ETHA": 0.02, "IVV": 0.002, "IWM": 0.006}
STRESSED = ("2008-03", "2009-01")
SEALED = {"2008-02", "2009-02"}
SILVER_2025 = {
    "2025-01": -3.0, "2025-02": -8.0, "2025-03": 16.0, "2025-04": 4.0, "2025-05": 7.0,
    "2025-06": 14.0, "2025-08": 5.0, "2025-09": 11.0, "2025-10": 6.0, "2025-11": 17.3,
}  # fmt: skip  # a table, in millions of shares
SILVER_DAYS = {
    "2025-07": [
        *(0.4, 0.2, 0.0, -0.3, 0.5, 0.6, -0.4, 0.3, 0.0, 0.2, 0.4, -0.2, 0.3),
        *(5.0, 4.5, 4.0, 3.5, 2.8),
        *(0.5, -0.3, 0.0, 0.2),
    ],
    "2025-12": [0.3, -0.2, 0.25, -0.3, 0.1, 2.5, 2.9, 3.7, 7.8],
}


def silver() -> pl.DataFrame:
    """Return the silver trust's shares: the streaks and weeks the article is made of."""
    days = sessions_from(date.fromisoformat(next(iter(anchors.SILVER_SHARES))))
    chance = generator("shares of silver")
    launch = baskets(next(iter(anchors.SILVER_SHARES.values())))
    changes: list[int] = []
    held, streak = launch, 0
    targets = month_end_targets(days)
    for month, count in month_lengths(days).items():
        spread_out = month_of_silver(month, count, targets[month] - held, streak, chance)
        streak = streak + 1 if sum(spread_out) > 0 else 0
        held += sum(spread_out)
        changes += spread_out
    return outstanding(days, launch + np.cumsum(changes) - changes[0])


def month_of_silver(
    month: str,
    count: int,
    gap: int,
    streak: int,
    chance: np.random.Generator,
) -> list[int]:
    """Return a month's daily changes in baskets: as planned, else towards its target."""
    if month in SILVER_DAYS:
        return [baskets(change) for change in SILVER_DAYS[month]]
    if month in SILVER_2025:
        return spread(baskets(SILVER_2025[month]), count, chance)
    return spread(signed(month, gap, streak), count, chance)


def signed(month: str, gap: int, streak: int) -> int:
    """Return the month's change with the sign that history needs: one long streak, in a crisis."""
    size = max(abs(gap), baskets(1.0))
    if STRESSED[0] <= month <= STRESSED[1]:
        return size
    if month in SEALED or streak >= LONG_STREAK:
        return -min(size, baskets(2.0))
    return size if gap > 0 else -size


def month_end_targets(days: Days) -> dict[str, int]:
    """Return where each month should end, in baskets: the anchors with some unrest."""
    points = anchors.SILVER_SHARES | {anchors.LAST_SESSION: 570.0}
    unrest = WANDER * generator("plan of silver").standard_normal(days.size)
    level = bridge(days, points, unrest)
    return {str(day)[:7]: baskets(millions) for day, millions in zip(days, level, strict=True)}


def month_lengths(days: Days) -> dict[str, int]:
    """Count the sessions of each month, in order."""
    months, counts = np.unique(days.astype("datetime64[M]"), return_counts=True)
    return {str(month): int(count) for month, count in zip(months, counts, strict=True)}


def spread(total: int, count: int, chance: np.random.Generator) -> list[int]:
    """Spread a month's baskets over its sessions, some of them idle, some against the trend."""
    active = chance.random(count) >= IDLE_SHARE
    active[-1] = True
    trend = chance.dirichlet(np.full(count, 2.0)) * active
    unrest = UNREST * abs(total) * (chance.standard_normal(count) * active)
    unrest -= unrest.sum() / active.sum() * active
    whole = np.rint(total * trend / trend.sum() + unrest).astype(int)
    whole[-1] += total - whole.sum()
    return [int(change) for change in whole]


def wandering(fund: str) -> pl.DataFrame:
    """Return the shares of a fund of which nothing in particular is asked."""
    points = anchors.SHARES[fund]
    days = sessions_from(date.fromisoformat(next(iter(points))))
    chance = generator(f"shares of {fund}")
    busy = chance.random(days.size) > IDLE_SHARE
    steps = RESTLESSNESS[fund] * chance.standard_normal(days.size) * busy
    return outstanding(days, np.array([baskets(level) for level in bridge(days, points, steps)]))


def outstanding(days: Days, held: Counts) -> pl.DataFrame:
    """Return date and shares outstanding."""
    return pl.DataFrame({"date": pl.Series(days), "shares_outstanding": pl.Series(held * BASKET)})


def baskets(millions: float) -> int:
    """Turn millions of shares into whole baskets."""
    return round(millions * 1_000_000 / BASKET)
