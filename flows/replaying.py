"""Rebuild the warehouse from captures alone, or retry what was rejected with today's parsers."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from flows import terminal
from flows.loading import Loaded, load_kept, load_waiting
from flows.settings import Settings
from flows.terminal import counted
from sources import captures
from warehouse import fingerprints, rebuilding
from warehouse.connection import (
    FILE,
    WarehouseError,
    clear_the_way,
    connect,
    is_damage,
    lock,
    open_existing,
    opened,
    prepare,
    remove,
    set_aside,
    up,
)
from warehouse.copies import sync

LOADED = "replaying.duckdb"
REBUILT = "replayed.duckdb"


class Replayed(NamedTuple):
    """What a replay came to: captures read, tables that differ from before, what went wrong.

    `lost` are captures that what is published was loaded from, and this was not: told where there
    is no warehouse to protect.
    """

    captures: int
    differences: list[str]
    problems: list[str]
    lost: list[str]


def replay_and_tell(data: Path) -> int:
    """Replay, print what came of it, and give the exit status."""
    replayed = replay(data, Settings().writer_wait)
    for problem in replayed.problems:
        terminal.log.info(problem)
    terminal.log.info("rebuilt %s from %s", data / FILE, counted(replayed.captures, "capture"))
    for difference in replayed.differences:
        terminal.log.info("not as before: %s", difference)
    if replayed.lost:
        terminal.complain(
            f"lost or damaged: {counted(len(replayed.lost), 'capture')} that the published copy "
            f"was loaded from, such as {replayed.lost[0]}: what was said is not in the rebuilt one"
        )
    terminal.log.info("`silverstreak publish` puts it up")
    return 1 if replayed.lost else 0


def verify_and_tell(data: Path) -> int:
    """Verify, print what came of it, and give the exit status."""
    replayed = verify(data, Settings().writer_wait)
    for problem in replayed.problems:
        terminal.log.info(problem)
    for difference in replayed.differences:
        terminal.complain(f"a replay differs in {difference}")
    if not replayed.differences:
        terminal.log.info("a replay of %s gives the same", counted(replayed.captures, "capture"))
    return 1 if replayed.differences else 0


def retry_and_tell(data: Path) -> int:
    """Retry what was rejected, print what came of it, and give the exit status."""
    loaded = Loaded()
    with open_existing(data, datetime.now(UTC), Settings().writer_wait) as warehouse:
        before = still_open(warehouse)
        tried = retry(warehouse, data, loaded)
        left = still_open(warehouse)
    for problem in loaded.problems:
        terminal.complain(problem)
    terminal.log.info(
        "tried %s again: %s of %s rejections and refusals resolved",
        counted(tried, "capture"), before - left, before,
    )  # fmt: skip
    return 1 if loaded.problems else 0


def still_open(warehouse: duckdb.DuckDBPyConnection) -> int:
    """Count the open rejections and refusals."""
    query = """
        select
            (select count(*) from ops.rejections where resolved_at is null)
            + (select count(distinct capture) from ops.refusals where resolved_at is null)
    """
    [[count]] = warehouse.execute(query).fetchall()
    return int(count)


def replay(data: Path, wait: float) -> Replayed:
    """Rebuild the warehouse beside the old one from captures alone, and swap it in.

    An old one that cannot be read is set aside first; what is published tells then what is lost.

    Args:
        data: The data folder.
        wait: Seconds to wait for another writer.

    Raises:
        WarehouseError: A capture that the warehouse was loaded from is lost or damaged: replaying
            would forget what it said. Nothing has changed then.
    """
    with lock(data, wait):
        set_aside_if_damaged(data / FILE)
        clear_the_way(data / FILE)
        replayed = rebuild(data)
        if not (data / FILE).exists():
            replayed = replayed._replace(lost=lost_captures(data, published(data)))
        elif lost := lost_captures(data, data / FILE):
            remove(data / REBUILT)
            raise WarehouseError(
                f"not replayed, since {counted(len(lost), 'capture')} that the warehouse was "
                f"loaded from would be forgotten, such as {lost[0]}: restore what is lost or "
                f"damaged from a backup, or move {data / FILE} away to go on without"
            )
        (data / REBUILT).replace(data / FILE)
        sync(data)
    return replayed


def set_aside_if_damaged(file: Path) -> None:
    """Read a warehouse whole, and set it aside if that fails: some damage shows only then."""
    try:
        if file.exists():
            with connect(file, read_only=True) as warehouse:
                fingerprints.fingerprints(warehouse)
    except duckdb.Error as error:
        if not is_damage(error):
            raise
        set_aside(file)


def verify(data: Path, wait: float) -> Replayed:
    """Rebuild the warehouse beside the old one, compare the two, and keep the old one."""
    with lock(data, wait):
        if not (data / FILE).exists():
            raise WarehouseError(f"there is no warehouse in {data}: run `silverstreak run`")
        try:
            return rebuild(data)
        finally:
            remove(data / REBUILT)


def rebuild(data: Path) -> Replayed:
    """Build a warehouse from captures beside the old one; tell in what it differs from it."""
    kept = captures.ids(str(data / "captures"))
    if not kept:
        raise WarehouseError(f"there is nothing to replay: no captures in {data}")
    try:
        return rebuilt(data, kept)
    except BaseException:
        remove(data / REBUILT)
        raise
    finally:
        remove(data / LOADED)


def rebuilt(data: Path, kept: list[str]) -> Replayed:
    """Load the captures in order into one file, and copy it by market day into another."""
    remove(data / LOADED)
    remove(data / REBUILT)
    loaded = Loaded()
    with old(data) as before:
        with connect(data / REBUILT) as warehouse:
            prepare(warehouse, *birth(before, data, kept))
        shutil.copyfile(data / REBUILT, data / LOADED)  # quicker than to create all views again
        with connect(data / LOADED) as warehouse:
            load_waiting(warehouse, data, loaded)
            rebuilding.keep_diary(warehouse, before)
        with connect(data / REBUILT) as warehouse:
            rebuilding.copy_in_order(warehouse, data / LOADED)
            ours = fingerprints.fingerprints(warehouse)
        theirs = fingerprints.fingerprints(before) if before else {}
    return Replayed(len(kept), fingerprints.differences(theirs, ours), loaded.problems, [])


@contextmanager
def old(data: Path) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """Open the warehouse there is, or none; its log is worked in, since its name will be reused."""
    if not (data / FILE).exists():
        yield None
        return
    with opened(data / FILE) as warehouse:
        warehouse.execute("checkpoint")
        yield warehouse


def birth(
    before: duckdb.DuckDBPyConnection | None, data: Path, kept: list[str]
) -> tuple[str, datetime]:
    """Say what the warehouse holds and when it was born: as it says, or as its captures do.

    Captures of the first release do not; then what is published does.
    """
    if before:
        return stated_birth(before)
    for capture_id in kept:
        with suppress(captures.Damaged):
            capture, _ = captures.find(str(data / "captures"), capture_id)
            if capture.origin:
                return capture.origin, capture.known_at
    if file := published(data):
        with connect(file, read_only=True) as copy:
            return stated_birth(copy)
    raise WarehouseError(
        f"neither the captures in {data} nor a published copy tell whether they are live or "
        "synthetic: restore one of the copies"
    )


def stated_birth(warehouse: duckdb.DuckDBPyConnection) -> tuple[str, datetime]:
    """Read what a warehouse says of itself."""
    query = "select origin, epoch_us(created_at) from ops.origin"
    [[origin, microseconds]] = warehouse.execute(query).fetchall()
    return origin, datetime.fromtimestamp(microseconds / 1e6, UTC)


def published(data: Path) -> Path | None:
    """Name the copy that is published, if there is one that opens."""
    with suppress(WarehouseError, duckdb.Error), connect(up(data), read_only=True):
        return up(data)
    return None


def lost_captures(data: Path, before: Path | None) -> list[str]:
    """Name the captures in the ledger of what was there before that the rebuilt one never read."""
    return sorted(listed(before, LOADS) - listed(data / REBUILT, READ)) if before else []


def listed(file: Path, query: str) -> set[str]:
    """Name the captures that a query of a warehouse's ledger gives."""
    with connect(file, read_only=True) as warehouse:
        return {capture for (capture,) in warehouse.execute(query).fetchall()}


LOADS = "select distinct capture from ops.loads"
READ = "select capture from ops.loads union select capture from ops.refusals"


def retry(warehouse: duckdb.DuckDBPyConnection, data: Path, loaded: Loaded) -> int:
    """Load again the captures with open rejections or refusals; count how many there were."""
    query = """
        select capture from ops.rejections where resolved_at is null
        union
        select capture from ops.refusals where resolved_at is null
        order by capture
    """
    waiting = [capture for (capture,) in warehouse.execute(query).fetchall()]
    for capture_id in waiting:
        load_kept(warehouse, data, capture_id, loaded)
    return len(waiting)
