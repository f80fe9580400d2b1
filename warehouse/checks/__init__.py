"""Checks: one SQL file each, named as the claim it defends, returning the rows that break it.

The header's Severity line says whether a failure blocks publishing (error) or is shown (warning).
A check that names {table} and {key} is asked of every table.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from schemas.tables import TABLES
from schemas.tables.model import key
from warehouse.tables import name

FOLDER = Path(__file__).parent


class Failure(NamedTuple):
    """A check that found rows: its name, whether it blocks publishing, and how many."""

    check: str
    blocks: bool
    rows: int


def failing(warehouse: duckdb.DuckDBPyConnection) -> list[Failure]:
    """Run all checks and name those that find at least one row."""
    found = []
    for file in sorted(FOLDER.glob("*.sql")):
        text = file.read_text()
        rows = sum(len(warehouse.execute(query).fetchall()) for query in queries(text))
        if rows:
            found.append(Failure(file.stem, "-- Severity  error" in text, rows))
    return found


def queries(text: str) -> Iterator[str]:
    """Give a check's query, or one for every table."""
    if "{table}" not in text:
        yield text
        return
    for schema in TABLES:
        yield text.format(table=name(schema), key=", ".join(key(schema)))
