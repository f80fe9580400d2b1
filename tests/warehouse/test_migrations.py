import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.tables import TABLES
from schemas.tables.bars import Bars
from schemas.tables.holdings import Holdings
from tests.warehouse.market import answer, capture, put, verdict
from warehouse import migrations, tables
from warehouse.connection import STORAGE_VERSION, WarehouseError, open_existing, open_writer
from warehouse.recording import record
from warehouse.tables import name

BORN = datetime(2030, 1, 2, 18, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY = (datetime(2030, 7, day, 23, tzinfo=UTC) for day in (1, 2, 3))
DAY = MONDAY.date()

HOLDING = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
print("open", flush=True)
input()
"""

BARS_OF_THE_FIRST_RELEASE = """
    create schema history;
    create table history.bars (
        instrument varchar not null, session date not null, source varchar not null,
        open double, high double, low double, close double not null, adj_close double,
        volume double, currency varchar not null, is_final boolean not null,
        known_at timestamptz not null, superseded_at timestamptz not null
    );
    insert into history.bars values (
        'SI=F', '2030-07-01', 'bank', null, null, null, 50, null, 1, 'USD', true,
        '2030-07-01 23:00:00+00', 'infinity'
    );
    insert into ops.loads values (
        'bars', 'bank', 'test', 'SI=F', 'bank/test/SI=F', '20300701T230000.000000Z-0-bank',
        '2030-07-01 23:00:00+00', null, null, '2030-07-01', '2030-07-01', 1, 1, 0, 0, 0, 0, 0
    );
    insert into ops.origin values ('synthetic', '2030-01-02 18:00:00+00', '0.1.0');
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Make a data folder as the first release left it."""
    data = tmp_path / "old"
    data.mkdir()
    config = {"storage_compatibility_version": STORAGE_VERSION}
    with duckdb.connect(data / "warehouse.duckdb", config=config) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        warehouse.execute(migrations.MIGRATIONS[1].read_text())
        warehouse.execute(BARS_OF_THE_FIRST_RELEASE)
    return data


def columns(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return answer(
        warehouse,
        """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns() where schema_name in ('history', 'ops') order by all
        """,
    )


def test_a_file_of_the_first_release_opens_and_keeps_what_it_holds(old: Path) -> None:
    with open_writer(old, "synthetic", TUESDAY) as warehouse:
        assert answer(warehouse, "select instrument, close from bars_by_source") == [("SI=F", 50)]
        assert answer(warehouse, "select seen, is_late from ops.loads") == [(1, False)]
        assert answer(warehouse, "select number from ops.migrations order by all") == [
            (number,) for number in migrations.MIGRATIONS
        ]


def test_a_file_of_the_first_release_becomes_like_a_new_one(old: Path, template: Path) -> None:
    with open_writer(old, "synthetic", TUESDAY) as warehouse:
        migrated = columns(warehouse)
    with duckdb.connect(template, read_only=True) as new:
        assert migrated == columns(new)


def test_what_the_first_release_loaded_is_not_taken_for_older_than_it_is(old: Path) -> None:
    with open_writer(old, "synthetic", WEDNESDAY) as warehouse:
        late = put(
            warehouse,
            Bars,
            [{"instrument": "SI=F", "session": DAY, "close": 49.0}],
            datetime(2030, 7, 1, 22, tzinfo=UTC),
            subject="SI=F",
        )
        assert (late.stale, late.revised) == (1, 0)
        assert answer(warehouse, "select close from bars_by_source") == [(50,)]


@pytest.mark.parametrize("schema", [Bars, Holdings])
def test_what_an_answer_covers_is_named_as_the_migration_names_it(
    schema: Any, warehouse: duckdb.DuckDBPyConnection, old: Path
) -> None:
    rows = {
        Bars: {"instrument": "SI=F", "session": DAY, "close": 50.0},
        Holdings: {"fund": "AAA", "as_of": DAY, "holding": "tin"},
    }[schema]
    subject = rows.get("instrument") or rows["fund"]
    record(warehouse, schema, verdict(schema, [rows]), capture(MONDAY, subject=subject))
    [recorded] = answer(warehouse, "select relation, entity, first_as_of from ops.coverage")
    with duckdb.connect(old / "warehouse.duckdb") as first:
        first.execute("set timezone = 'UTC'")
        first.execute("update ops.loads set relation = $1, subject = $2", [name(schema), subject])
        tables.create_all(first)
        migrations.migrate(first, TUESDAY, "test")
        assert answer(first, "select relation, entity, first_as_of from ops.coverage") == [recorded]


def test_migrations_are_applied_once(data: Path) -> None:
    for _ in range(2):
        with open_writer(data, "synthetic", TUESDAY) as warehouse:
            query = "select number, applied_at from ops.migrations order by all"
            assert answer(warehouse, query) == [(n, BORN) for n in migrations.MIGRATIONS]


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "9999_broken.sql"
    broken.write_text("create table ops.half (x int); select * from nowhere;")
    monkeypatch.setattr(migrations, "LATEST", migrations.LATEST + 1)
    monkeypatch.setitem(migrations.MIGRATIONS, migrations.LATEST, broken)

    with pytest.raises(duckdb.CatalogException), open_writer(data, "synthetic", TUESDAY):
        pass

    with duckdb.connect(data / "warehouse.duckdb") as warehouse:
        assert migrations.applied(warehouse) == migrations.LATEST - 1
        assert answer(warehouse, "select 1 from duckdb_tables() where table_name = 'half'") == []


def test_a_file_of_a_later_release_is_refused_untouched(data: Path) -> None:
    with duckdb.connect(data / "warehouse.duckdb") as warehouse:
        warehouse.execute(
            "insert into ops.migrations select number + 1, 'later', applied_at, '9.9' "
            "from ops.migrations order by number desc limit 1"
        )
        before = columns(warehouse)

    with (
        pytest.raises(WarehouseError, match="later release of silverstreak: update silverstreak"),
        open_existing(data, TUESDAY),
    ):
        pass

    with duckdb.connect(data / "warehouse.duckdb") as warehouse:
        assert columns(warehouse) == before


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert [*migrations.MIGRATIONS] == [*range(1, migrations.LATEST + 1)]


def test_every_table_has_the_columns_of_its_schema(warehouse: duckdb.DuckDBPyConnection) -> None:
    """A column added to a schema needs a migration for the files that are there already."""
    query = "select column_name from duckdb_columns() where table_name = ? and schema_name = ?"
    for schema in TABLES:
        found = warehouse.execute(query, [name(schema), "history"]).fetchall()
        expected = [*schema.to_schema().columns, "known_at", "superseded_at"]
        assert [column for (column,) in found] == expected


def damage(data: Path, suffix: str = "") -> Path:
    file = data / f"warehouse.duckdb{suffix}"
    with file.open("r+b") as damaged:
        damaged.seek(file.stat().st_size // 2 if suffix else 0)
        damaged.write(b"\xff" * 64)
    return file


def test_a_damaged_file_is_set_aside_and_not_deleted(data: Path) -> None:
    damaged = damage(data).read_bytes()

    with (
        pytest.raises(WarehouseError, match=r"damaged .* set aside as .*`silverstreak replay`"),
        open_writer(data, "synthetic", TUESDAY),
    ):
        pass

    [aside] = data.glob("warehouse.damaged-*")
    assert aside.read_bytes() == damaged
    assert not (data / "warehouse.duckdb").exists()


def test_a_damaged_log_is_set_aside_with_its_file(data: Path) -> None:
    with duckdb.connect(data / "warehouse.duckdb") as warehouse:
        warehouse.execute("pragma disable_checkpoint_on_shutdown")
        for number in range(30):
            warehouse.execute(f"create table logged_{number} as from range(1000)")
        shutil.copy(data / "warehouse.duckdb.wal", data / "kept.wal")
    shutil.copy(data / "kept.wal", data / "warehouse.duckdb.wal")
    damage(data, ".wal")

    with (
        pytest.raises(WarehouseError, match="set aside"),
        open_writer(data, "synthetic", TUESDAY),
    ):
        pass

    assert len([*data.glob("warehouse.damaged-*")]) == 2
    assert not [*data.glob("warehouse.duckdb*")]


def test_a_file_that_another_program_has_open_is_not_taken_for_damaged(
    data: Path,
) -> None:

    holding = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(data / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout
        assert program.stdin
        assert program.stdout.readline() == "open\n"
        with (
            pytest.raises(WarehouseError, match=r"cannot be opened: .*Could not set lock"),
            open_writer(data, "synthetic", TUESDAY),
        ):
            pass
        program.stdin.write("\n")

    assert (data / "warehouse.duckdb").exists()
