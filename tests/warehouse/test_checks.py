"""Each check catches its fault, in whatever table it stands."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.tables import TABLES
from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.model import key
from schemas.tables.reference import Funds
from tests.warehouse.market import put
from warehouse import checks, tables

NOW = datetime(2030, 7, 1, 23, tzinfo=UTC)
VALUES: dict[Any, Any] = {
    pl.Boolean: True,
    pl.Date: date(2030, 6, 28),
    pl.Datetime: NOW,
    pl.Float64: 1.0,
    pl.Int64: 1,
    pl.String: "X",
}


def lay_version(
    warehouse: duckdb.DuckDBPyConnection,
    schema: Any,
    known_at: datetime,
    superseded_at: datetime | str,
    **values: Any,
) -> None:
    columns = schema.to_schema().columns
    row = {name: VALUES[spec.dtype.type.base_type()] for name, spec in columns.items()} | values
    row |= {"known_at": known_at, "superseded_at": superseded_at}
    places = ", ".join("?" for _ in row)
    statement = f"insert into history.{tables.name(schema)} values ({places})"
    warehouse.execute(statement, list(row.values()))


def failing(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    return [(failure.check, failure.blocks) for failure in checks.failing(warehouse)]


def test_a_fresh_warehouse_passes_every_check(shared: duckdb.DuckDBPyConnection) -> None:
    assert failing(shared) == []


def test_a_warehouse_filled_and_revised_passes_every_check(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    day = date(2030, 6, 28)
    for hours, value in enumerate((1.0, 2.0, 1.0)):
        known_at = NOW + timedelta(hours=hours)
        put(warehouse, Bars, [{"instrument": "X", "session": day, "close": value}], known_at)
        put(warehouse, FundValuations, [{"fund": "X", "as_of": day, "nav": value}], known_at)
        metals = ["gold", "tin"][: 1 + hours % 2]
        held = [{"fund": "X", "as_of": day, "holding": metal} for metal in metals]
        put(warehouse, Holdings, held, known_at)

    assert failing(warehouse) == []


@pytest.mark.parametrize("schema", TABLES, ids=tables.name)
def test_two_believed_rows_of_a_key_are_caught(
    schema: Any, shared: duckdb.DuckDBPyConnection
) -> None:
    shared.begin()
    lay_version(shared, schema, NOW, "infinity")
    alone = failing(shared)
    lay_version(shared, schema, NOW + timedelta(1), "infinity")
    twice = failing(shared)
    shared.rollback()

    assert alone == []
    assert twice == [("one_believed_row_per_key", True)]


@pytest.mark.parametrize("schema", TABLES, ids=tables.name)
def test_rows_of_two_keys_are_no_duplicates(schema: Any, shared: duckdb.DuckDBPyConnection) -> None:
    column = key(schema)[-1]
    other = {pl.String: "Y", pl.Date: date(2030, 6, 27)}[
        schema.to_schema().columns[column].dtype.type.base_type()
    ]
    shared.begin()
    lay_version(shared, schema, NOW, "infinity")
    lay_version(shared, schema, NOW, "infinity", **{column: other})
    found = failing(shared)
    shared.rollback()

    assert found == []


HOUR = timedelta(hours=1)


@pytest.mark.parametrize("schema", [Bars, Holdings, Funds], ids=tables.name)
@pytest.mark.parametrize(
    ("versions", "caught"),
    [
        pytest.param([(0, 1), (1, 2), (2, None)], False, id="one after the other"),
        pytest.param([(0, 1), (2, None)], False, id="gone for a while"),
        pytest.param([(1, 1)], True, id="superseded when it became known"),
        pytest.param([(1, 0)], True, id="superseded before"),
        pytest.param([(0, 2), (1, None)], True, id="two believed at once"),
        pytest.param([(0, 2), (0, 1)], True, id="two known at once"),
    ],
)
def test_versions_that_do_not_follow_each_other_are_caught(
    schema: Any,
    shared: duckdb.DuckDBPyConnection,
    versions: list[tuple[int, int | None]],
    caught: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    shared.begin()
    for known, superseded in versions:
        end = "infinity" if superseded is None else NOW + superseded * HOUR
        lay_version(shared, schema, NOW + known * HOUR, end)
    found = failing(shared)
    shared.rollback()

    assert found == ([("versions_follow_each_other", True)] if caught else [])


@pytest.mark.parametrize(
    ("schema", "day", "ahead", "caught"),
    [
        pytest.param(Bars, "session", 1, False, id="east of Greenwich a session is a day ahead"),
        pytest.param(Bars, "session", 2, True, id="no bar is two days ahead"),
        pytest.param(FundValuations, "as_of", 0, False, id="a valuation may be of its day"),
        pytest.param(FundValuations, "as_of", 1, True, id="no valuation is ahead"),
        pytest.param(Holdings, "as_of", 1, True, id="no holding is ahead"),
    ],
)
def test_knowledge_from_the_future_is_caught(
    schema: Any,
    day: str,
    ahead: int,
    caught: bool,  # noqa: FBT001 -- a case's expectation
    shared: duckdb.DuckDBPyConnection,
) -> None:
    shared.begin()
    shared.execute("set timezone = 'Asia/Tokyo'")
    lay_version(shared, schema, NOW, "infinity", **{day: NOW.date() + timedelta(ahead)})
    found = failing(shared)
    shared.execute("set timezone = 'UTC'")
    shared.rollback()

    assert found == ([("no_knowledge_from_the_future", True)] if caught else [])
