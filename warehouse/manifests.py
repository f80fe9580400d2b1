"""What a published copy holds, to be told without opening it: the manifest beside it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import duckdb
import polars as pl

from schemas.tables import TABLES
from warehouse import checks
from warehouse.connection import RELEASE
from warehouse.tables import name

FACT = ("fact", "subject", "measure", "as_of", "value", "unit", "statement")


def manifest(
    warehouse: duckdb.DuckDBPyConnection, failures: list[checks.Failure], facts: pl.DataFrame
) -> dict[str, Any]:
    """Tell what the warehouse holds, which checks were run, and every fact it states.

    Instants are UTC in ISO 8601; a number without a finite value is null.
    """
    [about] = rows(warehouse, "select origin, last_known_at as latest_known_at from about")
    stated = facts.select(FACT)
    return {
        "release": RELEASE,
        **about,
        "tables": {row.pop("relation"): row for row in rows(warehouse, counts())},
        "checks": checks_run(failures),
        "number_of_facts": stated.height,
        "facts": [dict(zip(FACT, map(plain, row), strict=True)) for row in stated.iter_rows()],
    }


def counts() -> str:
    """Write the query of every table's rows: those believed, and all versions."""
    return " union all ".join(
        f"""
        select
            '{name(schema)}' as relation,
            count(*) filter (where superseded_at = 'infinity') as believed,
            count(*) as all_versions
        from history.{name(schema)}
        """
        for schema in TABLES
    )


def checks_run(failures: list[checks.Failure]) -> list[dict[str, Any]]:
    """Tell of every check how severe it is and how many rows broke it, none included."""
    rows_found = {failure.check: failure.rows for failure in failures}
    return [
        {
            "check": file.stem,
            "severity": checks.severity(file.stem, file.read_text()),
            "offending_rows": rows_found.get(file.stem, 0),
        }
        for file in sorted(checks.FOLDER.glob("*.sql"))
    ]


def rows(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Answer a query as JSON can say it."""
    answer = warehouse.execute(query)
    columns = [column for column, *_ in answer.description or []]
    return [dict(zip(columns, map(plain, row), strict=True)) for row in answer.fetchall()]


def plain(value: object) -> object:
    """Say a value in JSON's terms."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Decimal() | float():
            return float(value) if isfinite(value) else None
        case _:
            return value
