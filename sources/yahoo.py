"""Yahoo Finance: open, high, low, close, adjusted close and volume per symbol and day.

Docs       none: chart v8 as its public clients have observed it
Published  within seconds: the bar of a running session is live, and may be served twice
Revised    volumes until the second day after; a split or dividend rewrites all that came before
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote as percent_encoded

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.yahoo import YahooBars, YahooEvents
from schemas.validation import empty, promised
from sources.documents import document, found, numbered, part, series

SOURCE = "yahoo"
BASE_URL = "https://query1.finance.yahoo.com"

INTERVAL = "1d"
EMPTY_WINDOW = "Data doesn't exist for startDate"
IDENTITY = ("symbol", "dataGranularity")  # in meta
QUOTE = ("open", "high", "low", "close", "volume")
EVENTS = ("dividends", "splits", "capitalGains")
EVENT_COLUMNS = {
    "date": pl.Int64,
    "amount": pl.Float64,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "currency": pl.String,
}
# What comes and goes by nature, or repeats the days asked for: no part of a chart's shape.
UNSTEADY = ("events", "meta.tradingPeriods")
DEEPEST = 4  # meta.currentTradingPeriod.regular.end
EPOCH = date(1970, 1, 1)
A_DAY = timedelta(days=1)


def quotes(instrument: str, symbol: str, asked_from: date, asked_to: date) -> Request:
    """Ask for the daily bars and corporate actions of `asked_from` to `asked_to`, both included.

    The window is a day wider on both sides: it is in UTC, sessions are in exchange time. It is
    never `range=max`, which Yahoo answers with monthly bars.
    """
    return Request(
        source=SOURCE,
        dataset="quotes",
        subject=instrument,
        path=f"/v8/finance/chart/{percent_encoded(symbol, safe='=')}",
        params={
            "interval": INTERVAL,
            "period1": str(unix_seconds(asked_from - A_DAY)),
            "period2": str(unix_seconds(asked_to + 2 * A_DAY)),  # exclusive
            "events": "div,splits,capitalGains",
        },
        asked_from=asked_from,
        asked_to=asked_to,
        expects={"symbol": symbol},
    )


def unix_seconds(day: date) -> int:
    """Give the instant at which a day begins in UTC; negative before 1970."""
    return (day - EPOCH).days * 86_400


def parse_quotes(payload: bytes, capture: Capture) -> Parsed:
    """Read a chart into `bars` and `corporate_actions`, in Yahoo's own columns and units.

    A chart without `timestamp` says that nothing traded, and so does the error "Data doesn't
    exist": no rows, and no fault.

    Raises:
        Refused: It is an error, another symbol or interval, or lacks arrays that make up a bar.
    """
    chart = answer(payload, capture)
    if chart is None:
        return Parsed({"bars": empty(YahooBars), "corporate_actions": empty(YahooEvents)}, ())
    columns = shape(chart)
    with having(columns):
        meta = part(chart, "meta", kind=dict, capture=capture)
        told = {name: part(meta, name, kind=str, capture=capture) for name in IDENTITY}
    must_be_what_was_asked(told, capture)
    with having(columns):
        return Parsed(tables(chart, facts(meta, capture), capture), columns)


def tables(chart: dict[str, Any], about: pl.DataFrame, capture: Capture) -> dict[str, pl.DataFrame]:
    """Read a chart that is the one asked for."""
    return {
        "bars": promised(YahooBars, bars(chart, about, capture), capture),
        "corporate_actions": promised(YahooEvents, events(chart, about, capture), capture),
    }


def answer(payload: bytes, capture: Capture) -> dict[str, Any] | None:
    """Unwrap an answer's one chart, None for an empty window, or refuse it in Yahoo's words."""
    served = document(payload, capture)
    fault = found(served, "chart", "error") or found(served, "finance", "error")
    if str(found(fault, "description")).startswith(EMPTY_WINDOW):
        return None
    if fault:
        raise Refused(f"{capture.request.scope}: Yahoo says {stated(fault)}")
    return part(served, "chart", "result", 0, kind=dict, capture=capture)


def stated(fault: object) -> str:
    """Give an error's code and description on one line."""
    words = [fault.get("code"), fault.get("description")] if isinstance(fault, dict) else [fault]
    return ": ".join(" ".join(str(word).split()) for word in words if word)


def shape(chart: dict[str, Any]) -> tuple[str, ...]:
    """Name the paths that lead to values; none, if nothing traded: then the arrays are absent."""
    quote = found(chart, "indicators", "quote", 0)
    traded = chart.get("timestamp") or (isinstance(quote, dict) and any(quote.values()))
    return tuple(sorted(set(paths(chart)))) if traded else ()


def paths(holder: dict[str, Any], *above: str) -> Iterator[str]:
    """Name the paths to what is no object; of a list of objects the first speaks for all."""
    for name, value in holder.items():
        steps = (*above, name.encode(errors="replace").decode())
        first = found(value, 0) if isinstance(value, list) else value
        if ".".join(steps) in UNSTEADY:
            continue
        if isinstance(first, dict) and first and len(steps) < DEEPEST:
            yield from paths(first, *steps)
        else:
            yield ".".join(steps)


def must_be_what_was_asked(told: dict[str, str], capture: Capture) -> None:
    """Refuse another symbol, and another interval: Yahoo downgrades to monthly in silence."""
    scope, expected = capture.request.scope, capture.request.expects.get("symbol")
    symbol, interval = (told[name] for name in IDENTITY)
    if expected is not None and symbol != expected:
        raise Refused(f"{scope}: symbol is {symbol!r} where {expected!r} was asked")
    if interval != INTERVAL:
        raise Refused(f"{scope}: dataGranularity is {interval!r} where {INTERVAL!r} was asked")


def facts(meta: dict[str, Any], capture: Capture) -> pl.DataFrame:
    """Take from `meta` what its rows need to be understood: one row."""
    told = {
        "symbol": (meta["symbol"], pl.String),
        "currency": (meta.get("currency"), pl.String),
        "exchangeTimezoneName": (time_zone(meta, capture), pl.String),
        "priceHint": (meta.get("priceHint"), pl.Int64),
        "periodEnd": (found(meta, "currentTradingPeriod", "regular", "end"), pl.Int64),
    }
    return pl.DataFrame([series(name, [value], t, capture) for name, (value, t) in told.items()])


def time_zone(meta: dict[str, Any], capture: Capture) -> str:
    """Name the exchange's time zone, or refuse one that polars does not know."""
    zone = part(meta, "exchangeTimezoneName", kind=str, capture=capture)
    try:
        pl.select(pl.lit(0).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone))
    except pl.exceptions.PolarsError as error:
        told = f"exchangeTimezoneName {zone!r} is no time zone"
        raise Refused(f"{capture.request.scope}: {told}") from error
    return zone


def bars(chart: dict[str, Any], about: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Lay the parallel arrays side by side, by name: their order changes between answers."""
    stamps = chart.get("timestamp") or []
    quote = part(chart, "indicators", "quote", 0, kind=dict, capture=capture)
    untraded: dict[str, Any] = {} if stamps else {name: [] for name in QUOTE}
    served = {name: quote[name] for name in QUOTE if name in quote}
    adjusted = found(chart, "indicators", "adjclose", 0, "adjclose") or [None] * len(stamps)
    arrays = untraded | served | {"adjclose": adjusted}
    must_be_parallel({"timestamp": stamps} | arrays, capture)
    columns = [series(name, values, pl.Float64, capture) for name, values in arrays.items()]
    frame = pl.DataFrame([series("timestamp", stamps, pl.Int64, capture), *columns])
    return numbered(frame.join(about, how="cross"))


def must_be_parallel(arrays: dict[str, Any], capture: Capture) -> None:
    """Refuse what is no array, and arrays of unequal length."""
    wrong = [name for name, values in arrays.items() if not isinstance(values, list)]
    if wrong:
        raise Refused(f"{capture.request.scope}: {', '.join(wrong)} is no array")
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise Refused(f"{capture.request.scope}: arrays of unequal length ({told})")


def events(chart: dict[str, Any], about: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """List dividends, splits and capital gains. A key is not always an epoch; `date` is."""
    told = [
        (kind, part(chart, "events", kind, key, kind=dict, capture=capture))
        for kind in EVENTS
        if found(chart, "events", kind)
        for key in part(chart, "events", kind, kind=dict, capture=capture)
    ]
    columns = [
        series(name, [event.get(name) for _, event in told], dtype, capture)
        for name, dtype in EVENT_COLUMNS.items()
    ]
    kinds = series("kind", [kind for kind, _ in told], pl.String, capture)
    chart_facts = about.select("exchangeTimezoneName", chartCurrency="currency")
    return numbered(pl.DataFrame([kinds, *columns]).join(chart_facts, how="cross"))
