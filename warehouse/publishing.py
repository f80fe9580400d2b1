"""Publish: a checked copy under a new name, then one atomic step to it. Readers wait for nobody."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from warehouse import checks, stating
from warehouse.connection import FILE, WarehouseError, lock, up
from warehouse.copies import LATEST, NAME, flip, kept, manifest_of, prune, whole
from warehouse.manifests import manifest


class Published(NamedTuple):
    """What publishing came to: the file (None if a check blocks it) and the failing checks.

    `problems` are what went wrong in stating the facts.
    """

    file: Path | None
    failures: list[checks.Failure]
    problems: tuple[str, ...] = ()


def publish(
    warehouse: duckdb.DuckDBPyConnection,
    data: Path,
    now: datetime,
    state: Callable[[pl.DataFrame], list[str]],
    note: Callable[[list[checks.Failure]], None] = lambda _: None,
) -> Published:
    """Check the warehouse; if nothing blocks, put a copy up under the name of the moment.

    Every fact is given to `state` before, so that the copy knows what was stated with it, then the
    failing checks, also those that block, to `note`. Beside it lies its manifest,
    `silverstreak-<utc>.json`: what it holds, and what was checked.
    """
    failures = checks.failing(warehouse)
    if any(failure.blocks for failure in failures):
        note(failures)
        return Published(None, failures)
    facts = stating.evaluate(warehouse)
    problems = state(facts)
    note(failures)
    told = manifest(warehouse, failures, facts)
    return Published(put_up(warehouse, data, now, told), failures, tuple(problems))


def put_up(
    warehouse: duckdb.DuckDBPyConnection, data: Path, now: datetime, told: dict[str, Any]
) -> Path:
    """Copy the warehouse, and move the link `published/silverstreak.duckdb` to the copy.

    Manifest and copy are complete and synced before the link moves, so a crash leaves the last
    good copy up; the manifest comes first, so that no copy lacks one. The last five copies stay.
    """
    folder = data / "published"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{now.astimezone(UTC):{NAME}}"
    about = {"file": file.name, "published_at": now.astimezone(UTC).isoformat()}
    with whole(manifest_of(file)) as unfinished:
        unfinished.write_text(json.dumps(about | told, indent=2, allow_nan=False) + "\n")
    warehouse.execute("checkpoint")
    with whole(file) as unfinished:
        shutil.copyfile(data / FILE, unfinished)
    before = (folder / LATEST).resolve()
    flip(folder, file)
    prune(folder, {before, file.resolve()})
    return file


def rollback(data: Path, wait: float) -> Path:
    """Put up the copy published before the one that is up, and name it.

    The warehouse stays as it is: the next publish puts its newest state up.

    Args:
        data: The data folder.
        wait: Seconds to wait for another writer.

    Raises:
        WarehouseError: Nothing is published, or nothing older is kept.
    """
    up(data)
    with lock(data, wait):
        current = up(data)
        older = [copied for copied in kept(current.parent) if copied < current]
        if not older:
            raise WarehouseError(f"nothing older than {current.name} is kept: it stays up")
        flip(current.parent, older[-1])
        return older[-1]
