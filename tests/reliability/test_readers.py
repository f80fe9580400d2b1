"""Many readers, in processes of their own, while the writer publishes faster than they read."""

import time
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pytest

from tests.reliability.reading import Open, Reading, open_link, read_until
from warehouse.connection import open_published
from warehouse.copies import KEPT
from warehouse.publishing import put_up

NOW = datetime(2030, 7, 1, 23, tzinfo=UTC)
PUBLISHES = 100
PACE = 0.08  # seconds from one publish to the next at least, or a quick machine leaves none to read
ROWS = 5_000
READERS: dict[str, Open] = {f"our {n}": open_published for n in range(10)}
READERS |= {f"raw {n}": open_link for n in range(2)}


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Reading]]:
    """Publish a hundred versions while all readers read; give what each has read, in order.

    The server that forks the readers has imported what they need once, for all of them.
    """
    data = tmp_path_factory.mktemp("readers")
    processes = get_context("forkserver")
    processes.set_forkserver_preload(["tests.reliability.reading", "warehouse.connection"])
    with (
        duckdb.connect(data / "warehouse.duckdb") as warehouse,
        ProcessPoolExecutor(len(READERS), mp_context=processes) as pool,
    ):
        publish_version(warehouse, data, 0)
        reading = {
            reader: pool.submit(read_until, PUBLISHES, data, opened, reader)
            for reader, opened in READERS.items()
        }
        wait_for_all(reading, data)
        for version in range(1, PUBLISHES + 1):
            due = time.monotonic() + PACE
            publish_version(warehouse, data, version)
            time.sleep(max(0, due - time.monotonic()))
        return {reader: future.result() for reader, future in reading.items()}


def publish_version(warehouse: duckdb.DuckDBPyConnection, data: Path, version: int) -> None:
    """Write two tables anew in one transaction, and put them up as `publish` does after checks."""
    warehouse.execute("begin")
    for table in ("lefts", "rights"):
        warehouse.execute(f"""
            create or replace table {table} as
            select {version} as version, range as place, hash({version}, range) as noise
            from range({ROWS})
        """)
    warehouse.execute("commit")
    put_up(warehouse, data, NOW + timedelta(seconds=version), {"version": version})


def wait_for_all(reading: dict[str, Future[list[Reading]]], data: Path) -> None:
    """Wait until every reader has read once, or one has failed."""
    while len(list(data.glob("*.ready"))) < len(reading):
        for future in reading.values():
            if future.done():
                future.result()
        time.sleep(0.02)


@pytest.mark.parametrize("reader", READERS)
def test_no_read_fails_or_is_torn_while_a_hundred_versions_are_published(
    readings: dict[str, list[Reading]], reader: str
) -> None:
    versions = [lefts[1] for lefts, _ in readings[reader]]

    assert readings[reader] == [((ROWS, seen, seen, ROWS),) * 2 for seen in versions]
    assert versions == sorted(versions), "a reader never goes back"
    assert versions[0] == 0
    assert versions[-1] == PUBLISHES


def test_the_readers_read_while_the_writer_published(readings: dict[str, list[Reading]]) -> None:
    """Some skip more versions than are kept: what they had resolved could have been removed."""
    versions = [[lefts[1] for lefts, _ in read] for read in readings.values()]
    between = {seen for read in versions for seen in read} - {0, PUBLISHES}
    skipped = max(b - a for read in versions for a, b in pairwise(read))

    assert len(between) > PUBLISHES / 10
    assert skipped >= KEPT
