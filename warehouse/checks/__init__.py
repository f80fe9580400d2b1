"""Checks: one SQL file each, named as the claim it defends, returning the rows that break it.

The header's Severity line says whether a failure blocks publishing (error) or is shown (warning).
"""

from pathlib import Path
from typing import NamedTuple

import duckdb

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
        query = file.read_text()
        rows = len(warehouse.execute(query).fetchall())
        if rows:
            found.append(Failure(file.stem, "-- Severity  error" in query, rows))
    return found
