"""Checks: one SQL file each, named as the claim it defends, returning the rows that break it.

The header's Severity line says whether a failure blocks publishing (error) or is shown (warning).
A check that names {column} is asked of every column that states a bound; one that names {as_of}, of
every table with a market day; one that names {table}, of every table.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb

from schemas.tables import TABLES
from schemas.tables.model import key, metadata
from warehouse.tables import name, view_name

FOLDER = Path(__file__).parent
EXAMPLES = 3
SEVERITY = re.compile(r"^-- Severity  (error|warning)$", re.MULTILINE)


class Failure(NamedTuple):
    """A check that found rows: its name, its severity (error or warning), how many, and some."""

    check: str
    severity: str
    rows: int
    examples: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether nothing may be published while it fails."""
        return self.severity == "error"


def failing(warehouse: duckdb.DuckDBPyConnection) -> list[Failure]:
    """Run all checks and name those that find at least one row."""
    failures = [failure(warehouse, file) for file in sorted(FOLDER.glob("*.sql"))]
    return [failure for failure in failures if failure.rows]


def failure(warehouse: duckdb.DuckDBPyConnection, file: Path) -> Failure:
    """Run one check and count the rows it finds."""
    text = file.read_text()
    found = [row for query in queries(text) for row in rows(warehouse, query)]
    examples = tuple(", ".join(row) for row in found[:EXAMPLES])
    return Failure(file.stem, severity(file.stem, text), len(found), examples)


def rows(warehouse: duckdb.DuckDBPyConnection, query: str) -> Iterator[list[str]]:
    """Give the rows of a query, each value with its column."""
    answer = warehouse.execute(query)
    columns = [column for column, *_ in answer.description or []]
    for row in answer.fetchall():
        yield [f"{column} {value}" for column, value in zip(columns, row, strict=True)]


def severity(check: str, text: str) -> str:
    """Read whether a check blocks publishing.

    Raises:
        ValueError: Its header does not say so.
    """
    if found := SEVERITY.search(text):
        return found[1]
    raise ValueError(f"check {check}: its header has no line `-- Severity  error` or `warning`")


def queries(text: str) -> Iterator[str]:
    """Give a check's query, or one for every table, dated table or bounded column."""
    if "{column}" in text:
        yield from (text.format_map(places) for places in bounded_columns())
    elif "{as_of}" in text:
        yield from (text.format_map(places) for places in dated_tables())
    elif "{table}" in text:
        yield from (text.format(table=name(s), key=", ".join(key(s))) for s in TABLES)
    else:
        yield text


def dated_tables() -> Iterator[dict[str, object]]:
    """Give what a check may name of every table with a market day."""
    for schema in TABLES:
        if as_of := metadata(schema).get("as_of"):
            yield {
                "table": name(schema),
                "key": ", ".join(key(schema)),
                "as_of": as_of,
                "days_ahead": metadata(schema).get("days_ahead", 0),
            }


def bounded_columns() -> Iterator[dict[str, object]]:
    """Give what a check may name of every column that states how far it may jump.

    `entity` is the key without the market day, `subject` its first column.
    """
    for schema in TABLES:
        as_of = metadata(schema).get("as_of")
        entity = [column for column in key(schema) if column != as_of]
        for column, spec in schema.to_schema().columns.items():
            if bound := (spec.metadata or {}).get("largest_jump"):
                yield {
                    "table": name(schema),
                    "view": view_name(schema),
                    "column": column,
                    "entity": ", ".join(entity),
                    "subject": entity[0],
                    "as_of": as_of,
                    "bound": bound,
                    "launch_days": (spec.metadata or {}).get("launch_days", 0),
                }
