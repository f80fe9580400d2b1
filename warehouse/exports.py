"""Every view as a Parquet file, and what it says as a resource of a Frictionless Data Package."""

import hashlib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from warehouse import definitions
from warehouse.asking import Standpoint, finite
from warehouse.connection import WRONG
from warehouse.copies import sync
from warehouse.dictionary import first_sentence
from warehouse.stating import DEAR

FACTS = "facts"
MEDIA_TYPE = "application/vnd.apache.parquet"
TYPES = {
    "BIGINT": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "number",
    "INTEGER": "integer",
    "TIMESTAMP WITH TIME ZONE": "datetime",
    "VARCHAR": "string",
    "VARCHAR[]": "array",
}
"""What the columns' types are called in a package."""


class Column(NamedTuple):
    """A column: its type, as DuckDB writes it, and what it means, with its unit."""

    name: str
    type: str
    comment: str


def prepare(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Let a connection keep in a folder what its memory cannot hold, and plan without delay."""
    warehouse.execute(f"set temp_directory = {definitions.quoted(str(folder))}")
    warehouse.execute(f"set disabled_optimizers = '{WRONG},{DEAR}'")


def ordered(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """Name the views, each after those that it reads, as the file itself defines them."""
    query = "select view_name, sql from duckdb_views() where schema_name = 'main' and not internal"
    written = dict(warehouse.execute(query).fetchall())
    reads = {
        name: definitions.relations(sql.partition(" AS ")[2].rstrip().removesuffix(";"))
        & written.keys() - {name}
        for name, sql in written.items()
    }
    return list(TopologicalSorter(reads).static_order())


def export(
    warehouse: duckdb.DuckDBPyConnection, view: str, folder: Path, seen: Standpoint
) -> dict[str, Any]:
    """Write a view as Parquet into a folder, and describe it as a resource of a package.

    It is computed here, and its rows stand in for it from then on. So those that it reads come
    first: to compute all of them anew for each view takes four times as long.
    """
    stand_in(warehouse, view)
    [[comment]] = warehouse.execute(
        "select comment from duckdb_views() where view_name = ? and not internal", [view]
    ).fetchall()
    columns = columns_of(warehouse, view)
    file = folder / f"{view}.parquet"
    rows = write(warehouse, view, columns, file, seen)
    return resource(view, comment or "", columns, file, rows)


def stand_in(warehouse: duckdb.DuckDBPyConnection, view: str) -> None:
    """Hide a view behind a table of its rows; `facts`, which is flat, behind those of its facts."""
    [[database]] = warehouse.execute("select current_database()").fetchall()
    facts = warehouse.execute("select distinct fact from fact_tables order by fact").fetchall()
    united = " union all ".join(f"from {fact}" for (fact,) in facts)
    rows = united if view == FACTS else f'from "{database}".main.{view}'
    warehouse.execute(f"create temp table {view} as {rows}")


def columns_of(warehouse: duckdb.DuckDBPyConnection, view: str) -> list[Column]:
    """Give a view's columns, in order."""
    query = """
        select column_name, data_type, coalesce(comment, '')
        from duckdb_columns()
        where database_name = current_database() and schema_name = 'main' and table_name = ?
        order by column_index
    """
    return [Column(*row) for row in warehouse.execute(query, [view]).fetchall()]


def write(
    warehouse: duckdb.DuckDBPyConnection,
    view: str,
    columns: list[Column],
    file: Path,
    seen: Standpoint,
) -> int:
    """Write a view's rows, endless days and instants as null; give how many there are."""
    shown = ", ".join(finite(column.name, column.type) for column in columns)
    about = ", ".join(f"{key}: {definitions.quoted(str(value))}" for key, value in told(seen))
    [[rows]] = warehouse.execute(f"""
        copy (select {shown} from {view}) to {definitions.quoted(str(file))}
        (format parquet, compression zstd, kv_metadata {{{about}}})
    """).fetchall()
    sync(file)
    return int(rows)


def told(seen: Standpoint) -> Iterator[tuple[str, str | None]]:
    """Tell where one looks from in the words of JSON: from which day, known when, whose data."""
    yield "origin", seen.origin
    yield "as_of", None if seen.as_of is None else seen.as_of.isoformat()
    yield "known_at", None if seen.known_at is None else seen.known_at.isoformat()


def resource(
    view: str, comment: str, columns: list[Column], file: Path, rows: int
) -> dict[str, Any]:
    """Describe a view's file."""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return {
        "name": view,
        "type": "table",
        "title": first_sentence(comment),
        "description": comment,
        "path": file.name,
        "format": "parquet",
        "mediatype": MEDIA_TYPE,
        "bytes": file.stat().st_size,
        "hash": f"sha256:{digest}",
        "rows": rows,
        "schema": {"fields": [field(column) for column in columns]},
    }


def field(column: Column) -> dict[str, str]:
    """Describe a column."""
    kind = TYPES.get(column.type, "any")
    return {"name": column.name, "type": kind, "description": column.comment}
