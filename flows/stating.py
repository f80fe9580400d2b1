"""State what is published: facts are captured and recorded like what others state."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

import sources.statements
from flows import keeping, loading
from flows.loading import Loaded
from warehouse import publishing, stating
from warehouse.checks import Failure
from warehouse.publishing import Published


def publish(
    warehouse: duckdb.DuckDBPyConnection,
    data: Path,
    now: datetime,
    note: Callable[[list[Failure]], None] = lambda _: None,
) -> Published:
    """Publish, and record what is stated by it; `note` is given the failing checks before."""
    return publishing.publish(
        warehouse, data, now, lambda facts: state(warehouse, data, now, facts), note
    )


def state(
    warehouse: duckdb.DuckDBPyConnection, data: Path, now: datetime, facts: pl.DataFrame
) -> list[str]:
    """Record every fact that holds now, and what would be stated otherwise of earlier days.

    Gives a line for each problem.
    """
    loaded = Loaded()
    keep_changes(warehouse, data, now, facts)
    loading.load_waiting(warehouse, data, loaded)
    stating.begin(warehouse, now)
    days = stating.owed(warehouse)
    for day in days[: stating.MOST_DAYS]:
        keep_changes(warehouse, data, now, stating.evaluate(warehouse, day), day)
        loading.load_waiting(warehouse, data, loaded)
    stating.note(warehouse, days[stating.MOST_DAYS :], now)
    return loaded.problems


def keep_changes(
    warehouse: duckdb.DuckDBPyConnection,
    data: Path,
    now: datetime,
    facts: pl.DataFrame,
    day: date | None = None,
) -> None:
    """Capture the facts that are not stated so yet."""
    changed = stating.changes(warehouse, facts, day)
    if changed.height:
        payload = sources.statements.write(changed)
        keeping.keep(warehouse, data, sources.statements.facts(day), payload, now)
