"""Publishing: readers never wait for the writer, nor it for them, and what is bad stays private."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from schemas.tables.fund_valuations import FundValuations
from tests.warehouse.market import answer, lay, put
from warehouse.connection import WarehouseError, open_published
from warehouse.publishing import KEPT, publish

NOW = datetime(2030, 7, 1, 23, tzinfo=UTC)
DAY = date(2030, 6, 28)


@pytest.fixture
def filled(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    put(warehouse, FundValuations, [{"fund": "AAA", "as_of": DAY, "nav": 50.0}], NOW)
    return warehouse


def link(data: Path) -> Path:
    return data / "published" / "silverstreak.duckdb"


def in_another_process(file: Path, query: str) -> str:
    """Ask a file read-only from a process of its own, with plain DuckDB and nothing of ours."""
    program = (
        "import duckdb, sys; "
        "print(duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchall())"
    )
    command = [sys.executable, "-c", program, str(file), query]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_copy_opens_in_plain_duckdb_while_the_writer_is_open(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    publish(filled, data, NOW)
    put(filled, FundValuations, [{"fund": "AAA", "as_of": DAY, "nav": 51.0}], NOW + timedelta(1))

    assert (
        in_another_process(link(data), "select nav from fund_valuations_by_source") == "[(50.0,)]"
    )


def test_the_writer_writes_and_publishes_while_a_reader_is_open(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    publish(filled, data, NOW)
    reading = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); "
    reading += "print('open', flush=True); input(); "
    reading += "print(c.execute('from fund_valuations_by_source').fetchall())"
    command = [sys.executable, "-c", reading, str(link(data).resolve())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout and reader.stdout.readline() == "open\n"  # noqa: PT018 -- for mypy
        put(
            filled, FundValuations, [{"fund": "AAA", "as_of": DAY, "nav": 51.0}], NOW + timedelta(1)
        )
        published = publish(filled, data, NOW + timedelta(1))
        said, _ = reader.communicate("\n", timeout=60)

    assert published.file == link(data).resolve()
    assert "50.0" in said
    assert (
        in_another_process(link(data), "select nav from fund_valuations_by_source") == "[(51.0,)]"
    )


def test_a_copy_can_only_be_read(filled: duckdb.DuckDBPyConnection, data: Path) -> None:
    file = publish(filled, data, NOW).file

    assert file
    assert file.name == "silverstreak-20300701T230000000000Z.duckdb"
    assert file.stat().st_mode & 0o777 == 0o444


def test_the_link_moves_to_the_newest_and_the_last_five_stay(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    (data / "published").mkdir()
    (data / "published" / "silverstreak-20300101T000000000000Z.unfinished").write_text("torn")
    files = [publish(filled, data, NOW + timedelta(hours=n)).file for n in range(KEPT + 2)]

    assert link(data).resolve() == files[-1]
    assert set(link(data).parent.iterdir()) == {link(data), *files[2:]}


def test_the_newest_copy_stays_though_the_clock_was_set_back(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    for hours in range(KEPT + 1):
        publish(filled, data, NOW + timedelta(hours=hours))
    earlier = publish(filled, data, NOW - timedelta(days=9)).file

    assert link(data).resolve() == earlier
    assert len(list(link(data).parent.glob("silverstreak-*"))) == KEPT


def test_a_blocking_check_leaves_the_last_good_copy_up(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    good = publish(filled, data, NOW)
    lay(filled, FundValuations, [{"fund": "AAA", "as_of": DAY, "nav": 51.0}], NOW + timedelta(1))
    bad = publish(filled, data, NOW + timedelta(1))

    assert bad.file is None
    assert [failure.check for failure in bad.failures] == ["one_believed_row_per_key"]
    assert link(data).resolve() == good.file
    assert len(list(link(data).parent.glob("silverstreak-*"))) == 1


def test_before_anything_is_published_a_reader_is_told_what_to_do(data: Path) -> None:
    with pytest.raises(WarehouseError, match="silverstreak run"), open_published(data):
        pass


@pytest.fixture
def published(filled: duckdb.DuckDBPyConnection, data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    publish(filled, data, NOW)
    with open_published(data) as reader:
        yield reader


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("copy funds to '{folder}/stolen.csv'", id="writing a file"),
        pytest.param("copy (select 42) to '{folder}/stolen.parquet'", id="writing a query"),
        pytest.param("attach '{folder}/warehouse.duckdb' as w", id="the private file"),
        pytest.param("attach '{folder}/new.duckdb' as n", id="a new file"),
        pytest.param("select * from read_csv('/etc/passwd')", id="reading a file"),
        pytest.param("select * from read_text('/etc/passwd')", id="reading a text"),
        pytest.param("select * from '{folder}/x.csv'", id="reading a file by its name"),
        pytest.param("select * from glob('/*')", id="listing files"),
        pytest.param("install httpfs", id="extensions"),
        pytest.param("load httpfs", id="loading extensions"),
        pytest.param("set enable_external_access = true", id="opening the door"),
        pytest.param("set memory_limit = '1TB'", id="any setting"),
        pytest.param("delete from history.fund_valuations", id="deleting"),
        pytest.param("create table t (x integer)", id="creating"),
    ],
)
def test_through_what_is_published_nothing_else_can_be_reached(
    published: duckdb.DuckDBPyConnection, data: Path, statement: str
) -> None:
    (data / "x.csv").write_text("a\n1\n")
    before = sorted(data.iterdir())

    with pytest.raises(duckdb.Error):
        published.execute(statement.format(folder=data))

    assert sorted(data.iterdir()) == before


def test_a_reader_can_travel_in_time(published: duckdb.DuckDBPyConnection) -> None:
    query = "select count(*) from fund_valuations_by_source"
    assert answer(published, query) == [(1,)]
    published.execute("set variable as_of = date '2030-06-27'")
    assert answer(published, query) == [(0,)]
    published.execute(
        "reset variable as_of; set variable known_at = timestamptz '2030-07-01 22:00:00+00'"
    )
    assert answer(published, query) == [(0,)]
