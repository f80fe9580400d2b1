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
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from warehouse import definitions, migrations, tables

log = logging.getLogger(__name__)

STORAGE_VERSION = "v1.4.0"
FILE = "warehouse.duckdb"
# What keeps a sound file from being opened, in DuckDB's words.
NO_DAMAGE = (
    "Could not set lock", "Permission denied", "Cannot open file", "No space left",
    "database file with version number", "emory",
)  # fmt: skip
DAMAGE = (
    duckdb.IOException, duckdb.SerializationException,
    duckdb.InternalException, duckdb.FatalException,
)  # fmt: skip
ATTEMPTS = 10
LAST_BREATH = 3.0
# DuckDB 1.5.5 loses rows of `qualify row_number() over (...) = 1` over a view that reads one
# relation twice.
WRONG = "top_n_window_elimination"
# On one or two threads DuckDB 1.5.5 waits for ever for an answer that is streamed and does not fit
# into this; by default it is 1 MB, and `from facts` is larger.
BUFFER = "1GB"
SETTINGS = f"""
    set timezone = 'UTC';
    set disabled_optimizers = '{WRONG}';
    set streaming_buffer_size = '{BUFFER}';
"""
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
        WarehouseError: Another process writes for longer than `wait`, the origin differs, a later
            release wrote the file, or it is damaged: then it is set aside.
    """
    data.mkdir(parents=True, exist_ok=True)
    file = data / FILE
    with lock(data, wait):
        if not file.exists():
            create(file, origin, now)
        with opened(file) as warehouse:
            prepare(warehouse, origin, now)
            yield warehouse


@contextmanager
def open_existing(
    data: Path, now: datetime, wait: float = 60
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield the one connection that writes to the warehouse there is, whatever its origin.

    Raises:
        WarehouseError: There is none, or as `open_writer`.
    """
    file = data / FILE
    if not file.exists():
        raise WarehouseError(f"there is no warehouse in {data}: run `silverstreak run`")
    with lock(data, wait), opened(file) as warehouse:
        [[origin]] = warehouse.execute("select origin from ops.origin").fetchall()
        prepare(warehouse, origin, now)
        yield warehouse


def create(file: Path, origin: str, now: datetime) -> None:
    """Create a warehouse under another name first: a crash leaves no half of one."""
    unfinished = file.with_suffix(".unfinished")
    remove(unfinished)
    clear_the_way(file)
    with connect(unfinished) as warehouse:
        prepare(warehouse, origin, now)
    unfinished.replace(file)


def connect(file: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connect, with instants in UTC, and no progress bar: DuckDB draws it among the answers.

    What is written has the storage version that older readers understand.
    """
    written: dict[str, Any] = {"storage_compatibility_version": STORAGE_VERSION}
    config = {} if read_only else written
    warehouse = duckdb.connect(file, read_only=read_only, config=config)
    warehouse.execute("set enable_progress_bar = false")
    warehouse.execute(SETTINGS)
    return warehouse


@contextmanager
def opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the writer's file; if it is damaged, set it aside and say so."""
    try:
        warehouse = connect_soon(file)
    except duckdb.Error as error:
        told = str(error).splitlines()[0]
        if not is_damage(error):
            raise WarehouseError(f"{file} cannot be opened: {told}") from error
        aside = set_aside(file)
        raise WarehouseError(
            f"{file} is damaged ({told}); it was set aside as {aside.name}: run "
            "`silverstreak replay` to rebuild it from the captures"
        ) from error
    with warehouse:
        if migrations.applied(warehouse) > migrations.LATEST:
            raise WarehouseError(
                f"{file} was written by a later release of silverstreak: update silverstreak"
            )
        yield warehouse


def connect_soon(file: Path) -> duckdb.DuckDBPyConnection:
    """Connect; a writer that was interrupted has freed our lock but may hold the file for a moment.

    Raises:
        duckdb.Error: The file cannot be opened, or not yet after seconds.
    """
    deadline = time.monotonic() + LAST_BREATH
    while True:
        try:
            return connect(file)
        except duckdb.IOException as error:
            if "Could not set lock" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def is_damage(error: duckdb.Error) -> bool:
    """Say whether the file itself is at fault, not who has it open, nor the machine."""
    return isinstance(error, DAMAGE) and not any(sign in str(error) for sign in NO_DAMAGE)


def set_aside(file: Path) -> Path:
    """Rename a damaged file and its log, so that they are in nobody's way and nothing is lost."""
    aside = file.with_suffix(f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
    log.error("%s is damaged: setting it aside as %s", file, aside.name)
    for suffix in (".wal", ""):  # the file last: while it is there, so is the damage
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    return aside


def clear_the_way(file: Path) -> None:
    """Set aside a log whose warehouse is gone: it is not the log of the one to come."""
    if not file.exists() and file.with_name(f"{file.name}.wal").exists():
        set_aside(file)


def remove(file: Path) -> None:
    """Remove what is left of an unfinished warehouse, and its log."""
    file.unlink(missing_ok=True)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)


def prepare(warehouse: duckdb.DuckDBPyConnection, origin: str, now: datetime) -> None:
    """Create what is missing, and refuse a warehouse of another origin."""
    tables.create_all(warehouse)
    migrations.migrate(warehouse, now, RELEASE)
    held = [row[0] for row in warehouse.execute("select origin from ops.origin").fetchall()]
    if not held:
        warehouse.execute("insert into ops.origin values (?, ?, ?)", [origin, now, RELEASE])
    elif held != [origin]:
        raise WarehouseError(
            f"this warehouse holds {held[0]} data and takes no {origin} data: "
            "choose another folder with --data"
        )
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
        if not wait:
            raise
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
        WarehouseError: Nothing has been published, or what was is gone.
    """
    with connect_published(data) as warehouse:
        warehouse.execute("set enable_external_access = false")
        warehouse.execute("set lock_configuration = true")
        yield warehouse


def connect_published(data: Path) -> duckdb.DuckDBPyConnection:
    """Connect to the copy that is up; if it was removed meanwhile, to the one that is up now.

    By the copy's own name, never the link's: DuckDB shares what one process has open under a name.
    """
    for _ in range(ATTEMPTS):
        file = up(data)
        try:
            return connect(file, read_only=True)
        except duckdb.IOException:
            if file.exists():
                raise
    raise WarehouseError(f"the published {file} is gone: run `silverstreak publish`")


def up(data: Path) -> Path:
    """Name the copy that is up: where the link points to.

    Raises:
        WarehouseError: Nothing has been published.
    """
    link = link_of(data)
    if not os.path.lexists(link):
        raise WarehouseError(
            f"nothing is published in {data} yet: run `silverstreak run` or `silverstreak demo`"
        )
    return link.resolve()


def link_of(data: Path) -> Path:
    """Name the link to the copy that is up."""
    return data / "published" / "silverstreak.duckdb"
