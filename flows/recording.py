"""The steps that every recording flow is made of, each a Prefect task.

prepare  open the run, load what a crash left behind, and plan
fetch    ask one provider, and keep every answer as a capture
load     record the captures
close    check, publish and end the run
"""

import asyncio
from collections.abc import Awaitable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import duckdb
from prefect import State, task
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed

from flows import keeping, loading, planning
from flows.loading import Loaded
from flows.settings import Settings
from flows.terminal import counted
from flows.world import World, observe
from schemas.capture import Request
from sources import captures
from sources.client import Client, Manners, Unanswered, open_client
from warehouse import runs
from warehouse.checks import Failure
from warehouse.connection import open_writer
from warehouse.publishing import Published, publish

T = TypeVar("T")


@dataclass
class Report:
    """What a run came to: rows by table, what went wrong, what was published, seconds by step."""

    loaded: Loaded
    problems: list[str] = field(default_factory=list)
    published: Path | None = None
    warnings: list[Failure] = field(default_factory=list)
    origin: str = "live"
    seconds: dict[str, float] = field(default_factory=dict)


async def record(datasets: frozenset[str]) -> State[Report]:
    """Record what is missing of the datasets, check and publish.

    A provider that fails fails its task and the run's state, but the others are recorded and
    published. Problems are a state, not an exception: `Failed`, with the report as its data.
    """
    settings = Settings()
    world = observe(settings)
    run = f"{world.started_at:%Y-%m-%dT%H:%M:%S.%fZ} {uuid4().hex[:8]}"
    report = Report(Loaded(), origin=world.origin)
    requests = await timed(report, "plan", prepare(run, settings, world, datasets, report.loaded))
    await ask_all(requests, settings, world, report)
    rewritten = await timed(report, "load", load(settings, world, report.loaded))
    if rewritten and "quotes" in datasets:
        await ask_all(rewritten, settings, world, report)
        await timed(report, "load", load(settings, world, report.loaded))
    report.problems += report.loaded.problems
    published = await timed(report, "publish", close(run, settings, world, report.problems))
    report.published = published.file
    report.warnings = [failure for failure in published.failures if not failure.blocks]
    spent = {f"load {dataset}": seconds for dataset, seconds in report.loaded.seconds.items()}
    report.seconds |= spent
    if report.problems:
        return Failed(message="; ".join(report.problems)[:2000], data=report)
    return Completed(message=summary(report), data=report)


async def ask_all(
    requests: list[Request], settings: Settings, world: World, report: Report
) -> None:
    """Ask all providers at once, each in its own task."""
    by_source: dict[str, list[Request]] = {}
    for request in requests:
        by_source.setdefault(request.source, []).append(request)
    states = await asyncio.gather(
        *(
            timed(report, f"fetch {source}", outcome(source, asked, settings, world))
            for source, asked in by_source.items()
        )
    )
    for source, state in zip(by_source, states, strict=True):
        if not state.is_completed():
            report.problems += (state.message or f"{source} failed").split("\n")


async def outcome(
    source: str, requests: list[Request], settings: Settings, world: World
) -> State[int]:
    """Ask one provider, in a task whose failure is a state and not an exception."""
    task_run: Any = fetch(source, requests, settings, world, return_state=True)
    state: State[int] = await task_run  # Prefect's types take it for the state already
    return state


@task(task_run_name="plan", cache_policy=NO_CACHE, persist_result=False)
async def prepare(
    run: str, settings: Settings, world: World, datasets: frozenset[str], loaded: Loaded
) -> list[Request]:
    """Begin the run, load reference data and what a crash left behind, and plan what to ask."""
    with open_warehouse(settings, world) as warehouse:
        runs.begin(warehouse, run, world.started_at)
        keeping.keep_reference(warehouse, settings.data, world.now())
        loading.load_waiting(warehouse, settings.data, loaded)
        loaded.problems += keeping.keep_sessions(warehouse, settings.data, world.now())
        loading.load_waiting(warehouse, settings.data, loaded)
        loaded.problems += planning.strangers(warehouse)
        return planning.plan(warehouse, settings, datasets, world.carried)


@task(task_run_name="fetch {source}", cache_policy=NO_CACHE, persist_result=False)
async def fetch(
    source: str, requests: list[Request], settings: Settings, world: World
) -> State[int]:
    """Ask one provider for everything, and keep each answer; fail if one was not answered."""
    async with open_client(manners(settings, source)) as client:
        unanswered = await asyncio.gather(
            *(keep(client, request, settings.data, world) for request in requests)
        )
    failures = [failure for failure in unanswered if failure]
    if failures:
        return Failed(message="\n".join(gathered(failures)))
    return Completed(message=f"{len(requests)} answers", data=len(requests))


def gathered(failures: list[str]) -> list[str]:
    """Tell each reason once, with what it befell: a provider that is down is one line."""
    befell: dict[str, list[str]] = {}
    for failure in failures:
        scope, _, reason = failure.partition(": ")
        befell.setdefault(reason, []).append(scope)
    return [
        f"{scopes[0]}{f' and {len(scopes) - 1} more' if scopes[1:] else ''}: {reason}"
        for reason, scopes in befell.items()
    ]


async def keep(client: Client, request: Request, data: Path, world: World) -> str | None:
    """Ask once, and keep the answer as a capture; give the reason if there was none."""
    try:
        answer = await client.fetch(request)
    except Unanswered as unanswered:
        return str(unanswered)
    captures.keep(
        str(data / "captures"),
        request,
        answer.payload,
        world.now(),
        status=answer.status,
        content_type=answer.content_type,
        origin=world.origin,
    )
    return None


@task(task_run_name="load", cache_policy=NO_CACHE, persist_result=False)
async def load(settings: Settings, world: World, loaded: Loaded) -> list[Request]:
    """Record the captures that wait; give the requests for series whose past was rewritten."""
    with open_warehouse(settings, world) as warehouse:
        loading.load_waiting(warehouse, settings.data, loaded)
        recorded_bars = "bars" in loaded.counts
        return planning.rewrites(warehouse, settings, world.carried) if recorded_bars else []


@task(task_run_name="publish", cache_policy=NO_CACHE, persist_result=False)
async def close(run: str, settings: Settings, world: World, problems: list[str]) -> Published:
    """End the run, check the warehouse, and publish it unless a check blocks, which is added."""
    with open_warehouse(settings, world) as warehouse:
        runs.finish(warehouse, run, world.now(), problems)
        published = publish(warehouse, settings.data, world.now())
        problems += [
            f"check failed: {failure.check}: {counted(failure.rows, 'row')}, such as "
            f"{failure.examples[0]}; not published"
            for failure in published.failures
            if failure.blocks
        ]
        if published.file is None:
            runs.finish(warehouse, run, world.now(), problems)
        return published


def open_warehouse(
    settings: Settings, world: World
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing, in this world."""
    return open_writer(settings.data, world.origin, world.now(), settings.writer_wait)


def manners(settings: Settings, source: str) -> Manners:
    """Say how to treat a provider."""
    provider = settings.provider(source)
    return Manners(
        base_url=provider.base_url,
        user_agent=settings.user_agent,
        rate=provider.rate,
        concurrency=provider.concurrency,
        attempts=settings.attempts,
        timeout=settings.timeout,
        max_bytes=settings.max_bytes,
        hosts=frozenset({urlsplit(provider.base_url).hostname or ""}),
    )


async def timed(report: Report, step: str, work: Awaitable[T]) -> T:
    """Await a step, and add its seconds to the report."""
    started = monotonic()
    try:
        return await work
    finally:
        report.seconds[step] = report.seconds.get(step, 0) + monotonic() - started


def summary(report: Report) -> str:
    """Count what was stored, in one line."""
    new = sum(recorded.new for recorded in report.loaded.counts.values())
    revised = sum(recorded.revised for recorded in report.loaded.counts.values())
    changes = len(report.loaded.changes)
    told = f", {counted(changes, 'change')} of sources" if changes else ""
    return f"{new} new, {revised} revised{told}"
