"""Whether two warehouses hold the same: one number a table, whatever the order of its rows."""

import duckdb

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
    """Give the number of a table's rows, and the sum of their hashes."""
    query = f"select count(*), coalesce(sum(hash(rows)::hugeint), 0) from {relation} as rows"
    [[count, total]] = warehouse.execute(query).fetchall()
    return f"{count} rows {int(total):x}"


def differences(ours: dict[str, str], theirs: dict[str, str]) -> list[str]:
    """Name the tables in which two warehouses differ, with what each holds."""
    return [
        f"{relation}: {ours.get(relation, 'not there')} against {theirs.get(relation, 'not there')}"
        for relation in sorted(ours.keys() | theirs.keys())
        if ours.get(relation) != theirs.get(relation)
    ]
