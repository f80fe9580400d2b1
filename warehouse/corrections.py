"""Corrections: a person's word against a source's, applied where what is believed is shown.

What was served stays in `history`. A correction names a row, a column, the wrong value it expects
and the right one; a base view shows the right one for as long as the expected one is believed. A
correction that cannot be read, or finds another value, changes nothing: its state says so.
"""

from collections.abc import Callable

import pandera.polars as pa
import polars as pl

from schemas.tables import TABLES
from schemas.tables.model import key, metadata
from schemas.tables.reference import Corrections
from warehouse.tables import TYPES, base_views, believed, name, view_name

Schema = type[pa.DataFrameModel]

OBSERVATIONS = tuple(
    schema
    for schema in TABLES
    if metadata(schema).get("as_of") and not metadata(schema).get("derived")
)

COMMENT = "What a person has corrected or confirmed in this row, and why; null: nothing"

NOTHING = "null::varchar as correction"

STATES = """Each correction that is believed, and whether it applies.

Grain   one row per correction
Method  its key and values, read as the types of its table, against the row its source now states
Caveat  a correction that does not apply changes nothing: mend its line, or take it out"""

STATE_COLUMNS = {
    "believed": "What the source now states, as text; null also where there is no such row",
    "state": "applies; confirms (changes nothing); or why it does not apply: value is no longer "
    "there, no such row, no such column (or one of the key), no such table, cannot be read (its "
    "key or a value), stated twice",
}


def corrected_views(*, is_corrected: bool) -> dict[str, tuple[str, str, dict[str, str]]]:
    """Give the base views, those of observations corrected, and the view of corrections' states.

    Where nothing has ever been corrected, they have the same columns and look for no correction.
    """
    views = base_views()
    for schema in OBSERVATIONS:
        query, comment, columns = views[view_name(schema)]
        columns = columns | {"correction": COMMENT}
        shown = corrected(schema, query) if is_corrected else f"select *, {NOTHING} from ({query})"
        views[view_name(schema)] = (shown, comment, columns)
    *_, columns = views[name(Corrections)]
    return views | {"correction_states": (states(), STATES, columns | STATE_COLUMNS)}


def corrected(schema: Schema, query: str) -> str:
    """Write the query of what is believed, with what corrections say in the place of what is wrong.

    The few corrections are made typed columns, so that the many rows are joined and compared as
    they lie, and filters on the view reach the scan.
    """
    keys = ", ".join(key(schema))
    shown = ", ".join(
        replaced(schema, column) if column in values(schema) else f"observed.{column}"
        for column in schema.to_schema().columns
    )
    told = ", ".join(
        f"case when {is_expected(schema, column)} then fixes.{column}_told end"
        for column in values(schema)
    )
    return f"""
        with stated as ({stated(schema)}),
        fixes as (
            select {keys}, {", ".join(fix(schema, column) for column in values(schema))}
            from stated
            where is_column and is_read and is_alone
            group by {keys}
        )
        select
            {shown},
            case
                when fixes.{key(schema)[0]} is not null then nullif(concat_ws('; ', {told}), '')
            end as correction
        from ({query}) as observed
        left join fixes on {matches(schema, "observed", "fixes")}
    """


def values(schema: Schema) -> list[str]:
    """Name the columns that can be corrected: those beside the key."""
    return [column for column in schema.to_schema().columns if column not in key(schema)]


def stated(schema: Schema) -> str:
    """Write the query of a table's corrections: the key's columns, and whether each can be used."""
    keys = ", ".join(f"{typed_key(schema, column)} as {column}" for column in key(schema))
    has_key = " and ".join(f"{column} is not null" for column in key(schema))
    return f"""
        with named as (
            select {keys}, corrections.key as written_key, column_name, expected, corrected, reason,
                try(len(json_keys(corrections.key))) = {len(key(schema))} as has_no_more
            from corrections
            where relation = '{name(schema)}'
        ),
        judged as (
            select
                *,
                case {by_kind(schema, is_readable)} end as fits,
                case {by_kind(schema, is_change)} end as changes
            from named
        )
        select
            *,
            fits is not null as is_column,
            coalesce(has_no_more and {has_key}, false) and fits as is_read,
            count(*) over (partition by {", ".join(key(schema))}, column_name) = 1 as is_alone,
            column_name || ': ' || coalesce(expected, 'null')
            || case when changes then ' -> ' || coalesce(corrected, 'null') else ' confirmed' end
            || ' (' || reason || ')' as told
        from judged
    """


def typed_key(schema: Schema, column: str) -> str:
    """Write a column of the key, read from a correction's JSON; null if it cannot be read."""
    return f"try(try_cast(corrections.key ->> '$.{column}' as {sql_type(schema, column)}))"


def by_kind(schema: Schema, condition: Callable[[Schema, str], str]) -> str:
    """Write a condition's cases, one for all columns of which it says the same."""
    cases: dict[str, list[str]] = {}
    for column in values(schema):
        cases.setdefault(condition(schema, column), []).append(f"'{column}'")
    return " ".join(
        f"when column_name in ({', '.join(columns)}) then {case}" for case, columns in cases.items()
    )


def is_readable(schema: Schema, column: str) -> str:
    """Write the condition that a correction's values can stand in a column: finite, null or not."""
    spec = schema.to_schema().columns[column]
    given = f"{typed('corrected', schema, column)} is not null"
    if spec.dtype.type == pl.Float64:
        given = f"coalesce(isfinite({typed('corrected', schema, column)}), false)"
    given = f"(corrected is null or {given})" if spec.nullable else given
    return f"(expected is null or {typed('expected', schema, column)} is not null) and {given}"


def is_change(schema: Schema, column: str) -> str:
    """Write the condition that a correction does more than confirm a value."""
    corrected, expected = (typed(text, schema, column) for text in ("corrected", "expected"))
    return f"{corrected} is distinct from {expected}"


def fix(schema: Schema, column: str) -> str:
    """Write what the one correction of a column says."""
    of_column = f"filter (where column_name = '{column}')"
    return f"""
        any_value({typed("expected", schema, column)}) {of_column} as {column}_expected,
        any_value(try_cast(corrected as {sql_type(schema, column)})) {of_column} as {column}_fixed,
        any_value(changes) {of_column} as {column}_changes,
        any_value(told) {of_column} as {column}_told
    """


def replaced(schema: Schema, column: str) -> str:
    """Write a column as it is shown."""
    return f"""case
        when fixes.{column}_changes then
            case when {is_expected(schema, column)} then fixes.{column}_fixed
            else observed.{column} end
        else observed.{column}
    end as {column}"""


def is_expected(schema: Schema, column: str) -> str:
    """Write the condition that a row has the value that its correction expects."""
    return f"{served(schema, column)} is not distinct from fixes.{column}_expected"


def matches(schema: Schema, relation: str, other: str) -> str:
    """Write the condition that two rows have one key."""
    return " and ".join(f"{relation}.{column} = {other}.{column}" for column in key(schema))


def typed(text: str, schema: Schema, column: str) -> str:
    """Write a correction's text as a value, in the type it is compared in; null if it is none."""
    is_single = is_float32(schema, column)
    return f"try_cast({text} as {'float' if is_single else sql_type(schema, column)})"


def served(schema: Schema, column: str) -> str:
    """Write a column's value, in the type it is compared in."""
    return f"observed.{column}{'::float' if is_float32(schema, column) else ''}"


def is_float32(schema: Schema, column: str) -> bool:
    """Say whether a column's values are compared as float32."""
    spec = schema.to_schema().columns[column]
    return (spec.metadata or {}).get("precision") == "float32"


def sql_type(schema: Schema, column: str) -> str:
    """Name a column's type."""
    return TYPES[schema.to_schema().columns[column].dtype.type.base_type()]


def states() -> str:
    """Write the query of all corrections and their states, table by table."""
    known = ", ".join(f"'{name(schema)}'" for schema in OBSERVATIONS)
    return f"""
        {" union all ".join(f"({states_of(schema)})" for schema in OBSERVATIONS)}
        union all
        select *, null as believed, 'no such table' as state
        from corrections
        where relation not in ({known})
    """


def states_of(schema: Schema) -> str:
    """Write the query of one table's corrections and their states."""
    columns = ", ".join(f"corrections.{c}" for c in Corrections.to_schema().columns)
    value = " ".join(f"when '{c}' then observed.{c}::varchar" for c in values(schema))
    holds = " ".join(
        f"when '{c}' then {served(schema, c)} is not distinct from {typed('expected', schema, c)}"
        for c in values(schema)
    )
    return f"""
        with stated as ({stated(schema)}),
        found as (
            select
                stated.written_key,
                stated.column_name,
                case stated.column_name {value} end as believed,
                case stated.column_name {holds} end as holds
            from stated
            inner join ({believed(schema)}) as observed on {matches(schema, "stated", "observed")}
        )
        select
            {columns},
            found.believed,
            case
                when not stated.is_column then 'no such column'
                when not stated.is_read then 'cannot be read'
                when not stated.is_alone then 'stated twice'
                when found.holds is null then 'no such row'
                when not found.holds then 'value is no longer there'
                when stated.changes then 'applies'
                else 'confirms'
            end as state
        from corrections
        inner join stated
            on corrections.key = stated.written_key
            and corrections.column_name = stated.column_name
        left join found
            on stated.written_key = found.written_key and stated.column_name = found.column_name
        where corrections.relation = '{name(schema)}'
    """
