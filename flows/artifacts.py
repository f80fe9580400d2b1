"""What each run leaves on Prefect's pages beside its log: artifacts, and events of assets.

Their keys are those of the runs before, so that the pages show a history. Outside of a flow nothing
is left. A run does not fail because Prefect cannot be told: the warehouse knows all of it, too.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import duckdb
import httpx
import polars as pl
from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)
from prefect.assets import Asset
from prefect.context import AssetContext, FlowRunContext
from prefect.exceptions import PrefectException
from prefect.runtime import deployment
from prefect.states import Completed

from flows import gaps, status
from flows.planning import Carried
from flows.registry import FEEDS
from flows.settings import General
from flows.terminal import counted
from warehouse import asking
from warehouse.checks import Failure
from warehouse.ledger import Recorded
from warehouse.publishing import Published
from warehouse.runs import Run
from warehouse.tables import name

T = TypeVar("T")
Counts = Mapping[str, Recorded]
"""Rows by table."""

SHOWN = ("seen", "new", "revised", "unchanged", "gone", "stale", "rejected")
ASSET = "silverstreak://{}"
UNTOLD = (httpx.HTTPError, PrefectException)
PATIENCE = 3.0  # seconds between two looks: what ends sooner shows no progress

log = logging.getLogger(__name__)


class Findings(NamedTuple):
    """What is open at the end of a run: gaps of its datasets by reason, rejections by check.

    `fed` are the sources of each table that are switched on.
    """

    gaps: pl.DataFrame
    rejections: pl.DataFrame
    fed: dict[str, list[str]]


def find(
    warehouse: duckdb.DuckDBPyConnection, settings: General, run: Run, carried: Carried
) -> Findings | None:
    """Look what is open, if anybody wants to know: Prefect does, of a flow's run."""
    if FlowRunContext.get() is None:
        return None
    missing = gaps.by_reason(gaps.ranges(warehouse, settings, run.datasets, carried))
    rejections = asking.ask(warehouse, status.SECTIONS["open rejections"])
    return Findings(missing, rejections, feeding(warehouse, settings, run.datasets))


def feeding(
    warehouse: duckdb.DuckDBPyConnection, settings: General, datasets: Collection[str]
) -> dict[str, list[str]]:
    """Name the sources that feed each table."""
    on = set(gaps.switched_on(warehouse, settings).iter_rows())
    fed: dict[str, list[str]] = {}
    for feed in FEEDS:
        if feed.dataset in datasets and (feed.dataset, feed.source) in on:
            for table in map(name, feed.tables):
                fed.setdefault(table, []).append(feed.source)
    return fed


async def leave(  # noqa: PLR0913, PLR0917 -- all that a run comes to
    run: Run,
    counts: Counts,
    problems: Collection[str],
    published: Published,
    findings: Findings | None,
    brief: Path | None,
) -> None:
    """Leave what a run came to: rows by table, gaps by reason, the rest in words; emit events."""
    if findings is None:
        return
    state = "failed" if problems else "completed"
    words = summary(run, state, problems, published, findings, brief)
    emit(counts, published, findings.fed)
    try:
        key = key_of(run)
        await acreate_table_artifact(rows(counts), f"rows-{key}", f"Rows by table ({state})")
        await acreate_table_artifact(listed(findings.gaps), f"gaps-{key}", "Gaps by reason")
        await acreate_markdown_artifact(words, f"summary-{key}", f"Run {state}")
    except UNTOLD as error:
        log.warning("Prefect was not told what the run came to: %r", error)


async def leave_word(run: Run, state: str, reason: str) -> None:
    """Leave word of why a run has asked for nothing."""
    if FlowRunContext.get() is None:
        return
    words = f"## {state}\n\n{reason}"
    try:
        await acreate_markdown_artifact(words, f"summary-{key_of(run)}", f"Run ended as {state}")
    except UNTOLD as error:
        log.warning("Prefect was not told why the run has asked for nothing: %r", error)


def key_of(run: Run) -> str:
    """Give what the keys of a run end in: its deployment or, if it has none, its flow."""
    return re.sub("[^a-z0-9]+", "-", (deployment.name or run.flow).lower()).strip("-")


def rows(counts: Counts) -> list[dict[str, Any]]:
    """Write rows by table as Prefect's pages show them."""
    return [
        {"table": table} | {kind: getattr(counts[table], kind) for kind in SHOWN}
        for table in sorted(counts)
    ]


def listed(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Write a frame as Prefect's pages show it."""
    return frame.with_columns(pl.selectors.temporal().cast(pl.String)).to_dicts()


def summary(  # noqa: PLR0913, PLR0917 -- of all that a run comes to
    run: Run,
    state: str,
    problems: Iterable[str],
    published: Published,
    findings: Findings,
    brief: Path | None,
) -> str:
    """Tell in Markdown what went wrong, what is open, and where it was published."""
    missing = findings.gaps.filter("is_open")
    sections = {
        "Problems": problems,
        "Checks that fail": map(in_words, published.failures),
        "Open rejections": (
            f"{counted(row['rows'], 'row')} of {row['source']}/{row['dataset']}: {row['failure']}"
            for row in findings.rejections.iter_rows(named=True)
        ),
        "Open gaps": (
            f"{counted(row['days'], 'day')} of {row['source']}/{row['dataset']}: {row['reason']}"
            for row in missing.iter_rows(named=True)
        ),
    }
    return "\n\n".join(
        [
            f"## {state}",
            f"Recorded: {', '.join(run.datasets)}",
            f"Published: {published.file or 'no, what was up before stays up'}",
            *([f"Brief: [{brief}]({brief.resolve().as_uri()})"] if brief else []),
            *(part for title, lines in sections.items() for part in bullets(title, lines)),
        ]
    )


def in_words(failure: Failure) -> str:
    """Say which check found how many rows, and show the first."""
    rows = counted(failure.rows, "row")
    return f"{failure.check} ({failure.severity}): {rows}, such as {failure.examples[0]}"


def bullets(title: str, lines: Iterable[str]) -> list[str]:
    """Write a section, if there is anything in it; what a provider served is shown as text."""
    listed = [f"- {escape(' '.join(line.split()), quote=False)}" for line in lines]
    return [f"### {title}", "\n".join(listed)] if listed else []


def emit(counts: Counts, published: Published, fed: Mapping[str, Iterable[str]]) -> None:
    """Emit an event of each table that was recorded, fed by its sources, and of what is published.

    They are those of Prefect's assets. Its open-source server keeps them; it has no page of assets.
    """
    recorded = sorted(fed.keys() & counts.keys())
    for table in recorded:
        told = {kind: getattr(counts[table], kind) for kind in SHOWN}
        materialized(f"tables/{table}", (f"sources/{source}" for source in fed[table]), told)
    if published.file:
        tables = (f"tables/{table}" for table in recorded)
        materialized("published", tables, {"file": published.file.name})


def materialized(asset: str, made_of: Iterable[str], about: dict[str, Any]) -> None:
    """Emit Prefect's own events for an asset."""
    key = ASSET.format(asset)
    AssetContext(
        downstream_assets={Asset(key=key)},
        direct_asset_dependencies={Asset(key=ASSET.format(part)) for part in made_of},
        materialization_metadata={key: about},
    ).emit_events(Completed())


async def in_sight(source: str, work: Iterable[Awaitable[T]]) -> list[T]:
    """Await all, and show on Prefect's pages how far it is if it takes long."""
    tasks = [asyncio.ensure_future(part) for part in work]
    watching = asyncio.create_task(watch(f"progress-{source}", tasks))
    try:
        return await asyncio.gather(*tasks)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def watch(key: str, tasks: Sequence["asyncio.Future[T]"]) -> None:
    """Show every few seconds how many are done, and at the end that it is the end."""
    if FlowRunContext.get() is None:
        return
    await asyncio.sleep(PATIENCE)
    try:
        artifact = await acreate_progress_artifact(share(tasks), re.sub("_", "-", key))
        try:
            while True:
                await asyncio.sleep(PATIENCE)
                await aupdate_progress_artifact(artifact, share(tasks))
        finally:
            await aupdate_progress_artifact(artifact, share(tasks))
    except UNTOLD as error:
        log.warning("Prefect was not told how far it is: %r", error)


def share(tasks: Sequence["asyncio.Future[T]"]) -> float:
    """Say how much is done, in percent."""
    return 100 * sum(task.done() for task in tasks) / len(tasks)
