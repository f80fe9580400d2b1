"""Ask the published warehouse: SQL, from any day, with what was known at any time."""

from datetime import UTC, date, datetime
from typing import NamedTuple

import duckdb
import polars as pl

ENDLESS = {
    "DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip
# Polars has no such types, or takes them for others.
FOREIGN = {"INTERVAL", "BLOB", "BIT", "BIGNUM", "TIME WITH TIME ZONE"}
QUESTIONS = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.CALL,
    duckdb.StatementType.PRAGMA,
    duckdb.StatementType.SET,
}


class QueryError(Exception):
    """A query that cannot be answered; the message is one line."""


class Standpoint(NamedTuple):
    """Where the warehouse is looked at from: whose data, which market day, known when (UTC)."""

    origin: str
    as_of: date | None
    known_at: datetime | None


def travel(
    warehouse: duckdb.DuckDBPyConnection, as_of: date | None, known_at: datetime | None
) -> None:
    """Look from a market day (None: the latest), with what was known at a moment (None: all)."""
    warehouse.execute(moved(as_of, known_at))


def moved(as_of: date | None, known_at: datetime | None) -> str:
    """Write the statements that move a connection in time; a moment without zone is UTC."""
    statements = []
    if as_of is not None:
        statements.append(f"set variable as_of = date '{as_of}';")
    if known_at is not None:
        moment = known_at.astimezone(UTC).isoformat()
        statements.append(f"set variable known_at = timestamptz '{moment}';")
    return " ".join(statements)


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


def standpoint(warehouse: duckdb.DuckDBPyConnection) -> Standpoint:
    """Tell where one looks from: where nothing was set, the latest session and load there are."""
    [row] = warehouse.execute("""
        select
            origin,
            coalesce(getvariable('as_of')::date, (select max(session) from bars)),
            epoch_us(coalesce(getvariable('known_at')::timestamptz, last_known_at))
        from about
    """).fetchall()
    origin, as_of, moment = row
    return Standpoint(origin, as_of, moment and datetime.fromtimestamp(moment / 1e6, UTC))


def ask(warehouse: duckdb.DuckDBPyConnection, query: str, most: int | None = None) -> pl.DataFrame:
    """Answer a query as a frame, or with its first `most` rows: no more is computed than they need.

    A day or instant without end is null, since polars cannot show it; an interval is text.

    Raises:
        QueryError: It is not one question, or DuckDB refuses it; says why, and what was meant if
            that can be told.
    """
    try:
        refuse_all_but_one_question(query)
        answer = warehouse.sql(query)
        if answer is None:
            return pl.DataFrame()
        shown = answer.project(", ".join(map(finite, answer.columns, answer.types)))
        return (shown if most is None else shown.limit(most)).pl()
    except duckdb.Error as error:
        from warehouse.mistakes import explained  # noqa: PLC0415 -- few queries are wrong

        raise QueryError(explained(error, query, warehouse)) from error


def refuse_all_but_one_question(query: str) -> None:
    """Let one question pass; DuckDB takes a PIVOT apart into two statements, the first unwritten.

    Raises:
        QueryError: It is none, several, or a statement that changes something.
    """
    created = duckdb.StatementType.CREATE
    statements = [
        statement
        for statement in duckdb.extract_statements(query)
        if statement.query or statement.type != created
    ]
    if not statements:
        raise QueryError('nothing is asked: give one query, such as "from facts"')
    if len(statements) > 1:
        raise QueryError(f"ask one query at a time: these are {len(statements)}")
    [statement] = statements
    if statement.type not in QUESTIONS:
        raise QueryError(
            f"the published file is read-only, and {statement.type.name} is no question: ask with "
            "SELECT, FROM, DESCRIBE or SHOW; --output FILE keeps an answer"
        )


def finite(column: str, kind: object) -> str:
    """Write a column so that polars can hold it: an endless date or instant as null.

    `kind` is its type, as DuckDB writes it; lists are treated as what they list.
    """
    name = '"' + column.replace('"', '""') + '"'
    scalar = str(kind).removesuffix("[]")
    is_list = scalar != str(kind)
    if scalar in FOREIGN or scalar.startswith("UNION"):
        return f"{name}::varchar{'[]' * is_list} as {name}"
    if scalar not in ENDLESS:
        return name
    if is_list:
        each = "lambda value: case when isfinite(value) then value end"
        return f"list_transform({name}, {each}) as {name}"
    return f"case when isfinite({name}) then {name} end as {name}"
