"""A span of the past: ask for all that is missing of it, chunk by chunk, check and publish."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
from prefect import State, flow, task
from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from flows import backfilling, loading, planning, recording, recovery, terminal
from flows.backfilling import Plan, Span
from flows.loading import Loaded
from flows.planning import Planned
from flows.recording import Report, ask_all, open_warehouse, timed
from flows.settings import General, Settings
from flows.world import World, observe
from warehouse import runs
from warehouse.runs import Question, Run

LEFT_ALONE = "no answer at all: left alone for the rest of the backfill, which may be repeated"

Tell = Callable[[int, date], Awaitable[None]]

log = logging.getLogger(__name__)


@flow(persist_result=False)
async def backfill(from_day: date, to_day: date, only: tuple[str, ...] = ()) -> State[Report]:
    """Record what is missing of a span of market days, the latest first, check and publish.

    May be killed and run again: what is captured is loaded first, and what is stored, or confirmed
    as empty, is not asked for again. Scheduled runs go on beside it: the warehouse is held only
    while a portion is loaded, a provider only while it is asked a portion.

    Args:
        from_day: First market day.
        to_day: Last market day.
        only: Datasets or subjects, such as holdings or IVV; none: all that can be backfilled.

    Raises:
        WrongUse: There is no such span, dataset or subject.
    """
    settings = Settings()
    world = observe(settings)
    wanted = backfilling.span(from_day, to_day, only, world.now().date())
    run = recording.begun(world, frozenset(wanted.datasets))._replace(flow="backfill")
    work = Work(run, settings, world, wanted, Report(Loaded(), origin=world.origin))
    return await recovery.living(settings.data, run.run, backfilled(work))


@dataclass(frozen=True)
class Work:
    """A backfill: its run, where it takes place, what is wanted, and what it has come to."""

    run: Run
    settings: General
    world: World
    wanted: Span
    report: Report


async def backfilled(work: Work) -> State[Report]:
    """Backfill chunk by chunk, in a run that has begun: plan, ask and load each."""
    chunks = await timed(work.report, "plan", prepare(work))
    left_alone: set[str] = set()
    async with progress(sum(chunks.values())) as tell:
        for chunk in chunks:
            planned = await timed(work.report, "plan", plan(work, chunk, left_alone))
            left_alone |= await ask_for(work, chunk, planned, tell)
    return await recording.concluded(work.run, work.settings, work.world, work.report)


@task(task_run_name="plan", cache_policy=NO_CACHE, persist_result=False)
async def prepare(work: Work) -> dict[date, int]:
    """Begin the run, load what a crash left behind, and count the questions of each chunk."""
    with open_warehouse(work.settings, work.world) as warehouse:
        recording.begin(warehouse, work.run, work.settings)
        recording.take_stock(warehouse, work.settings, work.world, work.report.loaded)
        chunks = questions(warehouse, work)
    if not chunks:
        log.info("nothing to ask for from %s to %s", work.wanted.first, work.wanted.last)
    return {chunk: len(planned) for chunk, planned in chunks.items()}


def questions(
    warehouse: duckdb.DuckDBPyConnection, work: Work, left_alone: Collection[str] = ()
) -> Plan:
    """List the questions on what is missing now, by chunk."""
    return backfilling.plan(warehouse, work.settings, work.wanted, work.world.carried, left_alone)


@task(task_run_name="plan {chunk}", cache_policy=NO_CACHE, persist_result=False)
async def plan(work: Work, chunk: date, left_alone: Collection[str]) -> list[Planned]:
    """Plan a chunk anew: a run beside this one may have asked for some of it."""
    with open_warehouse(work.settings, work.world) as warehouse:
        planned = questions(warehouse, work, left_alone).get(chunk, [])
        return planning.unless_changed(warehouse, work.settings.data, planned)


async def ask_for(work: Work, chunk: date, planned: list[Planned], tell: Tell) -> set[str]:
    """Ask a chunk's questions, portion by portion; name what is not to be asked any more.

    That is who answers nothing at all, whose answers to a whole chunk are refused, and who has
    told all it has.
    """
    began = work.world.now()
    left_alone, fruitless = backfilling.beyond(planned, chunk), set[str]()
    for portion in backfilling.portions(planned):
        asked = [one for one in portion if one.request.source not in left_alone]
        if asked:
            answers = await ask_all(asked, work.settings, work.world, work.report)
            silent = backfilling.silent(asked, answers)
            work.report.problems += [f"{source}: {LEFT_ALONE}" for source in sorted(silent)]
            left_alone |= silent
            fruitless = await timed(work.report, "load", load(work, answers, began))
        await tell(len(portion), chunk)
    return left_alone | fruitless


@task(task_run_name="load", cache_policy=NO_CACHE, persist_result=False)
async def load(work: Work, answers: list[Question], since: datetime) -> set[str]:
    """Record the captures that wait; name the scopes of which all was refused since a moment."""
    with open_warehouse(work.settings, work.world) as warehouse:
        runs.keep_questions(warehouse, work.run.run, answers)
        loading.load_waiting(warehouse, work.settings.data, work.report.loaded)
        return backfilling.fruitless(warehouse, since)


@asynccontextmanager
async def progress(total: int) -> AsyncIterator[Tell]:
    """Show how many questions were asked: to who looks on, and as an artifact of a flow's run."""
    told = FlowRunContext.get()  # else nobody but a test runs it
    artifact = await acreate_progress_artifact(0, key="backfill") if told else None
    done = 0
    with terminal.progress(total, "question") as show:

        async def tell(asked: int, chunk: date) -> None:
            nonlocal done
            done += asked
            show(done, f"quarter of {chunk}")
            if artifact:
                await aupdate_progress_artifact(artifact, min(100 * done / total, 100))

        yield tell
    if artifact:
        await aupdate_progress_artifact(artifact, 100)
