"""The steps that every recording flow is made of, each a Prefect task.

prepare  open the run, load what a crash left behind, and plan
fetch    ask one provider, and keep every answer as a capture
load     record the captures
close    check, publish and end the run
"""

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import duckdb
from prefect import State, task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed

from flows import (
    alerting,
    alive,
    artifacts,
    briefing,
    keeping,
    loading,
    planning,
    recovery,
    registry,
    stating,
    turns,
)
from flows.feeds import Feed
from flows.loading import Loaded
from flows.planning import Planned
from flows.settings import General, Provider, Settings
from flows.terminal import counted
from flows.world import World, observe
from schemas.capture import Endpoint, Request
from sources import captures
from sources.client import Answer, Client, Manners, Secrets, Unanswered, open_client
from sources.sniffing import is_one_of
from warehouse import runs
from warehouse.alerts import Alert, Owed
from warehouse.checks import Failure
from warehouse.connection import open_writer
from warehouse.publishing import Published
from warehouse.runs import Outcome, Question, Run

T = TypeVar("T")

BAD_REQUEST = 400
NOT_MODIFIED = 304

log = logging.getLogger(__name__)


@dataclass
class Report:
    """What a run came to: rows by table, what went wrong, what was published, seconds by step.

    `nothing_to_do` says why it has asked for nothing, if so; `alerts` are those that were raised,
    `owed` what is to be sent of them and of earlier ones.
    """

    loaded: Loaded
    problems: list[str] = field(default_factory=list)
    published: Path | None = None
    warnings: list[Failure] = field(default_factory=list)
    origin: str = "live"
    nothing_to_do: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)


async def record(datasets: frozenset[str]) -> State[Report]:
    """Record what is missing of the datasets, check and publish.

    A provider that fails fails its task and the run's state, but the others are recorded and
    published. Problems are a state, not an exception: `Failed`, with the report as its data. A run
    that starts late, when another has brought all up to date since, ends as `Skipped`; one that has
    nothing to ask since markets are closed, as `Market closed`.
    """
    settings = Settings()
    world = observe(settings)
    run = begun(world, datasets)
    report = Report(Loaded(), origin=world.origin)
    return await recovery.living(settings.data, run.run, recorded(run, settings, world, report))


def begun(world: World, datasets: frozenset[str]) -> Run:
    """Name this run as Prefect does, and tell when it was to start, by the world's clock."""
    context = FlowRunContext.get()
    flow_run = context and context.flow_run
    if not context or not flow_run:
        return Run(str(uuid4()), "run", tuple(sorted(datasets)), world.started_at)
    due = flow_run.expected_start_time if flow_run.auto_scheduled else None
    scheduled_at = world.started_at - (datetime.now(UTC) - due) if due else None
    flow = context.flow.name if context.flow else "run"
    return Run(str(flow_run.id), flow, tuple(sorted(datasets)), world.started_at, scheduled_at)


async def recorded(run: Run, settings: General, world: World, report: Report) -> State[Report]:
    """Record, in a run that has begun."""
    prepared = await timed(report, "plan", prepare(run, settings, world, report.loaded))
    if prepared.ends_as:
        report.nothing_to_do = prepared.reason
        await artifacts.leave_word(run, prepared.ends_as, prepared.reason)
        return Completed(name=prepared.ends_as, message=prepared.reason, data=report)
    questions = await ask_all(prepared.planned, settings, world, report)
    rewritten = await timed(report, "load", load(run, settings, world, report.loaded, questions))
    if rewritten and "quotes" in run.datasets:
        questions = await ask_all(rewritten, settings, world, report)
        await timed(report, "load", load(run, settings, world, report.loaded, questions))
    return await concluded(run, settings, world, report)


async def concluded(run: Run, settings: General, world: World, report: Report) -> State[Report]:
    """Check, publish and end a run; its problems make its state."""
    report.problems += report.loaded.problems
    published = await timed(report, "publish", close(run, settings, world, report))
    report.published = published.file
    report.warnings = [failure for failure in published.failures if not failure.blocks]
    alerted = alerting.tell(run, settings, world, report.alerts, report.owed)
    await timed(report, "alert", alerted)
    spent = {f"load {dataset}": seconds for dataset, seconds in report.loaded.seconds.items()}
    report.seconds |= spent
    if report.problems:
        return Failed(message="; ".join(report.problems)[:2000], data=report)
    return Completed(message=summary(report), data=report)


async def ask_all(
    planned: list[Planned], settings: General, world: World, report: Report
) -> list[Question]:
    """Ask all providers at once, each in its own task; tell what came of each question."""
    by_source: dict[str, list[Planned]] = {}
    for asked in planned:
        by_source.setdefault(asked.request.source, []).append(asked)
    states = await asyncio.gather(
        *(
            timed(report, f"fetch {source}", outcome(source, asked, settings, world))
            for source, asked in by_source.items()
        )
    )
    questions: list[Question] = []
    for source, state in zip(by_source, states, strict=True):
        if not state.is_completed():
            report.problems += (state.message or f"{source} failed").split("\n")
        answers = await state.aresult(raise_on_failure=False)  # Prefect wraps a state's data
        if isinstance(answers, list):  # else the task itself has failed
            questions += answers
    return questions


async def outcome(
    source: str, planned: list[Planned], settings: General, world: World
) -> State[list[Question]]:
    """Ask one provider, in a task whose failure is a state and not an exception."""
    task_run: Any = fetch(source, planned, settings, world, return_state=True)
    state: State[list[Question]] = await task_run  # Prefect's types take it for the state already
    return state


class Prepared(NamedTuple):
    """What a run is to ask; or, if there is nothing to do, the state that it ends as, and why."""

    planned: list[Planned]
    ends_as: str | None = None
    reason: str = ""


@task(task_run_name="plan", cache_policy=NO_CACHE, persist_result=False)
async def prepare(run: Run, settings: General, world: World, loaded: Loaded) -> Prepared:
    """Begin the run, load reference data and what a crash left behind, and plan what to ask."""
    with open_warehouse(settings, world) as warehouse:
        begin(warehouse, run, settings)
        if since := runs.brought_up_to_date(warehouse, run):
            return ended(warehouse, run, world, "Skipped", f"all was brought up to date {since}")
        take_stock(warehouse, settings, world, loaded)
        datasets = frozenset(run.datasets)
        questions = planning.plan(warehouse, settings, datasets, world.carried)
        closed = planning.closed_markets(warehouse, datasets)
        if closed and not questions and not loaded.counts and not loaded.problems:
            return ended(warehouse, run, world, "Market closed", closed)
        return Prepared(planning.unless_changed(warehouse, settings.data, questions))


def begin(warehouse: duckdb.DuckDBPyConnection, run: Run, settings: General) -> None:
    """Note that the run began, and which were killed."""
    for killed in runs.begin(warehouse, run, partial(alive.is_alive, settings.data)):
        log.warning("run %s was killed: this one goes on from what it left", killed)


def take_stock(
    warehouse: duckdb.DuckDBPyConnection, settings: General, world: World, loaded: Loaded
) -> None:
    """Load reference data, sessions and what a crash left behind: what a plan rests on."""
    keeping.keep_reference(warehouse, settings.data, world.now())
    loading.load_waiting(warehouse, settings.data, loaded)
    loaded.problems += keeping.keep_sessions(warehouse, settings.data, world.now())
    loading.load_waiting(warehouse, settings.data, loaded)
    loaded.problems += planning.strangers(warehouse)


def ended(
    warehouse: duckdb.DuckDBPyConnection, run: Run, world: World, state: str, reason: str
) -> Prepared:
    """End a run that has nothing to do."""
    runs.finish(warehouse, run.run, world.now(), [], state.lower())
    return Prepared([], state, reason)


@task(task_run_name="fetch {source}", cache_policy=NO_CACHE, persist_result=False)
async def fetch(
    source: str, planned: list[Planned], settings: General, world: World
) -> State[list[Question]]:
    """Ask one provider for everything, and keep each answer; fail if one was not answered.

    One process asks it at a time, in this data folder: the others wait for their turn.
    """
    try:
        async with (
            turns.turn(settings.data, source, settings.provider_wait),
            open_client(manners(settings, source)) as client,
        ):
            answers = [keep(client, alike, settings.data, world) for alike in by_place(planned)]
            asked = await artifacts.in_sight(source, answers)
    except turns.Busy as busy:
        unasked = [told(question, world, "unanswered", str(busy)) for question in planned]
        return Failed(message=str(busy), data=unasked)
    questions = [question for alike in asked for question in alike]
    failures = [alike[0].reason for alike in asked if alike[0].reason]
    if failures:
        return Failed(message="\n".join(gathered(failures)), data=questions)
    return Completed(message=f"{len(planned)} answers", data=questions)


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


def by_place(planned: list[Planned]) -> list[list[Planned]]:
    """Gather the questions that one answer serves: several series of one workbook."""
    alike: dict[str, list[Planned]] = {}
    for asked in planned:
        request = asked.request
        place = (request.site, request.path, request.params, request.body, dict(asked.unless))
        alike.setdefault(repr(place), []).append(asked)
    return list(alike.values())


async def keep(client: Client, alike: list[Planned], data: Path, world: World) -> list[Question]:
    """Ask once, and keep the answer to each question; tell what came of each.

    An answer that nothing has changed is a success that keeps nothing.
    """
    try:
        place, answer = await first_that_serves(client, alike[0])
    except Unanswered as unanswered:
        return [told(asked, world, "unanswered", str(unanswered)) for asked in alike]
    if answer.status == NOT_MODIFIED:
        return [told(asked, world, "unchanged") for asked in alike]
    for asked in alike:
        captures.keep(
            str(data / "captures"),
            asked.request.at(place),
            answer.payload,
            world.now(),
            status=answer.status,
            content_type=answer.content_type,
            origin=world.origin,
            validators=answer.validators,
        )
    return [told(asked, world, "answered") for asked in alike]


def told(asked: Planned, world: World, outcome: Outcome, reason: str | None = None) -> Question:
    """Tell what came of a question."""
    request = asked.request
    return Question(
        request.source, request.dataset, request.subject,
        asked.wanted_from, request.asked_from, request.asked_to,
        world.now(), outcome, reason,
    )  # fmt: skip


async def first_that_serves(client: Client, asked: Planned) -> tuple[Endpoint, Answer]:
    """Ask in turn the places that a provider has moved between, until one serves the format.

    Where none does, the first place's answer stands: the parser will say what it is instead.

    Raises:
        Unanswered: The first place has not answered, and no other serves the format.
    """
    request = asked.request
    served = registry.feed(request.source, request.dataset)
    places = [Endpoint(request.path, request.params, request.site), *request.otherwise]
    outcomes: list[tuple[Endpoint, Answer] | Unanswered] = []
    for place in places:
        try:
            unless = asked.unless if place is places[0] else {}
            found = await follow(client, request.at(place), served, unless)
        except Unanswered as failure:
            outcomes.append(failure)
            if failure.asks_for_rest:
                break
            continue
        if found[1].status == NOT_MODIFIED or serves(served, found[1]):
            if place is not places[0]:
                log.warning("%s: not its first place but %s answers", request.scope, found[0].path)
            return found
        outcomes.append(found)
    if isinstance(outcomes[0], Unanswered):
        raise outcomes[0]
    return outcomes[0]


async def follow(
    client: Client, request: Request, served: Feed, unless: Mapping[str, str]
) -> tuple[Endpoint, Answer]:
    """Ask, and where a page that links the file answers, ask at that link; say where it was."""
    answer = await client.fetch(request, unless)
    if served.link and (linked := served.link(answer.payload)):
        return linked, await client.fetch(request.at(linked))
    return Endpoint(request.path, request.params, request.site), answer


def serves(served: Feed, answer: Answer) -> bool:
    """Say whether an answer is in a format that the feed's parser reads."""
    return answer.status < BAD_REQUEST and is_one_of(answer.payload, served.formats)


@task(task_run_name="load", cache_policy=NO_CACHE, persist_result=False)
async def load(
    run: Run, settings: General, world: World, loaded: Loaded, questions: list[Question]
) -> list[Planned]:
    """Record the captures that wait; give the questions on series whose past was rewritten."""
    with open_warehouse(settings, world) as warehouse:
        runs.keep_questions(warehouse, run.run, questions)
        loading.load_waiting(warehouse, settings.data, loaded)
        if not may_rewrite(loaded):
            return []
        return planning.rewrites(warehouse, settings, world.carried)


def may_rewrite(loaded: Loaded) -> bool:
    """Say whether a source can have rewritten its past in what was loaded."""
    actions, bars = (loaded.counts.get(table) for table in ("corporate_actions", "bars"))
    return bool(actions and actions.new + actions.revised) or bool(bars and bars.revised)


@task(task_run_name="publish", cache_policy=NO_CACHE, persist_result=False)
async def close(run: Run, settings: General, world: World, report: Report) -> Published:
    """End the run, check the warehouse, and publish it unless a check blocks, which is added.

    What there is to be alerted to is raised before the copy is made, and added, too.
    """
    problems = report.problems
    with open_warehouse(settings, world) as warehouse:
        note = partial(take_note, warehouse, run, settings, world, report)
        runs.finish(warehouse, run.run, world.now(), problems)
        published = stating.publish(warehouse, settings.data, world.now(), note)
        problems += published.problems
        problems += [
            f"check failed: {failure.check}: {counted(failure.rows, 'row')}, such as "
            f"{failure.examples[0]}; not published"
            for failure in published.failures
            if failure.blocks
        ]
        if published.problems or published.file is None:
            runs.finish(warehouse, run.run, world.now(), problems)
        found = artifacts.find(warehouse, settings, run, world.carried)
    brief = briefing.after(settings, published)
    await artifacts.leave(run, report.loaded.counts, problems, published, found, brief)
    return published


def take_note(  # noqa: PLR0913, PLR0917 -- of all that a run is made of
    warehouse: duckdb.DuckDBPyConnection,
    run: Run,
    settings: General,
    world: World,
    report: Report,
    failures: list[Failure],
) -> None:
    """Note which checks fail at the end of a run, and raise what there is to be alerted to."""
    runs.keep_checks(warehouse, run.run, failures)
    report.alerts, report.owed = alerting.raise_all(warehouse, run, settings, world, failures)


def open_warehouse(
    settings: General, world: World
) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    """Open the warehouse for writing, in this world."""
    return open_writer(settings.data, world.origin, world.now(), settings.writer_wait)


def manners(settings: General, source: str) -> Manners:
    """Say how to treat a provider."""
    provider = settings.provider(source)
    return Manners(
        sites={"": provider.base_url, **provider.sites},
        headers={"User-Agent": provider.user_agent or settings.user_agent, **provider.headers},
        rate=provider.rate,
        concurrency=provider.concurrency,
        attempts=settings.attempts,
        timeout=settings.timeout,
        max_bytes=settings.max_bytes,
        secrets=secrets(source, provider),
    )


def secrets(source: str, provider: Provider) -> dict[str, Secrets]:
    """Put a provider's key where it belongs."""
    key = next(row.key for row in registry.PROVIDERS if row.name == source)
    if key is None or provider.api_key is None:
        return {}
    told = {key.name: provider.api_key.get_secret_value()}
    return {key.site: Secrets(headers=told) if key.place == "header" else Secrets(params=told)}


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
