"""JSON documents: followed step by step, and read into columns, or refused in one line."""

import json
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any, TypeVar

import polars as pl

from schemas.capture import Capture, Refused
from sources.sniffing import sniff

# What JSON may bring for a column: bool is an int to Python and a mistake to us.
ELEMENTS: dict[type[pl.DataType], set[type]] = {
    pl.Float64: {int, float, NoneType},
    pl.Int64: {int, NoneType},
    pl.String: {str, NoneType},
}

T = TypeVar("T")


def document(payload: bytes, capture: Capture) -> Any:  # noqa: ANN401 -- JSON is anything
    """Read a JSON document; Python's reader takes the `Infinity` and `NaN` that some send.

    Raises:
        Refused: It is no JSON, or broken, cut off or nested without end.
    """
    text = sniff(payload, capture, wanted="json")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{capture.request.scope}: broken or cut-off JSON ({error})") from error


def found(holder: Any, *steps: str | int) -> Any:  # noqa: ANN401 -- JSON is anything
    """Follow names and indexes into an answer; None where they lead nowhere."""
    for step in steps:
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return None
    return holder


def part(holder: object, *steps: str | int, kind: type[T], capture: Capture) -> T:
    """Follow names and indexes into an answer, or refuse it for what is not there."""
    value, path = found(holder, *steps), ".".join(map(str, steps))
    if value is None:
        raise Refused(f"{capture.request.scope}: the answer has no {path}")
    if not isinstance(value, kind):
        raise Refused(f"{capture.request.scope}: {path} is no {kind.__name__}")
    return value


def records(
    rows: Iterable[object], types: dict[str, type[pl.DataType]], capture: Capture
) -> pl.DataFrame:
    """Read a list of objects into columns of these names and types; an absent value is null.

    Raises:
        Refused: An element is no object, or holds a value of another type.
    """
    listed = list(rows)
    if not all(isinstance(row, dict) for row in listed):
        raise Refused(f"{capture.request.scope}: an element of the list is no object")
    columns = [
        series(name, [found(row, name) for row in listed], dtype, capture)
        for name, dtype in types.items()
    ]
    return numbered(pl.DataFrame(columns))


def names(rows: Iterable[object]) -> tuple[str, ...]:
    """Give the names that occur in a list of objects, sorted: its shape."""
    seen = {name for row in rows if isinstance(row, dict) for name in row}
    return tuple(sorted(name.encode(errors="replace").decode() for name in seen))


def series(
    name: str, values: Sequence[Any], dtype: type[pl.DataType], capture: Capture
) -> pl.Series:
    """Read one array as a column, or refuse the payload for elements of another type."""
    strays = set(map(type, values)) - ELEMENTS[dtype]
    if strays:
        types = ", ".join(sorted(stray.__name__ for stray in strays))
        raise Refused(f"{capture.request.scope}: {name} holds {types}, not only {dtype.__name__}")
    try:
        return pl.Series(name, values, dtype=dtype)
    except (TypeError, OverflowError) as error:
        raise Refused(f"{capture.request.scope}: {name} holds too large a number") from error
    except UnicodeEncodeError as error:
        raise Refused(f"{capture.request.scope}: {name} holds no text but half a sign") from error


def numbered(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `position`, the row in the payload."""
    return frame.with_columns(position=pl.int_range(pl.len(), dtype=pl.Int64))
