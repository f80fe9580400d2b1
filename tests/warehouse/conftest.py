import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pytest

from schemas.tables.bars import Bars
from schemas.tables.reference import Corrections, Funds
from tests.conftest import Once
from tests.warehouse.market import correction, frame, lay
from warehouse import definitions
from warehouse.connection import FILE

Ask = Callable[..., pl.DataFrame]


@pytest.fixture(scope="session")
def corrected_template(template: Path, once: Once) -> Path:
    """Make the file of an empty warehouse in which something was corrected once, and is no more."""

    def fill(data: Path) -> None:
        with duckdb.connect(shutil.copy(template, data / FILE)) as warehouse:
            lay(warehouse, Corrections, [correction(Bars, {"instrument": "X"}, "close", 1, 2)])
            definitions.create_all(warehouse)
            warehouse.execute("delete from history.corrections; checkpoint")

    return once("corrected", fill)[0] / FILE


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
    """Run one view on its own, over given relations: `ask("a_view", a_table=frame)`.

    Views that it rests on and that are not given are what they are, but for `funds`, which every
    flow reads for its caveats: without them there are none.
    """
    none = {"funds": frame(Funds, [])}

    views = definitions.parts(is_corrected=False)
    base = duckdb.connect()
    base.execute("create schema ops; create table ops.origin (origin varchar)")
    base.execute("insert into ops.origin values ('history')")
    definitions.create_macros(base)

    @cache
    def query(view: str, given: frozenset[str]) -> str:
        others = {name: there for name, there in views.items() if name not in given}
        return definitions.flattened(views[view].query, others)

    def ask(view: str, **given: pl.DataFrame) -> pl.DataFrame:
        relations = none | given
        with base.cursor() as connection:
            connection.execute("set timezone = 'UTC'")
            for name, relation in relations.items():
                connection.register(name, relation)
            return connection.sql(query(view, frozenset(relations))).pl()

    return ask
