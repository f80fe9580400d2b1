"""Stooq's download of daily bars: CSV with CRLF, and notices with status 200 in its place.

A program that says so gets 404. Keys and challenges are not played: the sandbox lets all others in.
"""

from datetime import date, datetime

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.ishares import day
from sandbox.market import Market, visible

PATH = "/q/d/l/"
PRICES = ("Open", "High", "Low", "Close")
NO_DATA = Answer(b"No data", "text/plain;charset=utf-8")


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"quotes": sorted(market.quotes)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for a symbol's daily bars; the window may be left out."""
    if not question.from_a_browser:
        return Answer(b"", "text/html", 404)
    vintages = market.quotes.get(question.query.get("s", "").lower())
    if vintages is None:
        return NO_DATA
    rows = inside(visible(vintages, now), question.query)
    if rows.is_empty():
        return NO_DATA
    has_volume = vintages["volume"].null_count() < vintages.height
    return Answer(table(rows, has_volume=has_volume), "text/csv;charset=utf-8")


def inside(rows: pl.DataFrame, query: dict[str, str]) -> pl.DataFrame:
    """Keep the days from d1 to d2, both included; what is no day bounds nothing."""
    first, last = day(query.get("d1", "")), day(query.get("d2", ""))
    return rows.filter(pl.col("date").is_between(first or date.min, last or date.max))


def table(rows: pl.DataFrame, *, has_volume: bool) -> bytes:
    """Write the rows; metals have no column Volume."""
    columns = [*PRICES, "Volume"] if has_volume else [*PRICES]
    written = rows.select(
        pl.col("date").alias("Date"), *(shortest(name.lower()).alias(name) for name in columns)
    )
    return written.write_csv(line_terminator="\r\n").encode()


def shortest(column: str) -> pl.Expr:
    """Write numbers in as few digits as tell them apart: 3, not 3.0."""
    return pl.col(column).cast(pl.Float64).cast(pl.String).str.strip_suffix(".0")


ROUTES = {PATH: answer}
