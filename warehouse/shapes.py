"""The columns that each payload had: what a source changes is told, not found out by accident."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import duckdb

from schemas.capture import Capture


class Shape(NamedTuple):
    """The columns that a payload had, and the UTC day on which it reached us."""

    day: date
    columns: frozenset[str]


def keep(
    warehouse: duckdb.DuckDBPyConnection,
    capture: Capture,
    columns: Sequence[str],
    *,
    is_refused: bool = False,
) -> None:
    """Note the columns that a payload had, in place of what was noted when it was last tried.

    One without columns, an empty answer or a page, says nothing of its source's.
    """
    if not columns:
        return
    request = capture.request
    about = {
        "source": request.source,
        "dataset": request.dataset,
        "subject": request.subject,
        "scope": request.scope,
        "capture": capture.id,
        "known_at": capture.known_at,
        "is_refused": is_refused,
        "columns": list(columns),
    }
    warehouse.execute("delete from ops.source_shapes where capture = ?", [capture.id])
    line = ", ".join(f"${column} as {column}" for column in about)
    warehouse.execute(f"insert into ops.source_shapes by name select {line}", about)


def last_good(warehouse: duckdb.DuckDBPyConnection, capture: Capture) -> Shape | None:
    """Give the columns of the last payload before this one that answered the same question."""
    query = """
        select (known_at at time zone 'UTC')::date, columns
        from ops.source_shapes
        where scope = $scope and capture < $capture and not is_refused
        order by capture desc
        limit 1
    """
    about = {"scope": capture.request.scope, "capture": capture.id}
    found = warehouse.execute(query, about).fetchone()
    return Shape(found[0], frozenset(found[1])) if found else None
