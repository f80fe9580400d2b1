"""What became known later than the day it is for: every revision, late row and withdrawal.

`revisions` is made of all tables of observations and of reference data, so that it can be told why
a fact is no longer stated as it was.
"""

import pandera.polars as pa

from schemas.tables import TABLES
from schemas.tables.model import key, metadata
from warehouse.corrections import OBSERVATIONS
from warehouse.expressions import row
from warehouse.tables import name

REFERENCE = tuple(
    schema
    for schema in TABLES
    if not metadata(schema).get("as_of") and not metadata(schema).get("timeless")
)

COMMENT = """What sources revised, withdrew or stated late, and what changed in reference data.

Grain   one row per version of a row: its beginning, and its end if nothing follows it
Method  versions of history, each against the one it supersedes; a first version is *new*
Caveat  obeys known_at and, but for reference data, as_of; a new row is late only for what was
        stated before it, so compare known_at. What no fact is made of (volumes, whether a bar is
        final) is passed over"""

COLUMNS = {
    "relation": "table of the row",
    "entity": "instrument, fund, coin, asset or series of the row; crypto for all coins together; "
    "null: reference data, which may bear on any fact",
    "as_of": "market day of the row; null: reference data",
    "known_at": "when it became known, UTC",
    "kind": "new, revised or withdrawn",
    "told": "what changed, in words: columns, their values before and now",
}


def revisions() -> tuple[str, str, dict[str, str]]:
    """Give the view `revisions`: its query, its comment, its columns' comments."""
    queries = [changes(schema) for schema in (*OBSERVATIONS, *REFERENCE)]
    return " union all ".join(queries), COMMENT, COLUMNS


def changes(schema: type[pa.DataFrameModel]) -> str:
    """Write the query of one table's changes."""
    column = metadata(schema).get("as_of")
    day = f"versions.{column}" if column else "null::date"
    keys = ", ".join(key(schema))
    values = bearing(schema)
    compared = ", ".join(f"lag({c}) over versions_of as was_{c}" for c in values)
    differences = ", ".join(difference(c) for c in values) or "null"
    differs = " or ".join(f"versions.{c} is distinct from versions.was_{c}" for c in values)
    return f"""
        select
            '{name(schema)}' as relation,
            {subject(schema)} as entity,
            {day} as as_of,
            known_at,
            case when is_first then 'new' else 'revised' end as kind,
            '{name(schema)} ' || {label(schema)}
            || case when is_first then ' was not known before' else ': ' || concat_ws(
                ', ', {differences}
            ) end as told
        from (
            select
                *,
                {f"{compared}," if compared else ""}
                lag(known_at) over versions_of is null as is_first
            from history.{name(schema)}
            where {KNOWN}{f" and {column} <= {AS_OF}" if column else ""}
            window versions_of as (partition by {keys} order by known_at)
        ) as versions
        where is_first or {differs or "true"}
        union all
        select
            '{name(schema)}' as relation,
            {subject(schema)} as entity,
            {day} as as_of,
            superseded_at as known_at,
            'withdrawn' as kind,
            '{name(schema)} ' || {label(schema)} || ' was withdrawn' as told
        from history.{name(schema)} as versions
        anti join history.{name(schema)} as later
            on {row("versions", key(schema))} = {row("later", key(schema))}
            and versions.superseded_at = later.known_at
        where
            versions.superseded_at <= coalesce(
                getvariable('known_at')::timestamptz, timestamptz '9999-12-31 00:00:00+00'
            )
            {f"and versions.{column} <= {AS_OF}" if column else ""}
    """


KNOWN = "known_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')"
AS_OF = "coalesce(getvariable('as_of')::date, date 'infinity')"


def bearing(schema: type[pa.DataFrameModel]) -> list[str]:
    """Name the columns beside the key that facts may be made of."""
    return [
        column
        for column, spec in schema.to_schema().columns.items()
        if column not in key(schema) and (spec.metadata or {}).get("bears", True)
    ]


def subject(schema: type[pa.DataFrameModel]) -> str:
    """Write whose row it is: the first column of the key that is neither a day nor a source."""
    as_of = metadata(schema).get("as_of")
    if not as_of:
        return "null::varchar"
    beside = {"source", "observed_at", "category", as_of}
    named = [column for column in key(schema) if column not in beside]
    return named[0] if named else "'crypto'"


def label(schema: type[pa.DataFrameModel]) -> str:
    """Write the key in words."""
    return f"concat_ws(' ', {', '.join(f'versions.{c}::varchar' for c in key(schema))})"


def difference(column: str) -> str:
    """Write what a version says otherwise in a column than the one before; null: nothing."""
    return (
        f"case when versions.{column} is distinct from versions.was_{column} then '{column} ' || "
        f"coalesce(versions.was_{column}::varchar, 'null') || ' -> ' || "
        f"coalesce(versions.{column}::varchar, 'null') end"
    )
