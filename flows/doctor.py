"""What may be wrong with a data folder, found by looking at every file, and what to do about it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from flows.loading import told, waiting
from flows.terminal import counted
from sources import captures
from warehouse import copies, fingerprints, migrations
from warehouse.connection import FILE, WarehouseError, connect, held_by, is_damage, lock, up

REPLAY = "run `silverstreak replay` to rebuild it from the captures"


def findings(data: Path) -> Iterator[str]:
    """Give a line for each thing that is wrong: what, where, what to do."""
    if not data.is_dir():
        raise WarehouseError(f"there is no data folder {data}: run `silverstreak run`")
    yield from of_captures(data)
    try:
        with lock(data, 0):
            yield from of_the_warehouse(data)
    except OSError as error:
        yield f"{data} cannot be written to ({error}): a run needs that"
    except WarehouseError:
        yield f"a run is in progress ({held_by(data / 'lock.holder')}): try again when it is done"
    yield from of_what_is_published(data)


def of_captures(data: Path) -> Iterator[str]:
    """Read every capture: its sidecar, its body, and its hash."""
    folder = str(data / "captures")
    for capture_id in captures.ids(folder):
        try:
            captures.find(folder, capture_id)
        except captures.Damaged as damage:
            yield told(damage)


def of_the_warehouse(data: Path) -> Iterator[str]:
    """Read the writer's file whole, which finds broken blocks, and compare it with the captures."""
    for aside in sorted(data.glob("*.damaged-*")):
        yield f"{aside} was damaged and set aside: after a replay, delete it when you like"
    file = data / FILE
    if not file.exists():
        if captures.ids(str(data / "captures")):
            yield f"there is no {file}, but there are captures: {REPLAY}"
        return
    try:
        with connect(file, read_only=True) as warehouse:
            fingerprints.fingerprints(warehouse)
            yield from of_its_contents(warehouse, data)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        if is_damage(error):
            yield f"{file} is damaged ({reason}): {REPLAY}"
        else:
            yield f"{file} cannot be opened: {reason}"


def of_its_contents(warehouse: duckdb.DuckDBPyConnection, data: Path) -> Iterator[str]:
    """Compare the ledger with the captures, and ask whether anything came in late."""
    if migrations.applied(warehouse) > migrations.LATEST:
        yield f"{data / FILE} was written by a later release of silverstreak: update silverstreak"
    if migrations.applied(warehouse) < migrations.LATEST:
        return
    kept = captures.ids(str(data / "captures"))
    if left := len(waiting(warehouse, kept)):
        yield f"not loaded yet: {counted(left, 'capture')}: run `silverstreak run`"
    query = "select distinct capture from ops.loads"
    known = {capture for (capture,) in warehouse.execute(query).fetchall()}
    if lost := sorted(known - set(kept)):
        yield (
            f"not in {data / 'captures'}: {counted(len(lost), 'capture')} that the warehouse was "
            f"loaded from, such as {lost[0]}: restore what is lost from a backup, or a replay "
            "cannot rebuild it"
        )
    [[late]] = warehouse.execute("select count(*) from ops.loads where is_late").fetchall()
    if late:
        yield (
            f"loaded after later ones: {counted(late, 'answer')}: what is believed is right, but "
            "since when is not in order: run `silverstreak replay`"
        )


def of_what_is_published(data: Path) -> Iterator[str]:
    """See whether the link leads to a copy that opens."""
    folder = data / "published"
    for left in [*folder.glob("*.unfinished"), *folder.glob("*.next")]:
        yield f"{left} was left by a run that was killed: the next publish removes it"
    try:
        file = up(data)
        with connect(file, read_only=True) as warehouse:
            warehouse.execute("from facts limit 1").fetchall()
    except WarehouseError as error:
        yield str(error)
    except duckdb.Error as error:
        older = ", or `silverstreak rollback`" if len(copies.kept(folder)) > 1 else ""
        yield (
            f"the published copy cannot be read ({str(error).splitlines()[0]}): "
            f"run `silverstreak publish`{older}"
        )


def summary(data: Path) -> str:
    """Say in one line what was looked at."""
    kept = len(captures.ids(str(data / "captures")))
    return f"{data}: looked at {counted(kept, 'capture')}, the warehouse and what is published"
