"""One writer at a time, of one origin."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from schemas.tables import TABLES
from tests.diary import begin
from tests.warehouse.market import answer
from warehouse import stating, tables
from warehouse.connection import STORAGE_VERSION, WarehouseError, open_writer
from warehouse.runs import finish

NOW = datetime(2030, 7, 1, 23, tzinfo=UTC)

HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from warehouse.connection import open_writer
with open_writer(Path(sys.argv[1]), "synthetic", datetime.now(UTC)):
    print("open", flush=True)
    input()
"""


@pytest.fixture
def holder(data: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold the warehouse in `data` until it is told to let go."""
    command = [sys.executable, "-c", HOLD, str(data)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        assert process.stdout and process.stdout.readline() == "open\n"  # noqa: PT018 -- for mypy
        yield process
        process.kill()


def test_a_second_writer_waits_no_longer_than_told_and_hears_who_holds_it(
    holder: subprocess.Popen[str], data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    started = time.monotonic()
    with (
        pytest.raises(WarehouseError, match=f"another process writes to .*pid {holder.pid}, -c"),
        open_writer(data, "synthetic", NOW, wait=1.3),
    ):
        pass

    assert 1.2 < time.monotonic() - started < 10
    assert f"pid {holder.pid}" in caplog.text


def test_a_second_writer_proceeds_when_the_first_is_killed(
    holder: subprocess.Popen[str], data: Path
) -> None:
    holder.kill()
    with open_writer(data, "synthetic", NOW, wait=30) as warehouse:
        assert answer(warehouse, "select origin from about") == [("synthetic",)]


def test_a_warehouse_takes_no_data_of_another_origin(tmp_path: Path) -> None:
    with open_writer(tmp_path, "synthetic", NOW):
        pass

    with (
        pytest.raises(WarehouseError, match="holds synthetic data and takes no live data"),
        open_writer(tmp_path, "live", NOW),
    ):
        pass
    with open_writer(tmp_path, "synthetic", NOW) as warehouse:
        assert answer(warehouse, "select origin, created_at from about") == [("synthetic", NOW)]


def test_a_failure_inside_frees_the_lock(data: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_writer(data, "synthetic", NOW):
        raise ZeroDivisionError

    with open_writer(data, "synthetic", NOW, wait=0):
        pass


def test_the_file_is_written_for_readers_of_the_promised_version(data: Path) -> None:
    with open_writer(data, "synthetic", NOW) as warehouse:
        [[version]] = answer(
            warehouse, "select tags['storage_version'] from duckdb_databases() where not internal"
        )

    assert version.startswith(STORAGE_VERSION.removesuffix(".0"))


def test_every_table_exists_with_its_columns_and_when_it_was_believed(
    shared: duckdb.DuckDBPyConnection,
) -> None:
    for schema in TABLES:
        described = answer(shared, f"describe history.{tables.name(schema)}")
        columns = {column: (kind, null == "YES") for column, kind, null, *_ in described}
        declared = schema.to_schema().columns

        assert list(columns) == [*declared, "known_at", "superseded_at"]
        assert all(columns[c][1] == spec.nullable for c, spec in declared.items())
        assert columns["known_at"] == ("TIMESTAMP WITH TIME ZONE", False)


def test_a_run_that_never_ended_is_marked_crashed_by_the_next(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    begin(warehouse, "first", NOW)
    begin(warehouse, "second", NOW)
    finish(warehouse, "second", NOW, [])
    begin(warehouse, "third", NOW)
    finish(warehouse, "third", NOW, ["a provider failed"])

    assert answer(warehouse, "select run, state, summary from ops.runs order by run") == [
        ("first", "crashed", []),
        ("second", "completed", []),
        ("third", "failed", ["a provider failed"]),
    ]


@pytest.mark.parametrize(
    ("known_at", "as_of", "now"),
    [
        pytest.param(None, None, NOW, id="the start of the last run"),
        pytest.param(
            None, "2030-03-01", datetime(2030, 3, 2, tzinfo=UTC), id="the end of the as_of day"
        ),
        pytest.param(
            "2030-03-05 12:00:00+00",
            "2030-03-01",
            datetime(2030, 3, 5, 12, tzinfo=UTC),
            id="known_at before all",
        ),
    ],
)
def test_the_clock_is_told_by_the_variables_or_the_last_run(
    warehouse: duckdb.DuckDBPyConnection, known_at: str | None, as_of: str | None, now: datetime
) -> None:
    begin(warehouse, "last", NOW)
    warehouse.execute("set timezone = 'America/New_York'")
    if known_at:
        warehouse.execute(f"set variable known_at = timestamptz '{known_at}'")
    if as_of:
        warehouse.execute(f"set variable as_of = date '{as_of}'")

    assert answer(warehouse, "select now from clock") == [(now,)]


def test_what_is_wrong_in_duckdb_is_off_and_stays_off(data: Path) -> None:
    with open_writer(data, "synthetic", NOW) as warehouse:
        optimizers = warehouse.execute("select current_setting('disabled_optimizers')").fetchall()
        stating.evaluate(warehouse)
        after = warehouse.execute("select current_setting('disabled_optimizers')").fetchall()

    assert optimizers == after == [("top_n_window_elimination",)]
