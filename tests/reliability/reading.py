"""What a reader does all day; apart from the tests, so that its process imports only this."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb

PAUSE = 0.005
REST = 0.6  # between readings, or many readers leave the writer no processor
PATIENCE = 120

Open = Callable[[Path], AbstractContextManager[duckdb.DuckDBPyConnection]]
Answer = tuple[int, ...]
Reading = tuple[Answer, Answer]


@contextmanager
def open_link(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the link under its own name, as `duckdb -readonly` does."""
    with duckdb.connect(data / "published" / "silverstreak.duckdb", read_only=True) as published:
        yield published


def read_until(version: int, data: Path, opened: Open, reader: str) -> list[Reading]:
    """Ask again and again, until a version is up; say so in the folder after the first answer."""
    readings = []
    deadline = time.monotonic() + PATIENCE
    while not readings or readings[-1][0][1] != version:
        assert time.monotonic() < deadline
        with opened(data) as published:
            lefts = ask(published, "lefts")
            time.sleep(PAUSE)  # the writer may publish meanwhile
            readings.append((lefts, ask(published, "rights")))
        (data / f"{reader}.ready").touch()
        time.sleep(REST)
    return readings


def ask(published: duckdb.DuckDBPyConnection, table: str) -> Answer:
    """Count a table's rows and those that are as written; name its lowest and highest version."""
    query = f"""
        select
            count(*) as rows, min(version), max(version),
            count(*) filter (where noise = hash(version, place)) as sound
        from {table}
    """
    [answer] = published.execute(query).fetchall()
    return tuple(answer)
