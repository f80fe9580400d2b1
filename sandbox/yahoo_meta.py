"""The `meta` of Yahoo's chart: today's view of a symbol, whatever window was asked for."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from sandbox.market import Instrument, last_date

RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max")
HOURS = {
    "pre": (time(4), time(9, 30)),
    "regular": (time(9, 30), time(16)),
    "post": (time(16), time(20)),
}
ALL_DAY = {
    "pre": (time(0), time(0)),
    "regular": (time(0), time(23, 59)),
    "post": (time(23, 59), time(23, 59)),
}


def describe(
    instrument: Instrument,
    known: pl.DataFrame,
    now: datetime,
    traded_at: datetime,
) -> dict[str, Any]:
    """Return the fields that do not depend on the window; gmtoffset is today's, in winter too."""
    local = now.astimezone(ZoneInfo(instrument.time_zone))
    return {
        "currency": instrument.currency,
        "symbol": instrument.symbol,
        "exchangeName": instrument.exchange_name,
        "fullExchangeName": instrument.exchange_name,
        "instrumentType": instrument.instrument_type,
        "firstTradeDate": epoch(known["date"][0], instrument.opens_at, local),
        "regularMarketTime": int(traded_at.timestamp()),
        "hasPrePostMarketData": instrument.instrument_type == "ETF",
        **offset(local),
        "exchangeTimezoneName": instrument.time_zone,
        **last_prices(known, instrument.price_hint),
        "longName": instrument.symbol,
        "shortName": instrument.symbol,
        "priceHint": instrument.price_hint,
        "currentTradingPeriod": trading_periods(instrument, local),
        "validRanges": list(RANGES),
    }


def offset(local: datetime) -> dict[str, Any]:
    """Return the zone's offset and abbreviation of this moment."""
    seconds = (local.utcoffset() or timedelta()).total_seconds()
    return {"gmtoffset": int(seconds), "timezone": local.tzname()}


def last_prices(known: pl.DataFrame, price_hint: int) -> dict[str, Any]:
    """Return the rounded prices of the last bar and of 52 weeks."""
    year = known.filter(pl.col("date") > last_date(known) - timedelta(weeks=52))
    last = known.row(-1, named=True)
    prices = {
        "regularMarketPrice": last["close"],
        "fiftyTwoWeekHigh": year["high"].max(),
        "fiftyTwoWeekLow": year["low"].min(),
        "regularMarketDayHigh": last["high"],
        "regularMarketDayLow": last["low"],
    }
    rounded = {
        key: None if price is None else round(price, price_hint) for key, price in prices.items()
    }
    return rounded | {"regularMarketVolume": last["volume"]}


def trading_periods(instrument: Instrument, local: datetime) -> dict[str, Any]:
    """Return today's hours, before, during and after the session."""
    hours = ALL_DAY if instrument.opens_at == time(0) else HOURS
    today = local.date()
    return {
        name: {
            "timezone": local.tzname(),
            "start": epoch(today, start, local),
            "end": epoch(today, end, local),
            "gmtoffset": offset(local)["gmtoffset"],
        }
        for name, (start, end) in hours.items()
    }


def epoch(day: date, moment: time, local: datetime) -> int:
    """Return a local time of a day in epoch seconds."""
    return int(datetime.combine(day, moment, local.tzinfo).timestamp())
