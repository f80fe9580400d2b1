"""Publish: a checked copy under a new name, then one atomic step to it. Readers wait for nobody."""

import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from warehouse import checks

KEPT = 5
LATEST = "silverstreak.duckdb"


class Published(NamedTuple):
    """What publishing came to: the file (None if a check blocks it) and the failing checks."""

    file: Path | None
    failures: list[checks.Failure]


def publish(warehouse: duckdb.DuckDBPyConnection, data: Path, now: datetime) -> Published:
    """Check the warehouse; if nothing blocks, put a copy up under the name of the moment.

    The copy is complete and synced before the link `published/silverstreak.duckdb` moves to it, so
    a crash leaves the last good one up. The last five copies stay.
    """
    failures = checks.failing(warehouse)
    if any(failure.blocks for failure in failures):
        return Published(None, failures)
    folder = data / "published"
    folder.mkdir(parents=True, exist_ok=True)
    warehouse.execute("checkpoint")
    file = folder / f"silverstreak-{now:%Y%m%dT%H%M%S%fZ}.duckdb"
    copy(data / "warehouse.duckdb", file)
    flip(folder, file)
    prune(folder)
    return Published(file, failures)


def copy(source: Path, target: Path) -> None:
    """Copy a file under a temporary name, sync it, make it read-only, rename it."""
    unfinished = target.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    shutil.copyfile(source, unfinished)
    with unfinished.open("rb") as copied:
        os.fsync(copied.fileno())
    unfinished.chmod(0o444)
    unfinished.replace(target)


def flip(folder: Path, file: Path) -> None:
    """Point the link at the file, atomically."""
    link = folder / f"{LATEST}.next"
    link.unlink(missing_ok=True)
    link.symlink_to(file.name)
    link.replace(folder / LATEST)


def prune(folder: Path) -> None:
    """Remove all but the last copies, and what a crash left.

    Who reads an older one keeps it until he closes it.
    """
    for left in folder.glob("*.unfinished"):
        left.unlink()  # of a run that was killed; we hold the writer's lock
    copies = sorted(folder.glob("silverstreak-*.duckdb"))
    current = (folder / LATEST).resolve()
    for copied in [old for old in copies if old != current][: -(KEPT - 1)]:
        copied.unlink()
