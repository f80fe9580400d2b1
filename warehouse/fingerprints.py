"""Whether two warehouses hold the same: one number a table, whatever the order of its rows."""

import duckdb

EMPTY = "0 rows 0"
DECIDED = ("coverage", "loads", "rejections", "unstated")


def fingerprints(warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Give each table's rows and the sum of their hashes over all columns, by table.

    All versions in `history`, the ledger and the quarantine. What depends on the moment of loading
    and not on the captures (runs, refusals by release) is left out. DuckDB's hash may change
    between its releases: compare only what one release has computed.
    """
    return {relation: fingerprint(warehouse, relation) for relation in relations(warehouse)}


def relations(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """Name the tables that captures alone decide, as far as an older release has made them."""
    query = """
        select schema_name || '.' || table_name as relation
        from duckdb_tables()
        where schema_name = 'history'
            or (schema_name = 'ops' and table_name in $decided)
        order by relation
    """
    found = warehouse.execute(query, {"decided": list(DECIDED)}).fetchall()
    return [relation for (relation,) in found]


def fingerprint(warehouse: duckdb.DuckDBPyConnection, relation: str) -> str:
    """Give the number of a table's rows, and the sum of their hashes.

    Columns are taken by name: a migration adds them at the end.
    """
    described = warehouse.execute(f"describe {relation}").fetchall()
    columns = ", ".join(sorted(name for name, *_ in described))
    query = f"select count(*), coalesce(sum(hash({columns})::hugeint), 0) from {relation}"
    [[count, total]] = warehouse.execute(query).fetchall()
    return f"{count} rows {int(total):x}"


def differences(ours: dict[str, str], theirs: dict[str, str]) -> list[str]:
    """Name the tables in which two warehouses differ, with what each holds.

    A table that an older release has not made is as an empty one.
    """
    return [
        f"{relation}: {ours.get(relation, EMPTY)} against {theirs.get(relation, EMPTY)}"
        for relation in sorted(ours.keys() | theirs.keys())
        if ours.get(relation, EMPTY) != theirs.get(relation, EMPTY)
    ]
