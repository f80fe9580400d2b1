"""Pieces of SQL that the columns of a table's schema are written into."""

from collections.abc import Iterable

import pandera.polars as pa

from schemas.tables.model import key, metadata


def row(relation: str, columns: Iterable[str]) -> str:
    """Write the columns of a relation as one comparable value."""
    return f"row({', '.join(f'{relation}.{column}' for column in columns)})"


def json(relation: str, columns: Iterable[str]) -> str:
    """Write the columns of a relation as JSON text, as keys and entities are kept in `ops`."""
    fields = ", ".join(f"'{column}': {relation}.{column}" for column in columns)
    return f"to_json({{{fields}}})::varchar" if fields else "'{}'"


def entity(schema: type[pa.DataFrameModel]) -> list[str]:
    """Name the columns within which answers follow one another.

    The snapshot's, in a table of snapshots; else the key without its market day.
    """
    traits = metadata(schema)
    if "snapshot" in traits:
        return list(traits["snapshot"])
    return [column for column in key(schema) if column != traits.get("as_of")]


def using(columns: list[str]) -> str:
    """Write a join's condition: these columns are equal (none: always)."""
    return f"using ({', '.join(columns)})" if columns else "on true"


def same(schema: type[pa.DataFrameModel], column: str, relation: str, other: str) -> str:
    """Write the condition that two rows agree in a column, at the provider's precision."""
    precision = (schema.to_schema().columns[column].metadata or {}).get("precision")
    cast = "::float" if precision == "float32" else ""
    return f"{relation}.{column}{cast} is not distinct from {other}.{column}{cast}"
