"""Move a whole warehouse into a new file, each table in the order of its market days."""

from pathlib import Path

import duckdb

from schemas.tables import TABLES
from schemas.tables.model import key, metadata
from warehouse import definitions
from warehouse.definitions import quoted
from warehouse.tables import name

# What a warehouse has from its birth, or builds itself.
ITS_OWN = ("origin", "migrations", "definitions")
# What no capture tells.
DIARY = ("runs", "questions", "check_results", "alerts")


def keep_diary(
    warehouse: duckdb.DuckDBPyConnection, before: duckdb.DuckDBPyConnection | None
) -> None:
    """Take over the diary of runs; without one, say that a run ended when all was known."""
    if before:
        query = """
            select table_name from duckdb_tables()
            where schema_name = 'ops' and table_name in $diary
        """
        held = before.execute(query, {"diary": list(DIARY)}).fetchall()
        for (table,) in held:  # an older release has not made them all
            warehouse.register("diary", before.execute(f"from ops.{table}").pl())
            warehouse.execute(f"insert into ops.{table} by name from diary")
            warehouse.unregister("diary")
        return
    warehouse.execute("""
        insert into ops.runs by name
        select
            'replay' as run, max(known_at) as started_at, max(known_at) as finished_at,
            'completed' as state, [] as summary
        from ops.loads
        having max(known_at) is not null
    """)


def copy_in_order(warehouse: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Copy all rows of another warehouse's file; a day's rows lie together, whoever brought them.

    Then a day's load touches the last row groups only.
    """
    orders = {name(schema): metadata(schema).get("as_of") or key(schema)[0] for schema in TABLES}
    warehouse.execute(f"attach {quoted(str(file))} as loaded (read_only)")
    query = """
        select schema_name, table_name from duckdb_tables()
        where database_name = 'loaded' and table_name not in $its_own
    """
    for schema, table in warehouse.execute(query, {"its_own": list(ITS_OWN)}).fetchall():
        order = f"order by {orders[table]}" if schema == "history" else ""
        warehouse.execute(
            f"insert into {schema}.{table} by name from loaded.{schema}.{table} {order}"
        )
    warehouse.execute("detach loaded")
    definitions.create_all(warehouse)
    warehouse.execute("checkpoint")
