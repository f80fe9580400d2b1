"""What trades beside the futures, coins and funds: Stooq's series and London's fixings.

Stooq publishes a day in the morning after it, and so does LBMA. The dividends of `iwm.us` are in
all of its prices from the beginning: here its history is not rewritten with each of them.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import exchange_calendars
import numpy as np
import polars as pl

from sandbox import anchors, bars, instruments, prices, publication

# Made-up, rounded prices before the futures' first session, at which they meet them.
EARLY: dict[str, Mapping[str, float]] = {
    "SI=F": {
        "1979-12-31": 31.0, "1980-01-21": 42.0, "1980-03-27": 12.5, "1980-09-22": 23.0,
        "1982-06-21": 5.1, "1983-02-16": 14.2, "1986-05-20": 5.0, "1987-04-27": 9.5,
        "1991-02-22": 3.7, "1995-05-04": 6.0, "1998-02-05": 7.2, "2000-08-30": 4.9,
    },
    "GC=F": {
        "1979-12-31": 512, "1980-01-21": 825, "1980-03-18": 485, "1980-09-22": 705,
        "1982-06-21": 300, "1983-02-15": 505, "1985-02-25": 286, "1987-12-14": 498,
        "1993-03-10": 328, "1996-02-02": 414, "1999-08-25": 254, "2000-08-30": 274,
    },
}  # fmt: skip  # a table
METALS = {"xagusd": "SI=F", "xauusd": "GC=F"}
COINS = {"btc.v": "BTC-USD", "eth.v": "ETH-USD"}
DECIMALS = {"xagusd": 4, "xauusd": 3, "btc.v": 2, "eth.v": 3}
BASIS, RANGE = 0.0008, 0.4  # daily log noise against the future; of the usual move
WHOLE_UNTIL = date(2018, 1, 1)  # a coin's volume has no fractions before
SHARES, ADJUSTED_DECIMALS, VOLUME_DECIMALS = "IWM", 4, 6
FRIDAY, WINTER, EASTER = 5, (1, 12), (3, 4)

POUND = {
    "1980-01-02": 2.2, "1985-02-26": 1.1, "1992-09-08": 2.0, "2007-11-08": 2.1, "2009-01-23": 1.4,
    "2014-07-01": 1.7, "2022-09-27": 1.1, "2025-12-11": 1.35,
}  # fmt: skip  # a table
EURO = {
    "1999-01-04": 1.2, "2000-10-26": 0.85, "2008-07-15": 1.6, "2015-03-13": 1.05,
    "2022-09-27": 0.95, "2025-12-11": 1.15,
}  # fmt: skip  # a table
CURRENCY_NOISE = 0.004
FIRST_FIXING = date(1980, 1, 2)


@dataclass(frozen=True)
class Auction:
    """One of London's auctions; `lag` is how much of the close before is still in its price."""

    of: str
    lag: float
    decimals: int
    on_eves: bool = True
    locks_eves: bool = False


AUCTIONS = {
    "silver": Auction("xagusd", 0.25, 3, locks_eves=True),
    "gold_am": Auction("xauusd", 0.35, 2),
    "gold_pm": Auction("xauusd", 0.1, 2, on_eves=False),
}


def quotes() -> dict[str, pl.DataFrame]:
    """Return Stooq's series, by its symbols; the same values every time."""
    metals = {symbol: metal(symbol) for symbol in METALS}
    coins = {symbol: coin(symbol) for symbol in COINS}
    return {**metals, **coins, "iwm.us": from_prices(adjusted_shares(), is_coin=False)}


def from_prices(history: pl.DataFrame, *, is_coin: bool) -> pl.DataFrame:
    """Turn bars into a series of Stooq: no adj_close, a coin's volume in coins instead of USD."""
    coins = pl.col("volume") / pl.col("close")
    return (
        history.drop_nulls("close")
        .with_columns(volume=(coins if is_coin else pl.col("volume")).cast(pl.Float64))
        .select("date", "open", "high", "low", "close", "volume")
        .with_columns(published_at=publication.next_day_at(publication.COIN_PUBLICATION))
    )


def metal(symbol: str) -> pl.DataFrame:
    """Draw bars around a metal's closes: round the clock, it opens near where it closed."""
    closes, chance = spot(symbol), prices.generator(f"quotes of {symbol}")
    close = closes["close"].to_numpy()
    usual = np.diff(np.log(close)).std() * RANGE
    opens = np.r_[close[0], close[:-1]]
    reach = np.exp(usual * np.abs(chance.standard_normal((2, close.size))))
    drawn = closes.select(
        "date",
        open=pl.Series(opens),
        high=pl.Series(np.maximum(opens, close) * reach[0]),
        low=pl.Series(np.minimum(opens, close) / reach[1]),
        close="close",
        volume=pl.lit(0.0),
    )
    shown = rounded(bars.with_flat_bars(drawn, chance), DECIMALS[symbol])
    return from_prices(shown.with_columns(volume=None), is_coin=False)


def spot(symbol: str) -> pl.DataFrame:
    """Return a metal's closes: those of its future, a little off, and of days it is closed on."""
    future = with_early(METALS[symbol])
    days = weekdays(future["date"][0], future["date"][-1])
    basis = BASIS * prices.generator(f"basis of {symbol}").standard_normal(days.height)
    return days.join(future, on="date", how="left", maintain_order="left").select(
        "date", close=(pl.col("close").log().interpolate() + pl.Series(basis)).exp()
    )


def with_early(symbol: str) -> pl.DataFrame:
    """Return a future's walk, and a bridge of its own that leads to it."""
    series, points = prices.WALKS[symbol], EARLY[symbol]
    days = prices.sessions_from(date.fromisoformat(min(points)))
    days = days[days <= np.datetime64(max(points))]
    steps = series.shared * prices.family_noise(series.family, days)
    steps += series.own * prices.generator(f"{symbol} before its time").standard_normal(days.size)
    early = pl.DataFrame(
        {"date": pl.Series(days), "close": prices.bridge(days, points, steps)}
    ).head(-1)
    return pl.concat([early, prices.walk(symbol)])


def weekdays(first: date, last: date) -> pl.DataFrame:
    """Return the days of spot trading: New York's holidays too, but for Christmas to Easter."""
    days = pl.DataFrame({"date": pl.date_range(first, last, eager=True)})
    day = pl.col("date").dt
    is_closed = day.month().is_in([*WINTER, *EASTER])
    closed = days.join(publication.sessions(first, last), on="date", how="anti").filter(is_closed)
    return days.filter(day.weekday() <= FRIDAY).join(closed, on="date", how="anti")


def coin(symbol: str) -> pl.DataFrame:
    """Return a coin's bars as another exchange sees them, and its volume in coins."""
    drawn = final_bars(COINS[symbol])
    basis = BASIS * prices.generator(f"basis of {symbol}").standard_normal(drawn.height)
    beside = drawn.with_columns(
        pl.col("open", "high", "low", "close") * pl.Series(np.exp(basis)),
    )
    listed = from_prices(rounded(beside, DECIMALS[symbol]), is_coin=True)
    is_whole = pl.col("date") < WHOLE_UNTIL
    volume = pl.when(is_whole).then(pl.col("volume").round()).otherwise("volume")
    return listed.with_columns(volume=volume.round(VOLUME_DECIMALS))


def adjusted_shares() -> pl.DataFrame:
    """Return the bars of a fund that pays dividends, lowered before each, volumes raised."""
    drawn = final_bars(SHARES)
    paid = bars.with_dividends(drawn, bars.dividends(drawn))
    factor = pl.col("adj_close") / pl.col("close")
    lowered = paid.with_columns(
        pl.col("open", "high", "low", "close") * factor,
        volume=(pl.col("volume") / factor).round(VOLUME_DECIMALS),
    )
    return rounded(lowered, ADJUSTED_DECIMALS)


def final_bars(symbol: str) -> pl.DataFrame:
    """Return the last vintage of a symbol's bars."""
    drawn = bars.bars(instruments.describe(symbol))
    return drawn.unique("date", keep="last", maintain_order=True)


def rounded(drawn: pl.DataFrame, decimals: int) -> pl.DataFrame:
    """Round prices to what Stooq shows."""
    return drawn.with_columns(pl.col("open", "high", "low", "close").round(decimals))


def fixings() -> dict[str, pl.DataFrame]:
    """Return London's auctions, by LBMA's names; the same values every time."""
    days = london(FIRST_FIXING, date.fromisoformat(anchors.LAST_SESSION))
    exchanged = days.with_columns(
        pound=rates("pound", POUND, days["date"]), euro=rates("euro", EURO, days["date"])
    )
    return {name: fixing(auction, exchanged) for name, auction in AUCTIONS.items()}


def fixing(auction: Auction, days: pl.DataFrame) -> pl.DataFrame:
    """Strike an auction between the close before and the day's, on London's days."""
    close = pl.col("close")
    struck = spot(auction.of).select(
        "date", usd=close ** (1 - auction.lag) * close.shift(1).fill_null(close) ** auction.lag
    )
    is_eve = (pl.col("date").dt.month() == 12) & pl.col("date").dt.day().is_in([24, 31])  # noqa: PLR2004 -- December
    return (
        days.filter(~is_eve | auction.on_eves)
        .join_asof(struck, on="date")
        .with_columns(gbp=pl.col("usd") / pl.col("pound"), eur=pl.col("usd") / pl.col("euro"))
        .select(
            "date",
            pl.col("usd", "gbp", "eur").round(auction.decimals),
            is_locked=(is_eve & auction.locks_eves).cast(pl.Int64),
            published_at=publication.next_day_at(publication.COIN_PUBLICATION),
        )
    )


def rates(name: str, points: Mapping[str, float], days: pl.Series) -> pl.Series:
    """Return dollars per unit of a currency on these days, null before its first."""
    known = days.filter(days >= date.fromisoformat(min(points)))
    steps = CURRENCY_NOISE * prices.generator(name).standard_normal(known.len())
    drawn = pl.Series(prices.bridge(known.to_numpy(), points, steps))
    return pl.concat(
        [pl.repeat(None, days.len() - known.len(), dtype=pl.Float64, eager=True), drawn]
    )


def london(first: date, last: date) -> pl.DataFrame:
    """Return London's business days."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the library's own, about pandas 4
        listed = exchange_calendars.get_calendar("XLON", start=first, end=last).sessions
    return pl.DataFrame({"date": pl.Series(listed.to_numpy("datetime64[ns]")).cast(pl.Date)})
