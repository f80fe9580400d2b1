"""Candles as exchanges serve them: a list of arrays, one per day, told apart by position."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from schemas.capture import Capture, Refused
from sources.documents import numbered, series

LONGEST_QUOTE = 200  # characters of an exchange's own words that a refusal repeats


def opens_at(day: date) -> int:
    """Give the unix seconds at which a day's candle opens: its beginning in UTC."""
    return int(datetime.combine(day, time(0), UTC).timestamp())


def start(asked_from: date, asked_to: date, most: int) -> date:
    """Move the start of a window that one answer cannot hold forward, to its `most` latest days."""
    return max(asked_from, asked_to - timedelta(days=most - 1))


def candles(rows: object, elements: dict[str, type[pl.DataType]], capture: Capture) -> pl.DataFrame:
    """Read a list of arrays into columns: the names and types of an array's elements, in order.

    Raises:
        Refused: It is no list, an array is longer or shorter, or an element is of another type.
    """
    scope = capture.request.scope
    if not isinstance(rows, list):
        raise Refused(f"{scope}: the answer is no list of candles")
    if not all(isinstance(row, list) for row in rows):
        raise Refused(f"{scope}: a candle is no array")
    lengths = {len(row) for row in rows} - {len(elements)}
    if lengths:
        told = ", ".join(map(str, sorted(lengths)))
        raise Refused(f"{scope}: a candle has {told} elements where {len(elements)} were promised")
    columns = [
        series(name, [row[nth] for row in rows], dtype, capture)
        for nth, (name, dtype) in enumerate(elements.items())
    ]
    return numbered(pl.DataFrame(columns))


def must_be_daily(frame: pl.DataFrame, is_daily: pl.Expr, capture: Capture) -> None:
    """Refuse candles of another interval: most of them are no whole day's. A stray is left."""
    strays = frame.height - frame.filter(is_daily).height
    if 2 * strays > frame.height:
        told = f"{strays} of {frame.height} candles are not those of a day, which was asked"
        raise Refused(f"{capture.request.scope}: {told}")


def stated(*words: object) -> str:
    """Give an exchange's own words on one line."""
    line = " ".join(" ".join(str(word).split()) for word in words)
    return line[:LONGEST_QUOTE].encode(errors="replace").decode()
