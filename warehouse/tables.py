"""Tables, derived from their schemas: same columns, same key, plus when each row was believed."""

import re

import duckdb
import pandera.polars as pa
import polars as pl

from schemas.tables import TABLES
from schemas.tables.model import metadata

TYPES = {
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "timestamptz",
    pl.Float64: "double",
    pl.Int64: "bigint",
    pl.String: "varchar",
}

# More than one source may state these: the believed rows of all of them are in `<table>_by_source`,
# and a view in views/ chooses one row per key.
BY_SOURCE = ("bars", "fund_valuations", "rates")


def name(schema: type[pa.DataFrameModel]) -> str:
    """FundValuations is kept in fund_valuations."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", schema.__name__).lower()


def view_name(schema: type[pa.DataFrameModel]) -> str:
    """Name the view of what is believed of a table."""
    return name(schema) + ("_by_source" if name(schema) in BY_SOURCE else "")


def create_all(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Create every table that is not there yet, in schema `history`.

    There is no primary key: loading would be four times slower, and `record` keeps the promise.
    """
    warehouse.execute("create schema if not exists history")
    for schema in TABLES:
        columns = [
            f"{column} {TYPES[spec.dtype.type.base_type()]}{'' if spec.nullable else ' not null'}"
            for column, spec in schema.to_schema().columns.items()
        ]
        warehouse.execute(f"""
            create table if not exists history.{name(schema)} (
                {", ".join(columns)},
                known_at timestamptz not null,
                superseded_at timestamptz not null
            )
        """)


def believed(schema: type[pa.DataFrameModel]) -> str:
    """Write the query of what is believed, as moved by the variables `as_of` and `known_at`."""
    traits = metadata(schema)
    conditions = [] if traits.get("timeless") else [KNOWN]
    if column := traits.get("as_of"):
        conditions.append(f"{column} <= coalesce(getvariable('as_of')::date, date 'infinity')")
    if traits.get("timeless"):
        conditions.append("superseded_at = timestamptz 'infinity'")
    columns = ", ".join(schema.to_schema().columns)
    return f"select {columns} from history.{name(schema)} where {' and '.join(conditions)}"


KNOWN = """known_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
    and superseded_at > coalesce(
        getvariable('known_at')::timestamptz, timestamptz '9999-12-31 00:00:00+00'
    )"""


def base_views() -> dict[str, tuple[str, str, dict[str, str]]]:
    """Give each table's view of what is believed: its query, its comment, its columns' comments."""
    return {
        view_name(schema): (
            believed(schema),
            (schema.__doc__ or "").strip(),
            {column: spec.description or "" for column, spec in schema.to_schema().columns.items()},
        )
        for schema in TABLES
    }
