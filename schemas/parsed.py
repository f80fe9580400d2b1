"""What a parser gives: the rows of each table, and the columns that the payload had."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import polars as pl

from schemas.capture import Refused

MOST_NAMED = 8


class Parsed(NamedTuple):
    """A payload as read: frames in the provider's own columns, by table, and its shape.

    `columns` are the names under which the provider served values, sorted: a header's names, the
    paths in a document. Without rows to show them there are none.
    """

    tables: dict[str, pl.DataFrame]
    columns: tuple[str, ...]


@contextmanager
def having(columns: Iterable[str]) -> Iterator[None]:
    """Let a refusal inside tell which columns the payload had."""
    try:
        yield
    except Refused as refusal:
        refusal.columns = tuple(columns)
        raise


def lacking(who: str, missing: Iterable[str], columns: Iterable[str]) -> Refused:
    """Refuse what lacks columns that were promised, listing those it has instead."""
    has = ", ".join(map(repr, columns)) or "no columns"
    return Refused(f"{who}: column {', '.join(missing)} is missing", f"; the payload has {has}")


def quoted(columns: Iterable[str]) -> str:
    """List columns on one line, the first of them if there are many."""
    names = [repr(column) for column in columns]
    more = f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else ""
    return ", ".join(names[:MOST_NAMED]) + more
