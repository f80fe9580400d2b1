"""Views and facts: one SQL file each, named after it, created in the order they read one another.

A file's header is its documentation, and becomes the COMMENTs on the view and its columns:

    -- What the view says, in one sentence.
    --
    -- Grain   one row per ...
    -- Method  how
    -- Caveat  what to mind
    --
    -- Columns
    -- column  meaning and unit
"""

import hashlib
import json
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import duckdb

from warehouse.corrections import corrected_views
from warehouse.transaction import transaction

FOLDERS = (Path(__file__).parent / "views", Path(__file__).parent / "facts")
SYNTHETIC = "case about.origin when 'synthetic' then ' [synthetic data]' else '' end"
COLUMN = re.compile(r"^-- (?P<column>[a-z_0-9]+)  +(?P<comment>\S.*)$")


class View(NamedTuple):
    """A view's query, what it says, and what its columns mean."""

    query: str
    comment: str
    columns: dict[str, str]


def create_all(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Create every view with its comments, in one transaction, unless nothing has changed.

    All are rebuilt together: replacing one drops its comments and breaks those that read it. Until
    there has been a correction, no view looks for one: that would cost half a scan more.
    """
    [[corrections]] = warehouse.execute("select count(*) from history.corrections").fetchall()
    views = definitions(is_corrected=corrections > 0)
    digest = hashlib.sha256(repr(sorted(views.items())).encode()).hexdigest()
    if warehouse.execute("select digest from ops.definitions").fetchall() == [(digest,)]:
        return
    with transaction(warehouse):
        for name in existing(warehouse) - views.keys():
            warehouse.execute(f"drop view {name}")
        for name in ordered(warehouse, views):
            create(warehouse, name, views[name])
        warehouse.execute("delete from ops.definitions")
        warehouse.execute("insert into ops.definitions values (?)", [digest])


def existing(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    """Name the views that an earlier release, or this one, has created."""
    query = "select view_name from duckdb_views() where schema_name = 'main' and not internal"
    return {name for (name,) in warehouse.execute(query).fetchall()}


def definitions(*, is_corrected: bool = True) -> dict[str, View]:
    """Give all views by name: what is believed, views/, facts/, and `facts`, their union."""
    files = [file for folder in FOLDERS for file in sorted(folder.glob("*.sql"))]
    believed = corrected_views(is_corrected=is_corrected)
    views = {name: View(*view) for name, view in believed.items()}
    return views | {file.stem: read(file) for file in files} | {"facts": united()}


def read(file: Path) -> View:
    """Read a view's file: its header becomes comments."""
    text = file.read_text()
    header = [line for line in text.splitlines() if line.startswith("--")]
    start = header.index("-- Columns") if "-- Columns" in header else len(header)
    comment = "\n".join(line[3:] for line in header[:start]).strip()
    columns = {
        found["column"]: found["comment"]
        for line in header[start:]
        if (found := COLUMN.match(line))
    }
    return View(text, comment, columns)


def united() -> View:
    """Unite all facts; a sentence on synthetic data says so."""
    names = sorted(file.stem for file in FOLDERS[1].glob("*.sql"))
    first = read(FOLDERS[1] / f"{names[0]}.sql")
    columns = list(first.columns)
    queries = [f"select {', '.join(columns)} from {name}" for name in names]
    query = f"""
        with stated as ({" union all ".join(queries)})
        select stated.* replace (statement || {SYNTHETIC} as statement)
        from stated cross join about
    """
    grain = "Grain   one row per fact, subject, measure and market day"
    return View(query, f"Every fact that can be stated.\n\n{grain}", first.columns)


def create(warehouse: duckdb.DuckDBPyConnection, name: str, view: View) -> None:
    """Create one view and its comments."""
    warehouse.execute(f"create or replace view {name} as {view.query}")
    warehouse.execute(f"comment on view {name} is {quoted(view.comment)}")
    for column, comment in view.columns.items():
        warehouse.execute(f"comment on column {name}.{column} is {quoted(comment)}")


def quoted(text: str) -> str:
    """Write text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def ordered(warehouse: duckdb.DuckDBPyConnection, views: dict[str, View]) -> Iterator[str]:
    """Give the views' names so that each comes after those it reads."""
    reads = {
        name: set(relations(warehouse, view.query)) & views.keys() - {name}
        for name, view in views.items()
    }
    yield from TopologicalSorter(reads).static_order()


def relations(warehouse: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    """Name every relation of the default schema that a query reads, its own CTEs included."""
    [[tree]] = warehouse.execute("select json_serialize_sql(?)", [query]).fetchall()
    nodes = [json.loads(tree)]
    if nodes[0].get("error"):
        raise ValueError(f"{nodes[0].get('error_message')} in: {query[:200]}")
    while nodes:
        match nodes.pop():
            case {"type": "BASE_TABLE", "table_name": str(relation), "schema_name": ""}:
                yield relation
            case dict() as node:
                nodes.extend(node.values())
            case list() as items:
                nodes.extend(items)
