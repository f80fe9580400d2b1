"""What each column of a view is made of, read from the SQL by sqlglot.

Macros are put in the place of their calls first; what is read through another view ends there, and
is followed to the tables by `tables_of`.
"""

from collections.abc import Mapping
from functools import cache

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope
from sqlglot.schema import MappingSchema, Schema

from warehouse import definitions
from warehouse.definitions import Macro, View

DIALECT = "duckdb"
Sources = dict[str, set[str]]


def sources(view: View, columns: Schema) -> Sources:
    """Give what each column of a view is made of: `relation.column` of what its query reads.

    A column that is made of nothing, such as a word of ours, has an empty set.

    Args:
        view: The view; of a fact, its own query without the shape that all facts are put in.
        columns: Those of every relation, from `catalog`.

    Raises:
        ValueError: sqlglot cannot follow the query.
    """
    try:
        query = expanded(sqlglot.parse_one(view.query, dialect=DIALECT))
        qualified = qualify(
            query,
            schema=columns,
            db="main",
            dialect=DIALECT,
            validate_qualify_columns=False,
            identify=False,
        )
        scope = build_scope(qualified)
        names = qualified.named_selects if isinstance(qualified, exp.Query) else []
        return {
            column: {
                f"{relation_of(leaf.source)}.{leaf.name.rpartition('.')[2]}"
                for leaf in lineage(
                    column,
                    qualified,
                    scope=scope,
                    dialect=DIALECT,
                    schema=columns,
                    trim_selects=False,
                ).walk()
                if not leaf.downstream and isinstance(leaf.source, exp.Table)
            }
            for column in names
        }
    except SqlglotError as error:
        raise ValueError(f"its lineage cannot be told: {str(error).splitlines()[0]}") from error


def relation_of(table: exp.Table) -> str:
    """Name a relation as a query of ours does: without the schema, if it is main."""
    return table.name if table.db in {"", "main"} else f"{table.db}.{table.name}"


def catalog(warehouse: duckdb.DuckDBPyConnection) -> Schema:
    """Give the columns and types of every relation of a warehouse."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    query = """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns()
        where not internal
    """
    for schema, table, column, kind in warehouse.execute(query).fetchall():
        found.setdefault(schema, {}).setdefault(table, {})[column] = kind
    return MappingSchema(dict(found), dialect=DIALECT)


def expanded(query: exp.Expr) -> exp.Expr:
    """Put every table macro's own query in the place of its call."""
    for table in list(query.find_all(exp.Table)):
        called = table.this
        macro = table_macros().get(called.name.lower())
        if isinstance(called, exp.Anonymous) and macro:
            alias = exp.TableAlias(this=exp.to_identifier(table.alias or called.name))
            table.replace(exp.Subquery(this=filled(macro, called.expressions), alias=alias))
    return query


@cache
def table_macros() -> Mapping[str, Macro]:
    """Give the macros that stand for tables."""
    return {name: macro for name, macro in definitions.macros().items() if macro.columns}


def filled(macro: Macro, given: list[exp.Expr]) -> exp.Expr:
    """Write a macro's query with the arguments that it is called with."""
    arguments = {n: sqlglot.parse_one(d, dialect=DIALECT) for n, d in macro.defaults.items()}
    for name, argument in zip(macro.arguments, given, strict=False):
        is_named = isinstance(argument, exp.PropertyEQ)
        arguments[argument.name if is_named else name] = (
            argument.expression if is_named else argument
        )
    body = sqlglot.parse_one(macro.query, dialect=DIALECT)
    for table in list(body.find_all(exp.Table)):
        if isinstance(table.this, exp.Anonymous) and table.this.name.lower() == "query_table":
            [relation] = table.this.expressions
            table.replace(exp.to_table(arguments[relation.name].name))
    for column in list(body.find_all(exp.Column)):
        if not column.table and column.name in arguments:
            given_for = arguments[column.name].copy()
            is_plain = isinstance(given_for, exp.Column | exp.Literal)
            column.replace(given_for if is_plain else exp.paren(given_for))
    return expanded(body)


def tables_of(relation: str, reads: Mapping[str, set[str]]) -> set[str]:
    """Follow a relation to the tables it rests on.

    Args:
        relation: A view or table.
        reads: The relations that each view reads.
    """
    found: set[str] = set()
    waiting, seen = {relation}, set()
    while waiting:
        seen.add(current := waiting.pop())
        below = reads.get(current)
        if below is None:
            found.add(current)
        else:
            waiting |= below - seen
    return found
