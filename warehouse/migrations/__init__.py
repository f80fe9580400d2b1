"""Changes of the warehouse's tables from release to release: numbered SQL files, applied once.

A file written by an earlier release is brought up to date when it is opened for writing. To change
a table: add the next number; what is here already has been applied somewhere and stays as it is.
Tables in `history` are there, in a new warehouse as of today: so `add column if not exists`.
"""

from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.transaction import transaction

FOLDER = Path(__file__).parent
MIGRATIONS = {int(file.stem.partition("_")[0]): file for file in sorted(FOLDER.glob("*.sql"))}
LATEST = max(MIGRATIONS)


def applied(warehouse: duckdb.DuckDBPyConnection) -> int:
    """Give the number of the last migration that a warehouse has been through; 0 is none."""
    query = "select 1 from duckdb_tables() where schema_name = 'ops' and table_name = 'migrations'"
    if not warehouse.execute(query).fetchall():
        return 0
    [[number]] = warehouse.execute("select max(number) from ops.migrations").fetchall()
    return int(number)


def migrate(warehouse: duckdb.DuckDBPyConnection, now: datetime, release: str) -> None:
    """Apply what a warehouse has not been through, each file in a transaction of its own."""
    for number in range(applied(warehouse) + 1, LATEST + 1):
        with transaction(warehouse):
            warehouse.execute(MIGRATIONS[number].read_text())
            warehouse.execute(LEDGER)
            warehouse.execute(
                "insert into ops.migrations values (?, ?, ?, ?)",
                [number, MIGRATIONS[number].stem, now, release],
            )


LEDGER = """
    create table if not exists ops.migrations (
        number bigint not null,
        name varchar not null,
        applied_at timestamptz not null,
        release varchar not null
    )
"""
