"""The pipeline's own diary: each run, what it asked, how it ended, and what checks found then."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

import duckdb
import polars as pl

from warehouse.checks import Failure

Outcome = Literal["answered", "unchanged", "unanswered"]


class Run(NamedTuple):
    """A run: who it is, what it records, and when it was to start (None: nobody had planned it)."""

    run: str
    flow: str
    datasets: tuple[str, ...]
    started_at: datetime
    scheduled_at: datetime | None = None


class Question(NamedTuple):
    """One question of a run, and what came of it: answered, unchanged or unanswered, and why."""

    source: str
    dataset: str
    subject: str
    wanted_from: date | None
    asked_from: date | None
    asked_to: date | None
    asked_at: datetime
    outcome: Outcome
    reason: str | None = None


def begin(
    warehouse: duckdb.DuckDBPyConnection, run: Run, is_alive: Callable[[str], bool]
) -> list[str]:
    """Note that a run began; those that neither ended nor live were killed, and are marked so.

    Gives the runs that were marked.
    """
    running = "select run from ops.runs where state = 'running'"
    left = [found for (found,) in warehouse.execute(running).fetchall()]
    killed = [found for found in left if found != run.run and not is_alive(found)]
    for found in killed:
        warehouse.execute("update ops.runs set state = 'crashed' where run = ?", [found])
    warehouse.execute(
        """
        insert into ops.runs by name
        select
            $run as run, $flow as flow, $datasets::varchar[] as datasets,
            $started_at as started_at, $scheduled_at::timestamptz as scheduled_at,
            'running' as state, [] as summary
        """,
        run._asdict() | {"datasets": list(run.datasets)},
    )
    return killed


def brought_up_to_date(warehouse: duckdb.DuckDBPyConnection, run: Run) -> datetime | None:
    """Say when, since a run was due to start, another began that recorded the same: it is stale.

    A backfill does not count: it asks for a span of the past.
    """
    query = """
        select max(started_at)
        from ops.runs
        where
            started_at >= $scheduled_at and run <> $run and state <> 'crashed'
            and flow is distinct from 'backfill'
            and list_has_all(datasets, $datasets::varchar[])
    """
    about = {
        "scheduled_at": run.scheduled_at,
        "run": run.run,
        "datasets": list(run.datasets),
    }
    found = warehouse.execute(query, about).fetchone()
    return found[0] if found and run.scheduled_at else None


def begun_since(
    warehouse: duckdb.DuckDBPyConnection, datasets: Sequence[str], since: datetime
) -> list[tuple[str, bool]]:
    """List the runs that began since and record at least these datasets, and whether they ended.

    Those that crashed are left out; one that has not ended may have, too.
    """
    query = """
        select run, state <> 'running' as has_ended
        from ops.runs
        where
            started_at >= $since and state <> 'crashed'
            and list_has_all(datasets, $datasets::varchar[])
    """
    return warehouse.execute(query, {"since": since, "datasets": list(datasets)}).fetchall()


def finish(
    warehouse: duckdb.DuckDBPyConnection,
    run: str,
    now: datetime,
    problems: Sequence[str],
    state: str | None = None,
) -> None:
    """Note that a run ended, and what went wrong in it."""
    ended = state or ("failed" if problems else "completed")
    warehouse.execute(
        "update ops.runs set finished_at = ?, state = ?, summary = ? where run = ?",
        [now, ended, list(problems), run],
    )


def keep_questions(
    warehouse: duckdb.DuckDBPyConnection, run: str, questions: Iterable[Question]
) -> None:
    """Note what a run has asked, and what came of it."""
    asked = pl.DataFrame(list(questions), schema=SCHEMA, orient="row")
    if asked.height:
        warehouse.register("asked", asked)
        warehouse.execute("insert into ops.questions by name select ? as run, * from asked", [run])
        warehouse.unregister("asked")


SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "source": pl.String,
    "dataset": pl.String,
    "subject": pl.String,
    "wanted_from": pl.Date,
    "asked_from": pl.Date,
    "asked_to": pl.Date,
    "asked_at": pl.Datetime("us", "UTC"),
    "outcome": pl.String,
    "reason": pl.String,
}


def keep_checks(
    warehouse: duckdb.DuckDBPyConnection, run: str, failures: Iterable[Failure]
) -> None:
    """Note which checks failed at the end of a run."""
    for failure in failures:
        warehouse.execute(
            "insert into ops.check_results values (?, ?, ?, ?)",
            [run, failure.check, failure.severity, failure.rows],
        )
