"""Yahoo's chart v8, traps included.

A refused client gets 429, `interval=1d&range=max` quietly becomes monthly, the order of keys
changes, and in the evening the running day is served twice: at its open and at its last trade.
"""

import json
from datetime import datetime
from typing import Any

import polars as pl

from sandbox import yahoo_events, yahoo_meta, yahoo_rows
from sandbox.answers import Answer, Question
from sandbox.market import Instrument, Market, adjusted, last_date, visible

PATH = "/v8/finance/chart/{symbol}"
JSON = "application/json;charset=utf-8"
CACHED = {"cache-control": "public, max-age=10, stale-while-revalidate=20"}
QUOTE = ("volume", "high", "low", "open", "close")


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"quotes": sorted(market.bars)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for a chart."""
    if not question.from_a_browser:
        return Answer(b"Too Many Requests\r\n", "text/plain;charset=utf-8", 429)
    instrument = market.instruments.get(question.path.rpartition("/")[2])
    if instrument is None or visible(market.bars[instrument.symbol], now).is_empty():
        return error(404, "Not Found", "No data found, symbol may be delisted")
    interval = question.query.get("interval", "1d")
    if interval not in yahoo_rows.INTERVALS:
        return error(422, "Unprocessable Entity", f"Invalid input - interval={interval}")
    try:
        return chart(market, now, question, instrument)
    except ValueError:
        return error(400, "Bad Request", "Invalid input - period1, period2 or range")


def chart(market: Market, now: datetime, question: Question, instrument: Instrument) -> Answer:
    """Answer with the bars of a window, or with the error of an empty one."""
    vintages = market.bars[instrument.symbol]
    known = adjusted(visible(vintages, now))
    asked = yahoo_rows.window(known, question.query, now)
    rows = yahoo_rows.inside(yahoo_rows.stamped(vintages, known, instrument, question, now), asked)
    if rows.is_empty():
        description = f"Data doesn't exist for startDate = {asked[0]}, endDate = {asked[1]}"
        return error(400, "Bad Request", description)
    traded_at = yahoo_rows.last_trade(vintages, last_date(known))
    meta = yahoo_meta.describe(instrument, known, now, traded_at)
    meta |= of_window(known, rows, question.query)
    wanted = "events" in question.query
    events = yahoo_events.inside(market, instrument, known, asked) if wanted else {}
    body = {"result": [result(meta, rows, events, question.turn)], "error": None}
    return Answer(dump({"chart": body}), JSON, headers=CACHED)


def of_window(known: pl.DataFrame, rows: pl.DataFrame, query: dict[str, str]) -> dict[str, Any]:
    """Return the fields of `meta` that depend on the window."""
    return {
        "chartPreviousClose": previous_close(known, rows),
        "dataGranularity": yahoo_rows.granularity(query),
        "range": "" if yahoo_rows.has_periods(query) else query.get("range", "1d"),
    }


def previous_close(known: pl.DataFrame, rows: pl.DataFrame) -> float | None:
    """Return the last close before the window, as the charts draw it."""
    earlier = known.filter(pl.col("date") < rows["date"][0])["close"]
    return None if earlier.is_empty() else earlier[-1]


def result(
    meta: dict[str, Any],
    rows: pl.DataFrame,
    events: dict[str, Any],
    turn: int,
) -> dict[str, Any]:
    """Lay the arrays out in parallel; the order of the quote's keys turns with every answer."""
    turned = QUOTE[turn % len(QUOTE) :] + QUOTE[: turn % len(QUOTE)]
    return {
        "meta": meta,
        "timestamp": rows["timestamp"].to_list(),
        **({"events": events} if events else {}),
        "indicators": {
            "quote": [{key: rows[key].to_list() for key in turned}],
            "adjclose": [{"adjclose": rows["adj_close"].to_list()}],
        },
    }


def error(status: int, code: str, description: str) -> Answer:
    """Return Yahoo's error body."""
    body = {"chart": {"result": None, "error": {"code": code, "description": description}}}
    return Answer(dump(body), JSON, status)


def dump(body: dict[str, Any]) -> bytes:
    """Write JSON as Yahoo does, without spaces."""
    return json.dumps(body, separators=(",", ":")).encode()


ROUTES = {PATH: answer}
