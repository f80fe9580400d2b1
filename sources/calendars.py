"""Exchange calendars: sessions as the library and the overrides gave them, kept like an answer.

They are computed, not fetched; but a later version of the library computes others, and a replay
must find what was believed.
"""

import io
from datetime import date

import polars as pl

from schemas.capture import Capture, Request
from schemas.parsed import Parsed

SOURCE = "calendars"


def sessions(calendar: str, version: str, first: date, last: date) -> Request:
    """Say which sessions are meant: a calendar's, by this version of the library and overrides."""
    return Request(SOURCE, "sessions", f"{calendar}@{version}", "", {}, first, last)


def write(sessions: pl.DataFrame) -> bytes:
    """Write sessions as the payload that is kept."""
    return sessions.drop("position").write_csv().encode()


def parse_sessions(payload: bytes, capture: Capture) -> Parsed:  # noqa: ARG001 -- one form for all
    """Read `sessions` back, in the table's columns, and `position`."""
    instant = pl.col("opens_at", "closes_at").str.to_datetime(time_unit="us", time_zone="UTC")
    listed = pl.read_csv(io.BytesIO(payload), schema_overrides={"session": pl.Date})
    numbered = listed.with_row_index("position").cast({"position": pl.Int64})
    return Parsed({"sessions": numbered.with_columns(instant)}, tuple(sorted(listed.columns)))
