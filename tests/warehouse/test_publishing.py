"""Publishing: readers never wait for the writer, nor it for them, and what is bad stays private."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import inf, nan
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.tables import TABLES
from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import Instruments
from tests.warehouse.market import answer, evening, lay, open_calendar, put, sessions
from warehouse import checks, tables
from warehouse.connection import WarehouseError, open_published
from warehouse.copies import KEPT, published_at
from warehouse.manifests import plain
from warehouse.publishing import publish, put_up, rollback

NOW = datetime(2030, 7, 1, 23, tzinfo=UTC)
DAY = date(2030, 6, 28)


@pytest.fixture
def filled(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    put(warehouse, FundValuations, [{"fund": "AAA", "as_of": DAY, "nav": 50.0}], NOW)
    return warehouse


def silently(facts: pl.DataFrame) -> list[str]:
    """State nothing."""
    return []


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
    publish(filled, data, NOW, silently)
    put(filled, FundValuations, [{"fund": "AAA", "as_of": DAY, "nav": 51.0}], NOW + timedelta(1))

    assert (
        in_another_process(link(data), "select nav from fund_valuations_by_source") == "[(50.0,)]"
    )


def test_the_writer_writes_and_publishes_while_a_reader_is_open(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    publish(filled, data, NOW, silently)
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
        published = publish(filled, data, NOW + timedelta(1), silently)
        said, _ = reader.communicate("\n", timeout=60)

    assert published.file == link(data).resolve()
    assert "50.0" in said
    assert (
        in_another_process(link(data), "select nav from fund_valuations_by_source") == "[(51.0,)]"
    )


def test_a_copy_can_only_be_read(filled: duckdb.DuckDBPyConnection, data: Path) -> None:
    file = publish(filled, data, NOW, silently).file

    assert file
    assert file.name == "silverstreak-20300701T230000000000Z.duckdb"
    assert file.stat().st_mode & 0o777 == 0o444


def manifest(file: Path | None) -> dict[str, Any]:
    assert file
    told: dict[str, Any] = json.loads(file.with_suffix(".json").read_text())
    return told


def test_the_link_moves_to_the_newest_and_the_last_five_stay_with_their_manifests(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    files = [put_up(filled, data, NOW + timedelta(hours=n), {}) for n in range(KEPT + 2)]
    kept = files[2:]

    assert link(data).resolve() == kept[-1]
    assert set(link(data).parent.iterdir()) == {
        link(data),
        *kept,
        *(file.with_suffix(".json") for file in kept),
    }
    assert [manifest(file)["file"] for file in kept] == [file.name for file in kept]


def test_what_a_crash_left_is_gone_after_the_next_publish(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    folder = data / "published"
    folder.mkdir()
    for left in ("20300101T000000000000Z.duckdb.unfinished", "20300101T000000000000Z.json"):
        (folder / f"silverstreak-{left}").write_text("torn")
    (folder / "silverstreak.duckdb.next").symlink_to("silverstreak-20300101T000000000000Z.duckdb")
    file = put_up(filled, data, NOW, {})

    assert set(folder.iterdir()) == {link(data), file, file.with_suffix(".json")}


@pytest.mark.parametrize(
    ("step", "up"),
    [
        pytest.param("shutil.copyfile", 0, id="while copying"),
        pytest.param("json.dumps", 0, id="while writing the manifest"),
        pytest.param("flip", 0, id="before the link moves"),
        pytest.param("prune", 1, id="before it cleans up"),
    ],
)
def test_a_crash_leaves_a_whole_copy_with_its_manifest_up(
    filled: duckdb.DuckDBPyConnection,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    up: int,
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    put_up(filled, data, NOW, {})
    later = NOW + timedelta(hours=1)
    with monkeypatch.context() as patched:
        patched.setattr(f"warehouse.publishing.{step}", crash)
        with pytest.raises(KeyboardInterrupt):
            put_up(filled, data, later, {})

    assert manifest(link(data).resolve())["published_at"] == [NOW, later][up].isoformat()
    copies = link(data).parent.glob("silverstreak-*.duckdb")
    assert all(manifest(copied)["file"] == copied.name for copied in copies)
    assert put_up(filled, data, NOW + timedelta(hours=2), {}) == link(data).resolve()
    assert not list(link(data).parent.glob("*.unfinished"))


@pytest.fixture
def risen(filled: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Record a year of an instrument that rises every day, one close restated later."""
    first, last = date(2029, 12, 3), date(2030, 6, 28)
    open_calendar(filled, first)
    put(filled, Instruments, [{"instrument": "SI=F"}])
    closes = [
        {"instrument": "SI=F", "session": session, "close": 20 + position / 10}
        for position, session in enumerate(sessions(first, last))
    ]
    put(filled, Bars, closes, evening(last))
    put(filled, Bars, [closes[-1] | {"close": 99.0}], NOW, asked=(last, last))
    return filled


def test_the_manifest_says_what_sql_answers(risen: duckdb.DuckDBPyConnection, data: Path) -> None:
    file = publish(risen, data, NOW, silently).file
    told = manifest(file)

    assert file
    with duckdb.connect(file, read_only=True) as copied:
        [about] = answer(copied, "select origin, epoch_us(last_known_at) from about")
        facts = answer(
            copied,
            """
            select fact, subject, measure, as_of::varchar, value::double, unit, statement
            from facts order by fact, subject, measure, as_of
            """,
        )
        counts = {
            tables.name(schema): {
                "believed": answer(copied, f"select count(*) from {view}")[0][0],
                "all_versions": len(answer(copied, f"select 1 from history.{tables.name(schema)}")),
            }
            for schema, view in zip(TABLES, tables.base_views(), strict=True)
        }
    assert told["file"] == file.name
    assert told["published_at"] == "2030-07-01T23:00:00+00:00"
    assert told["release"]
    moment = datetime.fromisoformat(told["latest_known_at"])
    assert (told["origin"], round(moment.timestamp() * 1e6)) == about
    assert told["tables"] == counts
    assert counts["bars"]["all_versions"] == counts["bars"]["believed"] + 1
    assert facts
    assert told["number_of_facts"] == len(facts)
    assert [tuple(fact.values()) for fact in told["facts"]] == facts


def test_the_manifest_names_every_check_with_its_severity_and_rows(
    filled: duckdb.DuckDBPyConnection, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [checks.Failure("no_session_is_missing", "warning", 3)]
    monkeypatch.setattr(checks, "failing", lambda _: found)
    told = {
        row["check"]: row for row in manifest(publish(filled, data, NOW, silently).file)["checks"]
    }

    assert set(told) == {file.stem for file in checks.FOLDER.glob("*.sql")}
    assert told["no_session_is_missing"]["offending_rows"] == 3
    assert {row["offending_rows"] for name, row in told.items() if name not in found[0]} == {0}
    assert told["one_believed_row_per_key"]["severity"] == "error"


@pytest.mark.parametrize("number", [nan, inf, -inf])
def test_a_number_that_json_cannot_say_is_null(number: float) -> None:
    assert plain(number) is None


def test_the_newest_copy_stays_though_the_clock_was_set_back(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    for hours in range(KEPT + 1):
        put_up(filled, data, NOW + timedelta(hours=hours), {})
    earlier = put_up(filled, data, NOW - timedelta(days=9), {})

    assert link(data).resolve() == earlier
    assert len(list(link(data).parent.glob("silverstreak-*.duckdb"))) == KEPT


def test_a_blocking_check_leaves_the_last_good_copy_up(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    good = publish(filled, data, NOW, silently)
    lay(filled, FundValuations, [{"fund": "AAA", "as_of": DAY, "nav": 51.0}], NOW + timedelta(1))
    bad = publish(filled, data, NOW + timedelta(1), silently)

    assert bad.file is None
    assert [failure.check for failure in bad.failures] == ["one_believed_row_per_key"]
    assert link(data).resolve() == good.file
    assert len(list(link(data).parent.glob("silverstreak-*.duckdb"))) == 1
    assert len(list(link(data).parent.glob("silverstreak-*.json"))) == 1


def test_rolling_back_puts_up_the_copy_before_and_twice_the_one_before_that(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    files = [put_up(filled, data, NOW + timedelta(hours=n), {}) for n in range(3)]

    assert rollback(data, 1) == files[1]
    assert link(data).resolve() == files[1]
    assert rollback(data, 1) == files[0] == link(data).resolve()
    with pytest.raises(WarehouseError, match=f"nothing older than {link(data).resolve().name}"):
        rollback(data, 1)
    assert link(data).resolve() == files[0]


def test_the_next_publish_puts_the_newest_state_up_again(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    files = [put_up(filled, data, NOW + timedelta(hours=n), {}) for n in range(KEPT)]
    for _ in range(KEPT - 1):
        rollback(data, 1)
    newest = put_up(filled, data, NOW + timedelta(hours=KEPT), {})

    assert link(data).resolve() == newest
    assert files[0].exists(), "a reader may be about to open what was up until now"
    assert len(list(link(data).parent.glob("silverstreak-*.duckdb"))) == KEPT


def test_a_copy_without_manifest_is_never_rolled_back_to(
    filled: duckdb.DuckDBPyConnection, data: Path
) -> None:
    files = [put_up(filled, data, NOW + timedelta(hours=n), {}) for n in range(3)]
    files[1].with_suffix(".json").unlink()

    assert rollback(data, 1) == files[0]


def test_before_anything_is_published_there_is_nothing_to_roll_back(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="silverstreak run"):
        rollback(tmp_path, 1)

    assert list(tmp_path.iterdir()) == []


def test_a_copys_name_tells_when_it_was_published() -> None:
    file = Path("silverstreak-20300701T230000000012Z.duckdb")

    assert published_at(file) == NOW + timedelta(microseconds=12)


def test_a_copy_that_vanishes_before_it_is_opened_is_made_up_for_by_the_next(
    filled: duckdb.DuckDBPyConnection, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = put_up(filled, data, NOW, {})
    connect = duckdb.connect

    def late(file: Path, **options: Any) -> duckdb.DuckDBPyConnection:
        if file == first:
            put_up(filled, data, NOW + timedelta(hours=1), {})
            first.unlink()
        return connect(file, **options)

    monkeypatch.setattr("warehouse.connection.duckdb.connect", late)
    with open_published(data) as reader:
        assert answer(reader, "select nav from fund_valuations_by_source") == [(50.0,)]


def test_a_link_to_nothing_is_one_clear_line(filled: duckdb.DuckDBPyConnection, data: Path) -> None:
    file = put_up(filled, data, NOW, {})
    file.unlink()

    with pytest.raises(WarehouseError, match=f"{file.name} is gone"), open_published(data):
        pass


def test_a_copy_that_is_no_database_is_not_tried_again(data: Path) -> None:
    (data / "published").mkdir()
    (data / "published" / "silverstreak.duckdb").write_text("not a database" * 1000)

    with pytest.raises(duckdb.IOException), open_published(data):
        pass


def test_before_anything_is_published_a_reader_is_told_what_to_do(data: Path) -> None:
    with pytest.raises(WarehouseError, match="silverstreak run"), open_published(data):
        pass


@pytest.fixture
def published(filled: duckdb.DuckDBPyConnection, data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    put_up(filled, data, NOW, {})
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
