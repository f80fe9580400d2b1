"""Nothing stays 'Running' for ever: a flow run that died without a word is said to have crashed.

Prefect notices the death of a run only while the process that started it lives. We know more: a run
holds a lock of its own in its data folder, which the system frees (`flows/alive.py`).
"""

import asyncio
import logging
import os
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.states import Crashed

from flows import alive
from flows.schedules import DEPLOYMENTS
from flows.server import LOGGERS, serves

T = TypeVar("T")

log = logging.getLogger(__name__)

UNFINISHED = [StateType.PENDING, StateType.RUNNING, StateType.CANCELLING]
# A run that has just freed its lock tells Prefect of its end next: do not speak for it before.
LAST_WORDS = 10.0
# A run that starts has no lock yet: a busy machine may take minutes to import everything.
LONGEST_START = timedelta(minutes=10)


async def living(data: Path, run: str, work: Awaitable[T]) -> T:
    """Do a run's work while it holds its lock; meanwhile, tell Prefect of runs that have died."""
    with alive.living(data, run):
        if FlowRunContext.get() is None:  # a test calls the flow as a function
            return await work
        speak()
        try:
            done, _ = await asyncio.gather(work, mark_crashed(data))
        except RuntimeError as error:
            if isinstance(error.__cause__, Exception | None):
                raise
            raise error.__cause__ from error  # a signal, of which DuckDB tells in its own way
        return done


def speak() -> None:
    """Let Prefect's page of a run have our lines, and not warnings only."""
    for name in LOGGERS.split(","):
        logger = logging.getLogger(name)
        logger.setLevel(logger.level or logging.INFO)


async def mark_crashed(data: Path) -> list[str]:
    """Say of each unfinished run of this data folder whose process is gone that it has crashed.

    Those of other folders and machines on the same server are left alone. What Prefect cannot be
    told now is left to the next run. Gives the names of the runs.
    """
    try:
        async with get_client() as client:
            return await marked(client, data)
    except httpx.HTTPError as error:
        log.warning("Prefect could not be asked for runs that have died: %r", error)
        return []


async def marked(client: PrefectClient, data: Path) -> list[str]:
    """Look twice, for what is dead at both times; then clear away the locks of the dead."""
    left = alive.dead(data)
    suspects = {run.id for run in await dead_runs(client, data, left)}
    found: list[FlowRun] = []
    if suspects:
        await asyncio.sleep(LAST_WORDS)
        found = [run for run in await dead_runs(client, data, left) if run.id in suspects]
    for run in found:
        await crash(client, run)
    for run_id in left:
        if not alive.is_alive(data, run_id):
            alive.forget(data, run_id)
    return [run.name for run in found]


async def dead_runs(client: PrefectClient, data: Path, left: list[str]) -> list[FlowRun]:
    """List the unfinished runs of this data folder whose process is gone.

    On any server those whose lock nobody holds; on the server of this folder, on which there are no
    others, also those that are past their start and have none.
    """
    unfinished = FlowRunFilterState(type=FlowRunFilterStateType(any_=UNFINISHED))
    if serves(data, os.environ.get("PREFECT_API_URL", "")):
        ours = FlowFilter(name=FlowFilterName(any_=[row.flow_name for row in DEPLOYMENTS]))
        runs = await client.read_flow_runs(
            flow_filter=ours, flow_run_filter=FlowRunFilter(state=unfinished)
        )
        return [
            run
            for run in runs
            if not alive.is_alive(data, str(run.id)) and (str(run.id) in left or has_started(run))
        ]
    if not left:
        return []
    among = FlowRunFilterId(any_=[UUID(run) for run in left])
    runs = await client.read_flow_runs(flow_run_filter=FlowRunFilter(id=among, state=unfinished))
    return [run for run in runs if not alive.is_alive(data, str(run.id))]


def has_started(run: FlowRun) -> bool:
    """Say whether a run must have a lock by now if it lives."""
    return bool(run.state and datetime.now(UTC) - run.state.timestamp > LONGEST_START)


async def crash(client: PrefectClient, run: FlowRun) -> None:
    """Say of a run, and of its tasks, that it has crashed."""
    told = "its process ended without a word: nobody holds the lock of this run"
    log.warning("run %s has crashed: %s", run.name, told)
    await client.set_flow_run_state(run.id, Crashed(message=told), force=True)
    unfinished = TaskRunFilterState(type=TaskRunFilterStateType(any_=UNFINISHED))
    tasks = await client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run.id])),
        task_run_filter=TaskRunFilter(state=unfinished),
    )
    for task in tasks:
        await client.set_task_run_state(task.id, Crashed(message=told), force=True)
