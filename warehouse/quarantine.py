"""The quarantine: rows that broke a promise of their table, kept until a good one comes."""

import duckdb
import pandera.polars as pa

from schemas.capture import Capture
from schemas.tables.model import key, metadata
from schemas.validation import Verdict
from warehouse.expressions import entity, json
from warehouse.tables import name


def keep_rejections(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    verdict: Verdict,
    capture: Capture,
    *,
    is_again: bool,
) -> int:
    """Close the rejections that a good row answers; add those not open yet, and count them.

    A capture that is recorded again closes its own, and adds what nobody has rejected before.
    """
    about = {"relation": name(schema), "capture": capture.id, "known_at": capture.known_at}
    close_answered(warehouse, schema, about, is_again=is_again)
    if verdict.rejected.is_empty():
        return 0
    added = add_rejections(warehouse, capture, about, is_again=is_again)
    return added - resolve_from_the_start(warehouse, schema, about)


def close_answered(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    about: dict[str, object],
    *,
    is_again: bool,
) -> None:
    """Close the rejections that a good row answers, if there are any: mostly none is open."""
    is_open = "relation = $relation and resolved_at is null"
    query = f"select 1 from ops.rejections where {is_open} limit 1"
    if not warehouse.execute(query, {"relation": name(schema)}).fetchall():
        return
    own = "and capture = $capture" if is_again else ""
    warehouse.execute(
        f"""
        update ops.rejections set resolved_at = $known_at, resolved_by = $capture
        where {is_open}
          and rejected_at <= $known_at
          {own}
          and key in (select {json("observations", key(schema))} from observations)
        """,
        about,
    )


def add_rejections(
    warehouse: duckdb.DuckDBPyConnection,
    capture: Capture,
    about: dict[str, object],
    *,
    is_again: bool,
) -> int:
    """Add the rejected rows that were not open at this moment, and count them."""
    request = capture.request
    was_open = "kept.rejected_at <= $known_at and coalesce(kept.resolved_at > $known_at, true)"
    [[added]] = warehouse.execute(
        f"""
        insert into ops.rejections by name
        select
            $relation as relation, $source as source, $dataset as dataset, $scope as scope,
            $capture as capture, position, key, row, failures, $known_at as rejected_at
        from rejected
        where not exists (
            select 1
            from ops.rejections as kept
            where kept.relation = $relation
              and kept.scope = $scope
              and (kept.capture = $capture or {"true" if is_again else was_open})
              and kept.key is not distinct from rejected.key
              and kept.row is not distinct from rejected.row
              and kept.failures = rejected.failures
        )
        """,
        about | {"source": request.source, "dataset": request.dataset, "scope": request.scope},
    ).fetchall()
    return int(added)


def resolve_from_the_start(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    about: dict[str, object],
) -> int:
    """Close the rejections of a late answer whose rows a later one has stated, and count them."""
    column = metadata(schema).get("as_of")
    same_key = " and ".join(
        f"held.{column}::varchar = rejected.key ->> '$.{column}'" for column in key(schema)
    )
    [[closed]] = warehouse.execute(
        f"""
        update ops.rejections as late
        set resolved_at = answers.known_at, resolved_by = answers.capture
        from (
            select
                rejected.key,
                min(coverage.known_at) as known_at,
                arg_min(coverage.capture, coverage.known_at) as capture
            from rejected
            inner join history.{name(schema)} as held
                on held.superseded_at > $known_at and {same_key}
            inner join ops.coverage as coverage
                on coverage.relation = $relation
                and coverage.known_at > $known_at
                and coverage.known_at >= held.known_at
                and coverage.known_at < held.superseded_at
                and coverage.entity = {json("held", entity(schema))}
                and {f"held.{column} between first_as_of and last_as_of" if column else "true"}
            anti join ops.unstated as unstated
                on unstated.relation = $relation
                and unstated.capture = coverage.capture
                and unstated.key = rejected.key
            group by rejected.key
        ) as answers
        where late.relation = $relation
          and late.capture = $capture
          and late.key = answers.key
          and late.resolved_at is null
        """,
        about,
    ).fetchall()
    return int(closed)
