"""Views, facts and macros: one SQL file each, named after it, created in the order they read.

A file's header is its documentation, and becomes the COMMENTs on the view and its columns:

    -- What the view says, in one sentence.
    --
    -- Grain   one row per ...
    -- Method  how
    -- Caveat  what to mind
    --
    -- Columns
    -- column  meaning and unit

A macro is a view over any relation: its header lists its arguments before its columns, those with
a default as `argument = default`, and shows an example. One without columns is an expression, such
as a turn of phrase. A fact selects such columns of `no_fact` as it has: that view's header explains
them all.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import duckdb

from warehouse.corrections import corrected_views
from warehouse.revisions import revisions
from warehouse.transaction import transaction

FOLDERS = (Path(__file__).parent / "views", Path(__file__).parent / "facts")
MACROS = Path(__file__).parent / "macros"
SHAPE = "no_fact"
# What must be named in the sentence itself, wherever it is read.
NAMED = """
    statement
    || case when contains(array_to_string(labels, ' '), 'estimated') then ' [estimated]' else '' end
    || (select case origin when 'synthetic' then ' [synthetic data]' else '' end from ops.origin)
"""
# A fund's caveat, where it is a flow by its count of shares at its NAV that is told.
WITH_CAVEAT = """
    labels
    || case when list_contains(labels, 'by book date') then present([funds.caveat]) else [] end
"""
LINE = re.compile(r"^-- (?P<name>[a-z_0-9]+)(?: = (?P<default>\S+))?  +(?P<comment>\S.*)$")
SECTIONS = ("-- Arguments", "-- Columns", "-- Example")


class View(NamedTuple):
    """A view's query, what it says, and what its columns mean."""

    query: str
    comment: str
    columns: dict[str, str]


class Macro(NamedTuple):
    """A macro's query, what it says, its arguments (with their defaults), its columns, a use."""

    query: str
    comment: str
    arguments: dict[str, str]
    defaults: dict[str, str]
    columns: dict[str, str]
    example: str

    @property
    def signature(self) -> str:
        """Write its arguments as SQL declares them."""
        return ", ".join(
            f"{name} := {self.defaults[name]}" if name in self.defaults else name
            for name in self.arguments
        )

    @property
    def body(self) -> str:
        """Write what it stands for: a table, or the one expression that its query selects."""
        if self.columns:
            return f"table {self.query}"
        code = [line for line in self.query.splitlines() if not line.startswith("--")]
        return "(" + "\n".join(code).strip().removeprefix("select") + ")"

    @property
    def kind(self) -> str:
        """Name its kind as SQL does."""
        return "macro table" if self.columns else "macro"


def create_all(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Create every macro and view with its comments, in one transaction, unless nothing changed.

    All are rebuilt together: replacing one drops its comments and breaks those that read it. Until
    there has been a correction, no view looks for one: that would cost half a scan more.
    """
    [[corrections]] = warehouse.execute("select count(*) from history.corrections").fetchall()
    views, made = parts(is_corrected=corrections > 0), macros()
    told = repr([sorted(views.items()), sorted(made.items())])
    digest = hashlib.sha256(told.encode()).hexdigest()
    if warehouse.execute("select digest from ops.definitions").fetchall() == [(digest,)]:
        return
    facts = united(views)
    with transaction(warehouse):
        for name in existing(warehouse) - views.keys() - facts.keys():
            warehouse.execute(f"drop view {name}")
        for name, kind in existing_macros(warehouse):
            if name not in made:
                warehouse.execute(f"drop {kind} {name}")
        create_macros(warehouse)
        for name in ordered(views):
            create(warehouse, name, views[name])
            stand_in(warehouse, name)
        for name in views:
            warehouse.execute(f"drop table temp.{name}")
        for name in facts:
            create(warehouse, name, facts[name])
        warehouse.execute("delete from ops.definitions")
        warehouse.execute("insert into ops.definitions values (?)", [digest])


def existing(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    """Name the views that an earlier release, or this one, has created."""
    query = "select view_name from duckdb_views() where schema_name = 'main' and not internal"
    return {name for (name,) in warehouse.execute(query).fetchall()}


def existing_macros(warehouse: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Name the macros, and their kind, that an earlier release, or this one, has created."""
    query = """
        select function_name, case function_type when 'macro' then 'macro' else 'macro table' end
        from duckdb_functions()
        where function_type in ('macro', 'table_macro') and not internal
    """
    return {(name, kind) for name, kind in warehouse.execute(query).fetchall()}


def definitions(*, is_corrected: bool = True) -> dict[str, View]:
    """Give all views by name: what is believed, views/, facts/, and `facts`, their union."""
    views = parts(is_corrected=is_corrected)
    return views | united(views)


@cache
def parts(*, is_corrected: bool = True) -> dict[str, View]:
    """Give all views but `facts`."""
    tables = {n: View(*view) for n, view in corrected_views(is_corrected=is_corrected).items()}
    views = {file.stem: read(file) for file in sorted(FOLDERS[0].glob("*.sql"))}
    facts = {file.stem: read_fact(file) for file in sorted(FOLDERS[1].glob("*.sql"))}
    views |= tables | facts | {"revisions": View(*revisions())}
    return views | {"fact_tables": fact_tables(views, facts, tables)}


def fact_tables(views: Mapping[str, View], facts: Iterable[str], tables: Collection[str]) -> View:
    """Say which tables each fact rests on."""
    rows = [
        f"('{fact}', '{table.removesuffix('_by_source')}')"
        for fact in facts
        for table in order_of(views[fact].query, {n: v for n, v in views.items() if n != fact})
        if table in tables
    ]
    query = f"select fact, relation from (values {', '.join(rows)}) as told (fact, relation)"
    comment = "Which tables each fact rests on.\n\nGrain   one row per fact and table\n"
    comment += "Method  read from the queries of the fact and of the views below it\n"
    comment += "Caveat  a table need not bear on each of the fact's subjects"
    columns = {"fact": "name of the fact", "relation": "table, as in `history`"}
    return View(query, comment, columns)


@cache
def macros() -> dict[str, Macro]:
    """Give all macros by name."""
    return {file.stem: read_macro(file) for file in sorted(MACROS.glob("*.sql"))}


def read(file: Path) -> View:
    """Read a view's file: its header becomes comments."""
    text = file.read_text()
    comment, sections = taken_apart(text)
    return View(text, comment, explained(sections["-- Columns"]))


def read_macro(file: Path) -> Macro:
    """Read a macro's file: a view's, with arguments and an example."""
    text = file.read_text()
    comment, sections = taken_apart(text)
    arguments = sections["-- Arguments"]
    defaults = {
        found["name"]: found["default"]
        for line in arguments
        if (found := LINE.match(line)) and found["default"]
    }
    example = "\n".join(line[3:] for line in sections["-- Example"])
    columns = explained(sections["-- Columns"])
    return Macro(text, comment, explained(arguments), defaults, columns, example)


def read_fact(file: Path) -> View:
    """Read a fact's file: its query gets the shape of a fact; what is estimated is named so.

    What is to be said of a fund's share count or NAV travels with each of its flows.
    """
    fact = read(file)
    columns = read(FOLDERS[0] / f"{SHAPE}.sql").columns
    is_flow = "flow_labels" in called(fact.query)
    written = {"statement": NAMED} | ({"labels": WITH_CAVEAT} if is_flow else {})
    shown = [f"{written[c]} as {c}" if c in written else f"stated.{c}" for c in columns]
    told = f"(from {SHAPE} union all by name ({fact.query})) as stated"
    whose = "left join funds on stated.subject = funds.fund" if is_flow else ""
    return View(f"select {', '.join(shown)} from {told} {whose}", fact.comment, columns)


def taken_apart(text: str) -> tuple[str, dict[str, list[str]]]:
    """Take a header apart: what comes first, and the lines of each section."""
    lines = [line for line in text.splitlines() if line.startswith("--")]
    sections: dict[str, list[str]] = {title: [] for title in ("", *SECTIONS)}
    current = ""
    for line in lines:
        if line in SECTIONS:
            current = line
        else:
            sections[current].append(line)
    comment = "\n".join(line[3:] for line in sections.pop("")).strip()
    return comment, sections


def explained(lines: list[str]) -> dict[str, str]:
    """Give what each line says of the name it begins with."""
    return {found["name"]: found["comment"] for line in lines if (found := LINE.match(line))}


def united(views: Mapping[str, View]) -> dict[str, View]:
    """Unite all facts in one view: what several of them read is bound and computed once."""
    facts = sorted(file.stem for file in FOLDERS[1].glob("*.sql"))
    if not facts:
        return {}
    query = " union all ".join(f"select * from {name}" for name in facts)
    comment = "Every fact that can be stated, as of the latest day visible.\n\n"
    comment += "Grain   one row per fact, subject, measure and market day\n"
    comment += "Method  the union of all facts, each of which is a view of its own name\n"
    comment += "Caveat  facts about one subject may be of different days: see as_of"
    return {"facts": View(flattened(query, views), comment, views[SHAPE].columns)}


def flattened(query: str, views: Mapping[str, View]) -> str:
    """Write a query with every view that it rests on as a common table expression of its own."""
    needed = order_of(query, views)
    if not needed:
        return query
    parts = [f"{name} as ({views[name].query})" for name in needed]
    return f"with {', '.join(parts)} select * from ({query})"


def create_macros(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Create all macros, those that others use first."""
    made = macros()
    uses = {name: called(macro.query) & made.keys() for name, macro in made.items()}
    for name in TopologicalSorter(uses).static_order():
        macro = made[name]
        warehouse.execute(f"create or replace macro {name}({macro.signature}) as {macro.body}")
        warehouse.execute(f"comment on {macro.kind} {name} is {quoted(macro.comment)}")


def create(warehouse: duckdb.DuckDBPyConnection, name: str, view: View) -> None:
    """Create one view and its comments."""
    warehouse.execute(f"create or replace view {name} as {view.query}")
    comments = [f"comment on view {name} is {quoted(view.comment)}"]
    comments += [
        f"comment on column {name}.{column} is {quoted(comment)}"
        for column, comment in view.columns.items()
    ]
    warehouse.execute(";".join(comments))


def stand_in(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    """Hide a view behind an empty table of its columns while those that read it are created.

    Each would be bound down to the tables again, as often as it is read: it takes twice as long.
    """
    warehouse.execute(f"create temp table {name} as from main.{name} limit 0")


def quoted(text: str) -> str:
    """Write text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def ordered(views: Mapping[str, View]) -> Iterator[str]:
    """Give the views' names so that each comes after those it reads."""
    reads = {name: relations(view.query) & views.keys() - {name} for name, view in views.items()}
    yield from TopologicalSorter(reads).static_order()


def order_of(query: str, views: Mapping[str, View]) -> list[str]:
    """Name the views that a query rests on, each after those it reads."""
    reads: dict[str, set[str]] = {}
    waiting = set(relations(query) & views.keys())
    while waiting:
        name = waiting.pop()
        reads[name] = set(relations(views[name].query) & views.keys() - {name})
        waiting |= reads[name] - reads.keys()
    return list(TopologicalSorter(reads).static_order())


@cache
def relations(query: str) -> frozenset[str]:
    """Name every relation of the default schema that a query reads, its own CTEs included.

    A macro's argument may name one, as text or as a column would be.
    """
    named = set()
    for node in nodes(query):
        match node:
            case {"type": "BASE_TABLE", "table_name": str(relation), "schema_name": ""}:
                named.add(relation)
            case {"type": "TABLE_FUNCTION", "function": {"children": list(arguments)}}:
                named |= {relation for given in arguments for relation in mentioned(given)}
    return frozenset(named)


def mentioned(argument: dict[str, object]) -> list[str]:
    """Name the relation that a macro's argument may be."""
    match argument:
        case {"type": "VALUE_CONSTANT", "value": {"value": str(relation)}}:
            return [relation]
        case {"type": "COLUMN_REF", "column_names": [str(relation)]}:
            return [relation]
    return []


@cache
def called(query: str) -> frozenset[str]:
    """Name the functions that a query calls."""
    return frozenset(
        str(node["function_name"]) for node in nodes(query) if node.get("type") == "FUNCTION"
    )


def nodes(query: str) -> Iterator[dict[str, object]]:
    """Give every node of a query's syntax tree.

    Raises:
        ValueError: It is no query.
    """
    [[tree]] = parser().execute("select json_serialize_sql(?)", [query]).fetchall()
    waiting: list[object] = [json.loads(tree)]
    [read] = waiting
    if isinstance(read, dict) and read.get("error"):
        raise ValueError(f"{read.get('error_message')} in: {query[:200]}")
    while waiting:
        match waiting.pop():
            case dict() as node:
                yield node
                waiting.extend(node.values())
            case list() as items:
                waiting.extend(items)


@cache
def parser() -> duckdb.DuckDBPyConnection:
    """Open a database that holds nothing: to parse with."""
    return duckdb.connect()
