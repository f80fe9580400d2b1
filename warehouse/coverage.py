"""What each answer covered, so that one which arrives late is known for what it is.

An answer speaks of entities (an instrument of a source, a fund's holdings on a day) over a span of
market days. Of each key within, the latest answer that states it decides. `ops.coverage` keeps the
spans, and `ops.unstated` the few keys within them that an answer left open: a hole where an earlier
one had a row, or a row that was rejected. The two tell of any key which answers stated it, at a
line an answer: storing that for each row would cost as much as the rows.
"""

import duckdb
import pandera.polars as pa

from schemas.capture import Capture
from schemas.tables.model import key, metadata
from schemas.validation import Verdict
from warehouse.expressions import entity, json, using
from warehouse.tables import name


def find_entities(warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel]) -> None:
    """List the entities that the batch speaks of, with their first and last market day.

    A table that is one snapshot has one entity, of which an empty batch speaks too.
    """
    column = metadata(schema).get("as_of")
    columns = [f"observations.{column}" for column in entity(schema)]
    first, last = (
        f"{end}(observations.{column})" if column else "null::date" for end in ("min", "max")
    )
    warehouse.execute(f"""
        create or replace temporary table entities as
        select
            {"".join(f"{column}, " for column in columns)}
            {json("observations", entity(schema))} as entity,
            {first} as first_as_of,
            {last} as last_as_of
        from {"observations" if columns else "(select 1)"}
        {f"group by {', '.join(columns)}" if columns else ""}
    """)


def find_later(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], capture: Capture
) -> bool:
    """List what later answers covered of the batch's entities; say whether there is any."""
    about = {"relation": name(schema), "known_at": capture.known_at}
    is_later = "coverage.relation = $relation and coverage.known_at > $known_at"
    query = f"select 1 from ops.coverage as coverage where {is_later} limit 1"
    if not warehouse.execute(query, about).fetchall():
        return False
    columns = "".join(f"entities.{column}, " for column in entity(schema))
    warehouse.execute(
        f"""
        create or replace temporary table later as
        select
            {columns}
            coverage.capture,
            coverage.known_at,
            coverage.first_as_of,
            coverage.last_as_of
        from ops.coverage as coverage
        inner join entities using (entity)
        where {is_later}
        """,
        about,
    )
    return bool(warehouse.execute("select 1 from later limit 1").fetchall())


def decided(schema: type[pa.DataFrameModel]) -> str:
    """Write the query that says of each row in `matched` whether a later answer tells of it."""
    keys = ", ".join(key(schema))
    return f"""
        select matched.*, told.is_told is not null as is_decided
        from matched
        left join (
            select distinct {keys}, true as is_told
            from ({covered(schema, "matched")}) as covered
            anti join (from ops.unstated where relation = '{name(schema)}') as unstated
                using (key, capture)
        ) as told using ({keys})
    """


def covered(schema: type[pa.DataFrameModel], relation: str) -> str:
    """Write the query of a relation's keys, once for each later answer that covers them."""
    column = metadata(schema).get("as_of")
    within = f"{relation}.{column} between later.first_as_of and later.last_as_of"
    return f"""
        select
            {", ".join(f"{relation}.{column}" for column in key(schema))},
            later.capture,
            later.known_at,
            {named(schema, relation)}
        inner join later {using(entity(schema))}
        where {within if column else "true"}
    """


def keep(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    capture: Capture,
    *,
    is_again: bool,
) -> None:
    """Keep what this answer covers.

    A capture that is recorded again, by a better parser, states what it left unstated before.
    """
    if is_again:
        forget(warehouse, schema, {"relation": name(schema), "capture": capture.id})
    warehouse.execute(
        """
        insert into ops.coverage by name
        select
            $relation as relation, entity, $capture as capture, $known_at as known_at,
            first_as_of, last_as_of
        from entities
        """,
        {"relation": name(schema), "capture": capture.id, "known_at": capture.known_at},
    )


def forget(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    known: dict[str, object],
) -> None:
    """Forget what this answer was known to cover, and to leave unstated where it does not."""
    where = "where relation = $relation and capture = $capture"
    stated = f"select {json('observations', key(schema))} from observations"
    warehouse.execute(f"delete from ops.coverage {where}", known)
    warehouse.execute(f"delete from ops.unstated {where} and key in ({stated})", known)


def keep_unstated(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    verdict: Verdict,
    capture: Capture,
) -> None:
    """Keep the rows that this answer should have and has not; of a snapshot, those unreadable."""
    if "snapshot" not in metadata(schema):
        rows = f"select {named(schema, 'compared')} where verdict = 'unstated'"
    elif verdict.rejected.height:
        rows = f"""
            select distinct null as entity, null as as_of, key from rejected
            where key not in (select {json("observations", key(schema))} from observations)
        """
    else:
        return
    warehouse.execute(
        f"""
        insert into ops.unstated by name
        select $relation as relation, *, $capture as capture, $known_at as known_at
        from ({rows})
        """,
        {"relation": name(schema), "capture": capture.id, "known_at": capture.known_at},
    )


def named(schema: type[pa.DataFrameModel], relation: str) -> str:
    """Write the columns that name a row in `ops.unstated`, and where they are from."""
    column = metadata(schema).get("as_of")
    return f"""
        {json(relation, entity(schema))} as entity,
        {f"{relation}.{column}" if column else "null::date"} as as_of,
        {json(relation, key(schema))} as key
        from {relation}
    """


def keep_what_later_answers_lacked(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel]
) -> None:
    """Keep as unstated by later answers the keys that nobody had stated before.

    Where nothing is ever gone, a key that is new has been stated by none of them.
    """
    if "snapshot" in metadata(schema):
        return
    warehouse.execute(
        f"""
        insert into ops.unstated by name
        with news as (from compared where verdict = 'new')
        select $relation as relation, entity, as_of, key, capture, known_at
        from ({covered(schema, "news")})
        """,
        {"relation": name(schema)},
    )
