"""Open the warehouse: one writer, guarded by a lock; readers only ever open what is published."""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from warehouse import definitions, tables

log = logging.getLogger(__name__)

STORAGE_VERSION = "v1.4.0"
RELEASE = version("silverstreak")


class WarehouseError(Exception):
    """The warehouse cannot be used as asked; the message says what to do."""


@contextmanager
def open_writer(
    data: Path, origin: str, now: datetime, wait: float = 60
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield the one connection that writes, on which every table and view exists.

    Args:
        data: The data folder; the file is `warehouse.duckdb` in it.
        origin: live, history or synthetic: what this warehouse holds, from its first opening on.
        now: The moment of opening, UTC; kept as the warehouse's birth if it is new.
        wait: Seconds to wait for another writer.

    Raises:
        WarehouseError: Another process writes for longer than `wait`, or the origin differs.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (
        lock(data, wait),
        duckdb.connect(
            data / "warehouse.duckdb", config={"storage_compatibility_version": STORAGE_VERSION}
        ) as warehouse,
    ):
        prepare(warehouse, origin, now)
        yield warehouse


def prepare(warehouse: duckdb.DuckDBPyConnection, origin: str, now: datetime) -> None:
    """Create what is missing, and refuse a warehouse of another origin."""
    warehouse.execute("set timezone = 'UTC'")
    warehouse.execute((Path(__file__).parent / "ops.sql").read_text())
    held = [row[0] for row in warehouse.execute("select origin from ops.origin").fetchall()]
    if not held:
        warehouse.execute("insert into ops.origin values (?, ?, ?)", [origin, now, RELEASE])
    elif held != [origin]:
        raise WarehouseError(
            f"this warehouse holds {held[0]} data and takes no {origin} data: "
            "choose another folder with --data"
        )
    tables.create_all(warehouse)
    definitions.create_all(warehouse)


@contextmanager
def lock(data: Path, wait: float) -> Iterator[None]:
    """Hold the writer's lock, which the system frees if we die; say who holds it while waiting."""
    holder = data / "lock.holder"
    guard = FileLock(data / "lock")
    try:
        acquire(guard, holder, wait)
    except Timeout:
        raise WarehouseError(
            f"another process writes to {data} ({held_by(holder)}); "
            f"waited {wait:.0f} s: try again when it is done"
        ) from None
    try:
        since = f"{datetime.now(UTC):%FT%TZ}"
        about = {"pid": os.getpid(), "command": " ".join(sys.argv[:3]), "since": since}
        holder.write_text(json.dumps(about))
        yield
    finally:
        guard.release()


def acquire(guard: FileLock, holder: Path, wait: float) -> None:
    """Take the lock, logging the wait."""
    try:
        guard.acquire(timeout=min(wait, 1))
    except Timeout:
        log.warning("waiting up to %.0f s for the writer (%s)", wait, held_by(holder))
        started = time.monotonic()
        guard.acquire(timeout=max(0, wait - 1))
        log.warning("waited %.1f s for the writer", time.monotonic() - started)


def held_by(holder: Path) -> str:
    """Name who holds the lock, as far as is known."""
    try:
        about = json.loads(holder.read_text())
    except (OSError, ValueError):
        return "unknown process"
    return f"pid {about['pid']}, {about['command']}, since {about['since']}"


@contextmanager
def open_published(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a read-only connection to what is published; it waits for nobody.

    Nothing outside the file can be reached through it, and its settings cannot be changed;
    `set variable as_of` and `known_at` still work.

    Raises:
        WarehouseError: Nothing has been published.
    """
    published = data / "published" / "silverstreak.duckdb"
    if not published.exists():
        raise WarehouseError(
            f"nothing is published in {data} yet: run `silverstreak run` or `silverstreak demo`"
        )
    with duckdb.connect(published.resolve(), read_only=True) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        warehouse.execute("set enable_external_access = false")
        warehouse.execute("set lock_configuration = true")
        yield warehouse
