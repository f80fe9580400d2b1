"""Invented flows of bitcoin funds, beside the one that follows from a fund of the market's own."""

from datetime import date, time, timedelta

import numpy as np
import polars as pl

from sandbox.prices import generator
from sandbox.publication import at

OWN = "IBIT"
FIRST = date(2024, 1, 11)
FUNDS = {  # the part of the largest fund's flow, and the millions by which it wanders from it
    "FBTC": (0.35, 60.0), "BITB": (0.07, 20.0), "ARKB": (0.09, 35.0), "BTCO": (0.01, 6.0),
    "EZBC": (0.01, 4.0), "BRRR": (0.01, 4.0), "HODL": (0.03, 9.0), "BTCW": (0.01, 3.0),
    "GBTC": (-0.15, 70.0), "BTC": (0.05, 12.0),
}  # fmt: skip  # a table
ORDER = (OWN, *FUNDS)
IDLE = 0.25  # of the days of a small fund
LAUNCHED = {"BTC": date(2024, 7, 31)}
NEVER_REPORTED = {"BRRR": date(2025, 3, 14)}
OVERNIGHT, NOON = time(2), time(13)
DAYS_LATER = {"GBTC": 2}
MILLION = 1e6


def flows(ibit: pl.DataFrame) -> pl.DataFrame:
    """Return one row per fund and weekday, from the fund's NAV and shares outstanding.

    `millions` (USD) is null for what is never reported: holidays, a fund before its launch.
    Funds report overnight, the market's own at 13:00 UTC of the next day, and one a day later.
    """
    own = creations(ibit)
    days = weekdays(own["date"].max()).join(own, on="date", how="left", maintain_order="left")  # type: ignore[arg-type]  # of dates
    columns = [reported(fund, days) for fund in ORDER]
    return pl.concat(columns).sort("date", maintain_order=True)


def creations(ibit: pl.DataFrame) -> pl.DataFrame:
    """Return date and flow of the market's own fund: shares created, at the day's NAV."""
    final = ibit.sort("date", "published_at").unique("date", keep="last", maintain_order=True)
    created = pl.col("shares_outstanding").cast(pl.Float64).diff() * pl.col("nav") / MILLION
    return final.select("date", own=created.round(1)).filter(pl.col("date") >= FIRST)


def weekdays(last: date) -> pl.DataFrame:
    """Return all days from Monday to Friday: the table has rows for holidays, too."""
    days = pl.DataFrame({"date": pl.date_range(FIRST, last, eager=True)})
    return days.filter(pl.col("date").dt.weekday() < 6)  # noqa: PLR2004 -- Saturday


def reported(fund: str, days: pl.DataFrame) -> pl.DataFrame:
    """Return what one fund reports, and when."""
    launch, never = LAUNCHED.get(fund, FIRST), NEVER_REPORTED.get(fund)
    is_reported = (pl.col("date") >= launch) & pl.col("date").ne_missing(pl.lit(never, pl.Date))
    known = days.with_columns(millions="own" if fund == OWN else invented(fund, days))
    return known.select(
        "date",
        fund=pl.lit(fund),
        millions=pl.when(is_reported).then("millions"),
        published_at=at(NOON if fund == OWN else OVERNIGHT, "UTC")
        + timedelta(days=DAYS_LATER.get(fund, 1)),
    )


def invented(fund: str, days: pl.DataFrame) -> pl.Series:
    """Return flows that go along with the largest fund's, and often are nothing at all."""
    part, wander = FUNDS[fund]
    chance = generator(f"flows of {fund}")
    noise = wander * chance.standard_normal(days.height)
    is_idle = chance.random(days.height) < IDLE
    drawn = np.where(is_idle, 0.0, part * days["own"].fill_null(0).to_numpy() + noise)
    return pl.Series(np.round(drawn, 1) + 0.0).set(days["own"].is_null(), None)
