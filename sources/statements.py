"""Published facts: kept like an answer, so that a replay knows what was stated, and when."""

import io
from datetime import date

import polars as pl

from schemas.capture import Capture, Request
from schemas.parsed import Parsed

SOURCE = "silverstreak"
NOT_TEXT = {
    "as_of": pl.Date,
    "is_withdrawn": pl.Boolean,
    "value": pl.Float64,
    "rank": pl.Int64,
    "rank_if_counted": pl.Int64,
    "complete": pl.Boolean,
}
TEXT = ("fact", "subject", "measure", "unit", "statement", "labels")


def facts(day: date | None) -> Request:
    """Say which facts are meant: those as of a day looked back at (None: the latest ones)."""
    return Request(SOURCE, "stated_facts", "facts", "", asked_from=day, asked_to=day)


def write(facts: pl.DataFrame) -> bytes:
    """Write facts, in the columns of `stated_facts`, as the payload that is kept."""
    return facts.write_csv().encode()


def parse_facts(payload: bytes, capture: Capture) -> Parsed:  # noqa: ARG001 -- one form for all
    """Read facts back, in the table's columns, and `position`."""
    types = NOT_TEXT | dict.fromkeys(TEXT, pl.String)
    rows = pl.read_csv(io.BytesIO(payload), schema_overrides=types)
    numbered = rows.with_row_index("position").cast({"position": pl.Int64})
    return Parsed({"stated_facts": numbered}, tuple(sorted(rows.columns)))
