"""A backfill, and a run beside it, each in a process of its own that imports only this."""

import asyncio
import logging
import sys
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from flows import backfilling, keeping
from flows.recording import Report
from flows.world import World
from tests.flows import living

# Every answer is known at one moment, so that two backfills may be compared to the last column.
NOW = datetime(2025, 12, 12, 18, tzinfo=UTC)


BACKFILL, RUN = "Mozilla/backfill", "Mozilla/run"


class Task(NamedTuple):
    """What is backfilled, from where, by which reference files, how much at a time."""

    url: str
    reference: Path
    first: date
    last: date
    most: int
    publish: bool = False


def work(data: Path, task: Task) -> None:
    """Backfill, as the flow does; end with status 1 if anything went wrong."""
    alike(task)
    backfilling.portions = partial(backfilling.portions, most=task.most)
    about: dict[str, Any] = {"publish": task.publish, "TIMEOUT": "120", "USER_AGENT": BACKFILL}
    end(asyncio.run(living.backfill(data, task.url, task.first, task.last, **about)))


def run_beside(data: Path, task: Task) -> None:
    """Run once, as a schedule does; end with status 1 if anything went wrong."""
    alike(task)
    datasets = frozenset({"quotes", "valuations", "holdings"})
    end(asyncio.run(living.run(data, task.url, datasets=datasets, USER_AGENT=RUN)))


def alike(task: Task) -> None:
    """Let everything be known at one moment, of what the reference files name."""
    logging.disable()
    keeping.REFERENCE = task.reference
    World.now = lambda _: NOW  # type: ignore[method-assign]


def end(report: Report) -> None:
    sys.exit("; ".join(report.problems) or 0)
