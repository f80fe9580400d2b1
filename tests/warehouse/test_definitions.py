"""Every view says what it is, to whoever reads its file and to whoever asks the warehouse."""

import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from schemas.tables import TABLES
from tests.warehouse.market import answer
from warehouse import definitions, tables
from warehouse.corrections import OBSERVATIONS

FILES = sorted(file for folder in definitions.FOLDERS for file in folder.glob("*.sql"))
FACTS = sorted(file.stem for file in definitions.FOLDERS[1].glob("*.sql"))
VIEWS = sorted(definitions.definitions())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_header_answers_grain_method_and_caveat(file: Path) -> None:
    header = [line for line in file.read_text().splitlines() if line.startswith("--")]

    assert header[0].startswith("-- ")
    for line in ("-- Grain   one row per ", "-- Method  ", "-- Caveat  "):
        assert [found for found in header if found.startswith(line)], line


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_header_explains_the_views_columns_in_their_order(
    file: Path, shared: duckdb.DuckDBPyConnection
) -> None:
    columns = [column for column, *_ in answer(shared, f"describe {file.stem}")]

    assert list(definitions.definitions()[file.stem].columns) == columns


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_and_its_columns_bear_comments(view: str, shared: duckdb.DuckDBPyConnection) -> None:
    [[comment]] = answer(shared, f"select comment from duckdb_views() where view_name = '{view}'")
    silent = answer(
        shared,
        f"select column_name from duckdb_columns() where table_name = '{view}' "
        "and schema_name = 'main' and coalesce(trim(comment), '') = ''",
    )

    assert comment
    assert silent == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_binds_and_answers_on_an_empty_warehouse(
    view: str, shared: duckdb.DuckDBPyConnection
) -> None:
    rows = answer(shared, f"from {view}")

    assert len(rows) == (1 if view in ("about", "clock") else 0) or view == "fact_tables"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_view_asks_the_machines_clock(file: Path) -> None:
    clocks = r"\b(now\s*\(|current_date|current_timestamp|today\s*\(|get_current_)"

    assert not re.findall(clocks, file.read_text())


@pytest.mark.parametrize("schema", TABLES, ids=tables.name)
def test_what_is_believed_of_a_table_stands_in_a_view(
    schema: type, shared: duckdb.DuckDBPyConnection
) -> None:
    columns = [column for column, *_ in answer(shared, f"describe {tables.view_name(schema)}")]
    added = ["correction"] if schema in OBSERVATIONS else []

    assert columns == [*schema.to_schema().columns, *added]  # type: ignore[attr-defined]


def test_what_is_corrected_is_what_the_market_and_the_funds_state() -> None:
    assert [tables.view_name(schema) for schema in OBSERVATIONS] == [
        "asset_caps",
        "bars_by_source",
        "coin_categories",
        "coin_market",
        "coins",
        "corporate_actions",
        "fund_valuations_by_source",
        "holdings",
        "monthly_averages",
        "rates_by_source",
        "reported_flows",
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put two views of the test's own in the place of all others."""
    folder = tmp_path / "views"
    folder.mkdir()
    write(folder, "upper", "select day, 2 as n from lower")
    write(folder, "lower", "select date '2030-01-02' as day, 1 as n")
    monkeypatch.setattr(definitions, "FOLDERS", (folder, tmp_path / "no facts"))
    return folder


def write(folder: Path, view: str, query: str) -> None:
    header = f"-- It's {view}.\n--\n-- Columns\n-- day  when it was\n-- n    how many\n\n"
    (folder / f"{view}.sql").write_text(header + query)


def only(folder: Path) -> dict[str, definitions.View]:
    return {file.stem: definitions.read(file) for file in folder.glob("*.sql")}


@pytest.fixture
def own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    monkeypatch.setattr(definitions, "parts", lambda **_: only(folder))
    warehouse = duckdb.connect()
    warehouse.execute("create schema ops; create table ops.definitions (digest varchar)")
    warehouse.execute("create schema history; create table history.corrections (key varchar)")
    definitions.create_all(warehouse)
    return warehouse


def comments(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return answer(
        warehouse,
        "select table_name, comment from duckdb_columns() where column_name = 'day' order by 1",
    )


def oids(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[int]]:
    query = "select view_oid from duckdb_views() where not internal order by view_name"
    return answer(warehouse, query)


COMMENTED = [("lower", "when it was"), ("upper", "when it was")]


def test_a_view_is_created_after_those_it_reads(own: duckdb.DuckDBPyConnection) -> None:
    assert answer(own, "from upper") == [(date(2030, 1, 2), 2)]
    assert answer(own, "select comment from duckdb_views() where view_name = 'upper'") == [
        ("It's upper.",)
    ]
    assert comments(own) == COMMENTED


def test_views_are_rebuilt_only_when_a_text_changes(
    own: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    before = oids(own)
    definitions.create_all(own)
    assert oids(own) == before

    write(folder, "lower", "select date '2030-01-03' as day, 1 as n")
    definitions.create_all(own)
    assert oids(own) != before
    assert answer(own, "select day from upper") == [(date(2030, 1, 3),)]
    assert comments(own) == COMMENTED


def test_a_view_whose_file_is_gone_goes_too(own: duckdb.DuckDBPyConnection, folder: Path) -> None:
    (folder / "upper.sql").unlink()
    definitions.create_all(own)

    assert answer(own, "select view_name from duckdb_views() where not internal") == [("lower",)]


def test_a_view_that_does_not_bind_leaves_the_old_ones(
    own: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    write(folder, "lower", "select nonsense as day, 1 as n")
    with pytest.raises(duckdb.Error, match="nonsense"):
        definitions.create_all(own)

    assert answer(own, "from upper") == [(date(2030, 1, 2), 2)]
    assert comments(own) == COMMENTED


def test_a_view_that_does_not_parse_is_named_by_its_text(
    own: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    write(folder, "lower", "select from where")

    with pytest.raises(ValueError, match="select from where"):
        definitions.create_all(own)
