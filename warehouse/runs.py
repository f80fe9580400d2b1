"""The pipeline's own diary: when each run began and ended, and what it found."""

from datetime import datetime

import duckdb


def begin(warehouse: duckdb.DuckDBPyConnection, run: str, now: datetime) -> None:
    """Note that a run began; one that never ended before it was killed, and is marked so."""
    warehouse.execute("update ops.runs set state = 'crashed' where state = 'running'")
    warehouse.execute("insert into ops.runs values (?, ?, null, 'running', [])", [run, now])


def finish(
    warehouse: duckdb.DuckDBPyConnection, run: str, now: datetime, problems: list[str]
) -> None:
    """Note that a run ended, and what went wrong in it."""
    warehouse.execute(
        "update ops.runs set finished_at = ?, state = ?, summary = ? where run = ?",
        [now, "failed" if problems else "completed", problems, run],
    )
