"""Ask the published warehouse: SQL, from any day, with what was known at any time."""

from datetime import UTC, date, datetime

import duckdb
import polars as pl


class QueryError(Exception):
    """A query that cannot be answered; the message is one line."""


def travel(
    warehouse: duckdb.DuckDBPyConnection, as_of: date | None, known_at: datetime | None
) -> None:
    """Look from a market day (None: the latest), with what was known at a moment (None: all)."""
    if as_of is not None:
        warehouse.execute(f"set variable as_of = date '{as_of}'")
    if known_at is not None:
        moment = known_at.astimezone(UTC).isoformat()
        warehouse.execute(f"set variable known_at = timestamptz '{moment}'")


def nothing_known_before(
    warehouse: duckdb.DuckDBPyConnection, known_at: datetime | None
) -> datetime | None:
    """Give the moment of the first load, if `known_at` lies before it."""
    [[first]] = warehouse.execute("select epoch_us(first_known_at) from about").fetchall()
    if first is None or known_at is None:
        return None
    moment = datetime.fromtimestamp(first / 1e6, UTC)
    return moment if known_at < moment else None


def origin(warehouse: duckdb.DuckDBPyConnection) -> str:
    """Say whether the warehouse holds live data, a replayed history or synthetic data."""
    [[origin]] = warehouse.execute("select origin from about").fetchall()
    return str(origin)


def ask(warehouse: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """Answer a query as a frame; an instant without end is null, since polars cannot show it.

    Raises:
        QueryError: DuckDB refuses the query; says why, with its suggestion if it has one.
    """
    try:
        if len(duckdb.extract_statements(query)) > 1:
            raise QueryError("ask one query at a time")
        answer = warehouse.sql(query)
        if answer is None:
            return pl.DataFrame()
        return answer.project(", ".join(map(finite, answer.columns, answer.types))).pl()
    except duckdb.Error as error:
        raise QueryError(one_line(error)) from error


def finite(column: str, kind: duckdb.sqltypes.DuckDBPyType) -> str:
    """Write the column so that an endless date or instant is null."""
    name = '"' + column.replace('"', '""') + '"'
    if not str(kind).startswith(("DATE", "TIMESTAMP")):
        return name
    return f"case when isfinite({name}) then {name} end as {name}"


def one_line(error: duckdb.Error) -> str:
    """Keep what DuckDB says went wrong and what it suggests, without its drawing of the query."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("LINE ", "^"))]
    return " ".join(told)
