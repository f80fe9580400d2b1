import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from warehouse.connection import open_writer
from warehouse.definitions import FOLDERS

BORN = datetime(2030, 1, 2, 18, tzinfo=UTC)

Ask = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the file of an empty warehouse, once: building all views takes a second."""
    data = tmp_path_factory.mktemp("template")
    with open_writer(data, "synthetic", BORN) as warehouse:
        warehouse.execute("checkpoint")
    return data / "warehouse.duckdb"


@pytest.fixture
def data(tmp_path: Path, template: Path) -> Path:
    """Make a data folder with an empty warehouse."""
    shutil.copy(template, tmp_path / "warehouse.duckdb")
    return tmp_path


@pytest.fixture
def warehouse(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty warehouse, to write."""
    with duckdb.connect(data / "warehouse.duckdb") as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open one warehouse for all tests of a module; each rolls back what it did."""
    file = shutil.copy(template, tmp_path_factory.mktemp("shared") / "warehouse.duckdb")
    with duckdb.connect(file) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


@pytest.fixture(scope="session")
def ask() -> Ask:
    """Run one view on its own, over given relations: `ask("a_view", a_table=frame)`."""

    def ask(view: str, **relations: pl.DataFrame) -> pl.DataFrame:
        [file] = [file for folder in FOLDERS for file in folder.glob(f"{view}.sql")]
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            for name, relation in relations.items():
                connection.register(name, relation)
            return connection.sql(file.read_text()).pl()

    return ask
