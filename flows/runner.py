"""Prefect's runner on our schedules: it starts each run in a process of its own, and lives on."""

import asyncio
import io
import os
import signal
from contextlib import redirect_stdout
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any
from uuid import UUID

import duckdb
import httpx
from prefect import Flow, State
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterName,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows import recovery, terminal
from flows.overdue import overdue
from flows.schedules import DEPLOYMENTS, Deployment, Schedule
from flows.server import ServerError, is_healthy
from flows.settings import General
from flows.world import SandboxError, observe

CATCH_UP = "catch-up"
PATROL = timedelta(minutes=30)


async def serve(settings: General) -> None:
    """Run the schedules until SIGTERM, and catch up with what has missed its time.

    Raises:
        ServerError: Prefect's server has not answered for minutes.
    """
    runner = Runner(name="silverstreak", pause_on_shutdown=False)
    added = {
        row.name: await add(runner, row, settings.schedules.get(row.name)) for row in DEPLOYMENTS
    }
    await recovery.mark_crashed(settings.data)
    catching_up = asyncio.create_task(keep_up(settings, added["run"]))
    try:
        await until_stopped(runner)
    finally:
        catching_up.cancel()


async def add(runner: Runner, row: Deployment, schedule: Schedule | None) -> UUID:
    """Register a deployment, and give its id. Whatever served it before, it is ours now."""
    flow: Flow[..., Any] = getattr(import_module(f"flows.{row.flow}"), row.flow)
    tell: list[Any] = [partial(told, row.name)]  # Prefect's types want no partial functions
    return await runner.aadd_flow(
        flow.with_options(
            on_running=tell,
            on_completion=tell,
            on_failure=tell,
            on_cancellation=tell,
            on_crashed=tell,
        ),
        name=row.name,
        schedule=Cron(schedule.cron, timezone=schedule.timezone) if schedule else None,
        parameters=row.parameters,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def told(name: str, _flow: Flow[..., Any], run: FlowRun, state: State[Any]) -> None:
    """Say in one line that a run began or ended: in the process of the run, or in ours."""
    message = f": {state.message}" if state.message else ""
    terminal.tell_of_run(f"{name} ({run.name}) {(state.name or '').lower()}{message}", str(run.id))


async def keep_up(settings: General, deployment: UUID) -> None:
    """Look at once, and then now and again, for what has missed its time, and catch up with it.

    At once, since Prefect plans no runs while its server is down; later, for what died at its time.
    """
    grace = timedelta(0)
    while True:
        try:
            if late := overdue(settings, observe(settings).started_at - grace):
                terminal.log.info("catching up with %s", ", ".join(row.name for row in late))
                await catch_up(deployment, late)
        except (httpx.HTTPError, duckdb.Error, SandboxError, OSError) as error:
            terminal.log.warning("what has missed its time cannot be told now: %s", error)
        await asyncio.sleep(PATROL.total_seconds())
        grace = PATROL


async def catch_up(deployment: UUID, late: list[Deployment]) -> None:
    """Have everything that is late recorded in one run, instead of one that still waits for that.

    The runner starts it as soon as it looks.
    """
    datasets = sorted({dataset for row in late for dataset in row.datasets})
    waiting = FlowRunFilter(
        name=FlowRunFilterName(any_=[CATCH_UP]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
    )
    async with get_client() as client:
        for run in await client.read_flow_runs(flow_run_filter=waiting):
            await client.delete_flow_run(run.id)
        await client.create_flow_run_from_deployment(
            deployment, name=CATCH_UP, parameters={"datasets": datasets}
        )


async def until_stopped(runner: Runner) -> None:
    """Let the runner work until SIGTERM; then end it, and its runs."""
    stop = asyncio.Event()
    with redirect_stdout(io.StringIO()):  # the runner prints traces of what it cannot reach
        working = asyncio.create_task(runner.start())
        await asyncio.sleep(0)  # by now the runner has set a handler, whose place ours takes
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            await failed(working)
        if runner.started:
            await runner.astop()
        else:
            working.cancel()
        await asyncio.wait((working,))


async def failed(working: "asyncio.Task[None]") -> None:
    """Say why the runner gave up."""
    url = os.environ["PREFECT_API_URL"]
    try:
        await working
    except Exception as error:
        if is_healthy(url):
            raise
        raise ServerError(f"the Prefect server at {url} has not answered for minutes") from error
    raise RuntimeError("Prefect's runner has ended by itself")
