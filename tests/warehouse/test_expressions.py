"""A key is the same text whether polars writes it, as of a rejection, or DuckDB, as of a row."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tables import TABLES
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.tables.model import key
from schemas.validation import key_as_json
from warehouse.expressions import json

VALUES: dict[Any, st.SearchStrategy[Any]] = {
    pl.String: st.text()
    | st.text('\\"/u01afAF\x00\x08\t\n\x0b\x0c\r\x0e\x1a\x1f\x7f\u2028é\U0001f600'),
    pl.Date: st.dates(),
    pl.Datetime: st.datetimes(timezones=st.just(UTC)),
    pl.Int64: st.integers(-(2**63), 2**63 - 1),
}


def keys_of(schema: type[pa.DataFrameModel]) -> dict[str, Any]:
    columns = schema.to_schema().columns
    return {column: columns[column].dtype.type for column in key(schema)}


@st.composite
def keys(draw: st.DrawFn) -> tuple[type[pa.DataFrameModel], pl.DataFrame]:
    """Draw a table, and one of its keys, of which a part may be missing."""
    schema = draw(st.sampled_from(TABLES))
    types = keys_of(schema)
    values = {
        column: [draw(st.none() | VALUES[kind.base_type()])] for column, kind in types.items()
    }
    return schema, pl.DataFrame(values, schema=types)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection


def written(
    connection: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], rows: pl.DataFrame
) -> list[str]:
    connection.register("keys", rows)
    query = f"select {json('keys', key(schema))} from keys"
    return [text for (text,) in connection.execute(query).fetchall()]


@given(keys())
def test_polars_and_duckdb_write_the_same_key(
    connection: duckdb.DuckDBPyConnection, drawn: tuple[type[pa.DataFrameModel], pl.DataFrame]
) -> None:
    schema, rows = drawn

    assert rows.select(key_as_json(schema)).to_series().to_list() == written(
        connection, schema, rows
    )


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(
            datetime(2030, 1, 2, 0, 0, tzinfo=UTC), "2030-01-02 00:00:00+00", id="midnight"
        ),
        pytest.param(
            datetime(2030, 1, 2, 3, 4, 50, 120000, tzinfo=UTC),
            "2030-01-02 03:04:50.12+00",
            id="fraction",
        ),
        pytest.param(
            datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
            "1969-12-31 23:59:59.000001+00",
            id="1969",
        ),
    ],
)
def test_a_moment_is_written_without_digits_that_say_nothing(
    connection: duckdb.DuckDBPyConnection, moment: datetime, text: str
) -> None:
    rows = pl.DataFrame([(moment, "bank")], schema=keys_of(CoinMarket), orient="row")

    assert written(connection, CoinMarket, rows) == [f'{{"observed_at":"{text}","source":"bank"}}']
    assert rows.select(key_as_json(CoinMarket)).item() == written(connection, CoinMarket, rows)[0]


def test_a_backslash_that_is_data_is_no_escape(connection: duckdb.DuckDBPyConnection) -> None:
    rows = pl.DataFrame(
        [("\\u001f \x1f", datetime(2030, 1, 2, tzinfo=UTC), "bank")],
        schema=keys_of(Coins),
        orient="row",
    )

    assert rows.select(key_as_json(Coins)).to_series().to_list() == written(connection, Coins, rows)
