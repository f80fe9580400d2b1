"""FRED: series as tables without a key, and by its API with one; a missing value differs by form.

An unknown id gets a page from the one and an error in JSON from the other.
"""

import json
import re
from datetime import date, datetime

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market, visible

TABLE = "/graph/fredgraph.csv"
OBSERVATIONS = "/fred/series/observations"
KEY = re.compile("[0-9a-f]{32}")
PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Error - St. Louis Fed</title></head>"
    b"<body><h1>The page was not found</h1></body></html>\n"
)
FIRST_DAY, LAST_DAY = "1600-01-01", "9999-12-31"
MOST_ROWS = 100_000
NO_KEY = "Bad Request.  Variable api_key is not set."
UNKNOWN_KEY = "Bad Request. The value for variable api_key is not registered."
UNKNOWN_SERIES = "Bad Request. The series does not exist."


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"rates": sorted(market.rates)}


def table(market: Market, now: datetime, question: Question) -> Answer:
    """Serve one series, or several side by side with blanks, as a table."""
    ids = question.query.get("id", "").split(",")
    if not {*ids} <= {*market.rates}:
        return Answer(PAGE, "text/html; charset=utf-8", 404)
    first, last = question.query.get("cosd", FIRST_DAY), question.query.get("coed", LAST_DAY)
    series = [window(market, now, name, first, last).rename({"value": name}) for name in ids]
    wide = pl.concat(series, how="align_full").select(
        pl.col("date").alias("observation_date"), *ids
    )
    return Answer(
        wide.write_csv(null_value="").encode(),
        "text/csv",
        headers={"content-disposition": f"attachment; filename={'_'.join(ids)}.csv"},
        empty=wide.clear().write_csv().encode(),
    )


def window(market: Market, now: datetime, name: str, first: str, last: str) -> pl.DataFrame:
    """Return date and value, as text, of the days asked for, as far as they are public."""
    rows = visible(market.rates[name], now).select(pl.col("date").cast(pl.String), written("value"))
    return rows.filter(pl.col("date").is_between(pl.lit(first), pl.lit(last)))


def written(column: str) -> pl.Expr:
    """Write two decimals as they are stored, 5.50, and more of them in full."""
    stored = pl.col(column).cast(pl.Decimal(18, 2), strict=False)
    is_short = stored.cast(pl.Float64) == pl.col(column)
    return pl.when(is_short).then(stored.cast(pl.String)).otherwise(pl.col(column).cast(pl.String))


def observations(market: Market, now: datetime, question: Question) -> Answer:
    """Serve a page of one series to a client with a key."""
    key, name = question.query.get("api_key"), question.query.get("series_id", "")
    if key is None:
        return refusal(NO_KEY)
    if not KEY.fullmatch(key):
        return refusal(UNKNOWN_KEY)
    if name not in market.rates:
        return refusal(UNKNOWN_SERIES)
    asked = {
        "observation_start": question.query.get("observation_start", FIRST_DAY),
        "observation_end": question.query.get("observation_end", LAST_DAY),
    }
    rows = window(market, now, name, *asked.values()).with_columns(pl.col("value").fill_null("."))
    order = question.query.get("sort_order", "asc")
    ordered = rows.sort("date", descending=order == "desc")
    about = realtime(now.date()) | asked | {"sort_order": order}
    return page(ordered, about, question)


def realtime(today: date) -> dict[str, str]:
    """Say as of when the values are: today."""
    return {"realtime_start": f"{today}", "realtime_end": f"{today}"}


def page(rows: pl.DataFrame, about: dict[str, str], question: Question) -> Answer:
    """Write `limit` rows from `offset` on; `count` says how many there are."""
    offset, limit = (
        int(question.query.get(name, default))
        for name, default in [("offset", "0"), ("limit", f"{MOST_ROWS}")]
    )
    instant = {name: about[name] for name in ("realtime_start", "realtime_end")}
    listed = [instant | row for row in rows.slice(offset, limit).to_dicts()]
    fixed = {"units": "lin", "output_type": 1, "file_type": "json", "order_by": "observation_date"}
    counted = {"count": rows.height, "offset": offset, "limit": limit}
    body = as_json(about | fixed | counted | {"observations": listed})
    empty = as_json(about | fixed | counted | {"count": 0, "observations": []})
    return Answer(body, "application/json; charset=UTF-8", empty=empty)


def refusal(message: str) -> Answer:
    """Refuse a request in the API's form."""
    body = as_json({"error_code": 400, "error_message": message})
    return Answer(body, "application/json; charset=UTF-8", 400)


def as_json(document: dict[str, object]) -> bytes:
    """Write JSON as the API does, without blanks."""
    return json.dumps(document, separators=(",", ":")).encode()


ROUTES = {TABLE: table, OBSERVATIONS: observations}
