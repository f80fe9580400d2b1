"""The one way in: store what is new, close what it revises, and keep the ledger, all or nothing."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import duckdb
import pandera.polars as pa

from schemas.capture import Capture
from schemas.tables.model import key, metadata
from schemas.validation import Verdict
from warehouse.tables import name


class Recorded(NamedTuple):
    """What one call to `record` found, in rows; `added` are rejections not seen before."""

    seen: int
    new: int
    revised: int
    unchanged: int
    stale: int
    gone: int
    rejected: int
    added: int


def record(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    verdict: Verdict,
    capture: Capture,
) -> Recorded:
    """Store the rows that say something new, and a line in the ledger, in one transaction.

    What is believed already is not stored twice, so a flow may be rerun freely. A revision closes
    the version it revises; in a table with a snapshot grain, so does a row's absence. Nothing is
    deleted. An answer older than another to the same scope that covers the same days, or older
    than what is believed, revises nothing: such rows are stale; for a snapshot grain lateness is
    judged for the whole grain. Rejected rows are kept beside, once, until a good row comes.

    Cost follows the batch: only the market days it covers are read.
    """
    return record_together(warehouse, {schema: verdict}, capture)[schema]


def record_together(
    warehouse: duckdb.DuckDBPyConnection,
    verdicts: dict[type[pa.DataFrameModel], Verdict],
    capture: Capture,
) -> dict[type[pa.DataFrameModel], Recorded]:
    """Record all that one capture says, of every table it fills, in one transaction."""
    with transaction(warehouse):
        return {
            schema: store(warehouse, schema, verdict, capture)
            for schema, verdict in verdicts.items()
        }


def store(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    verdict: Verdict,
    capture: Capture,
) -> Recorded:
    """Do what `record` promises, within a transaction."""
    warehouse.register("observations", verdict.accepted)
    warehouse.register("rejected", verdict.rejected)
    try:
        find_days(warehouse, schema)
        find_grains(warehouse, schema, capture)
        compare(warehouse, schema, capture)
        find_gone(warehouse, schema)
        close_versions(warehouse, schema, capture)
        insert_news(warehouse, schema, capture)
        added = keep_rejections(warehouse, schema, capture)
        recorded = count(warehouse, verdict, added)
        write_ledger(warehouse, schema, capture, recorded)
    finally:
        warehouse.unregister("observations")
        warehouse.unregister("rejected")
    return recorded


def find_days(warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel]) -> None:
    """Keep the first and last market day of the batch, as variables: scans stop at them."""
    column = metadata(schema).get("as_of")
    days = f"min({column}), max({column})" if column else "max(null), max(null)"
    [[first, last]] = warehouse.execute(f"select {days} from observations").fetchall()
    warehouse.execute("set variable first_day = ?::date", [first])
    warehouse.execute("set variable last_day = ?::date", [last])


def of_these_days(schema: type[pa.DataFrameModel], relation: str = "") -> str:
    """Write the condition that a row of the table lies within the batch's days."""
    if column := metadata(schema).get("as_of"):
        name = f"{relation}.{column}" if relation else column
        return f"{name} between getvariable('first_day') and getvariable('last_day')"
    return "true"


def find_grains(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], capture: Capture
) -> None:
    """Tell of each snapshot in the batch whether something later is known of it already."""
    grain = metadata(schema).get("snapshot")
    columns = "".join(f"{column}, " for column in grain or ())
    snapshots = f"(select distinct {columns} true as is_snapshot from observations)"
    same_grain = f"using ({', '.join(grain)})" if grain else "on true"
    versions = f"""(
        select {columns} max(case
            when superseded_at = 'infinity' then known_at else superseded_at
        end) as latest
        from history.{name(schema)}
        where {of_these_days(schema)}
        group by {columns or "()"}
    )"""
    warehouse.execute(
        f"""
        create or replace temporary table grains as
        select
            snapshots.*,
            coalesce(versions.latest > $known_at, false) or {late(schema)} as is_late
        from {"(select true as is_snapshot)" if grain == () else snapshots} as snapshots
        left join {versions} as versions {same_grain}
        where {"true" if grain is not None else "false"}
        """,
        {"known_at": capture.known_at, "relation": name(schema), "scope": capture.request.scope},
    )


def late(schema: type[pa.DataFrameModel]) -> str:
    """Write the condition that a later answer to the same scope covers a snapshot's days."""
    column = metadata(schema).get("as_of")
    if column in (metadata(schema).get("snapshot") or ()):
        covers = f"snapshots.{column} between later.first_as_of and later.last_as_of"
    elif column:
        covers = """later.first_as_of <= getvariable('last_day')
            and later.last_as_of >= getvariable('first_day')"""
    else:
        covers = "true"
    return f"""exists (
        select 1
        from ops.loads as later
        where later.relation = $relation
          and later.scope = $scope
          and later.known_at > $known_at
          and {covers}
    )"""


def compare(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], capture: Capture
) -> None:
    """Give each observation its verdict: new, revised, unchanged or stale."""
    values = [column for column in schema.to_schema().columns if column not in key(schema)]
    grain = metadata(schema).get("snapshot")
    same_grain = f"using ({', '.join(grain)})" if grain else "on true"
    warehouse.execute(
        f"""
        create or replace temporary table compared as
        with later as (
            select first_as_of, last_as_of
            from ops.loads
            where relation = $relation and scope = $scope and known_at > $known_at
        )
        select
            observations.*,
            case
                when {held(schema, values)} then 'unchanged'
                when grains.is_late then 'stale'
                when believed.known_at is null then 'new'
                when believed.known_at >= $known_at or {covered(schema)} then 'stale'
                else 'revised'
            end as verdict
        from observations
        left join (
            from history.{name(schema)}
            where superseded_at = 'infinity' and {of_these_days(schema)}
        ) as believed using ({", ".join(key(schema))})
        left join grains {same_grain}
        """,
        {"known_at": capture.known_at, "relation": name(schema), "scope": capture.request.scope},
    )


def held(schema: type[pa.DataFrameModel], values: list[str]) -> str:
    """Write the condition that the believed row says the same, at the provider's precision."""
    columns = schema.to_schema().columns

    def same(column: str) -> str:
        precision = (columns[column].metadata or {}).get("precision")
        cast = "::float" if precision == "float32" else ""
        return f"observations.{column}{cast} is not distinct from believed.{column}{cast}"

    return " and ".join(["believed.known_at is not null", *map(same, values)])


def covered(schema: type[pa.DataFrameModel]) -> str:
    """Write the condition that a later answer to the same scope covers the row's day."""
    if column := metadata(schema).get("as_of"):
        within = f"observations.{column} between later.first_as_of and later.last_as_of"
        return f"exists (select 1 from later where {within})"
    return "exists (select 1 from later)"


def find_gone(warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel]) -> None:
    """Find the believed rows that a snapshot no longer has; a rejected row is not gone."""
    grain = metadata(schema).get("snapshot")
    in_grain = f"join grains using ({', '.join(grain)})" if grain else "join grains on true"
    keys = ", ".join(key(schema))
    warehouse.execute(f"""
        create or replace temporary table gone as
        select {keys}
        from history.{name(schema)} as believed
        {in_grain}
        where believed.superseded_at = 'infinity'
          and {of_these_days(schema, "believed")}
          and not grains.is_late
          and not exists (
              select 1 from observations
              where {row("observations", key(schema))} = {row("believed", key(schema))}
          )
          and {json("believed", key(schema))} not in (select rejected.key from rejected)
    """)


def close_versions(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], capture: Capture
) -> None:
    """Close the versions that are revised or gone."""
    keys = ", ".join(key(schema))
    warehouse.execute(
        f"""
        update history.{name(schema)} as believed
        set superseded_at = $known_at
        from (
            select {keys} from compared where verdict = 'revised'
            union all
            select {keys} from gone
        ) as closed
        where believed.superseded_at = 'infinity'
          and {of_these_days(schema, "believed")}
          and {row("believed", key(schema))} = {row("closed", key(schema))}
        """,
        {"known_at": capture.known_at},
    )


def insert_news(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], capture: Capture
) -> None:
    """Insert what is new and what revises, by market day, so that a day's rows lie together."""
    order = metadata(schema).get("as_of") or key(schema)[0]
    warehouse.execute(
        f"""
        insert into history.{name(schema)} by name
        select * exclude (verdict), $known_at as known_at, 'infinity' as superseded_at
        from compared
        where verdict in ('new', 'revised')
        order by {order}
        """,
        {"known_at": capture.known_at},
    )


def keep_rejections(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], capture: Capture
) -> int:
    """Close the rejections that a good row answers; add those not open yet, and count them."""
    about = {"relation": name(schema), "capture": capture.id, "known_at": capture.known_at}
    warehouse.execute(
        f"""
        update ops.rejections set resolved_at = $known_at, resolved_by = $capture
        where relation = $relation
          and resolved_at is null
          and rejected_at <= $known_at
          and key in (select {json("observations", key(schema))} from observations)
        """,
        about,
    )
    request = capture.request
    added = warehouse.execute(
        """
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
              and (kept.resolved_at is null or kept.capture = $capture)
              and kept.key is not distinct from rejected.key
              and kept.row is not distinct from rejected.row
              and kept.failures = rejected.failures
        )
        """,
        about | {"source": request.source, "dataset": request.dataset, "scope": request.scope},
    ).fetchone()
    return int(added[0]) if added else 0


def count(warehouse: duckdb.DuckDBPyConnection, verdict: Verdict, added: int) -> Recorded:
    """Count the verdicts of this batch."""
    verdicts = ("new", "revised", "unchanged", "stale")
    counts = ", ".join(f"count(*) filter (verdict = '{verdict}')" for verdict in verdicts)
    [counted] = warehouse.execute(f"select {counts} from compared").fetchall()
    [[gone]] = warehouse.execute("select count(*) from gone").fetchall()
    seen = verdict.accepted.height + verdict.rejected.height
    new, revised, unchanged, stale = counted
    return Recorded(seen, new, revised, unchanged, stale, gone, verdict.rejected.height, added)


def write_ledger(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    capture: Capture,
    recorded: Recorded,
) -> None:
    """Write the ledger's line; an earlier refusal of the same scope is resolved."""
    request = capture.request
    warehouse.execute(
        """
        insert into ops.loads values (
            ?, ?, ?, ?, ?, ?, ?, ?, ?, getvariable('first_day'), getvariable('last_day'),
            ?, ?, ?, ?, ?, ?, ?
        )
        """,
        [
            name(schema),
            request.source,
            request.dataset,
            request.subject,
            request.scope,
            capture.id,
            capture.known_at,
            request.asked_from,
            request.asked_to,
            *recorded[:-1],
        ],
    )
    warehouse.execute(
        """
        update ops.refusals set resolved_at = $known_at
        where scope = $scope and resolved_at is null and refused_at <= $known_at
          and coalesce(asked_to between $first::date and $last::date, true)
        """,
        {
            "known_at": capture.known_at,
            "scope": request.scope,
            "first": request.asked_from,
            "last": request.asked_to,
        },
    )


def refuse(
    warehouse: duckdb.DuckDBPyConnection, capture: Capture, reason: str, release: str
) -> None:
    """Note a payload that was not what was asked for; its capture waits for the next release.

    One that a later answer to the same question has made up for is resolved from the start.
    """
    request = capture.request
    warehouse.execute(
        """
        insert into ops.refusals by name
        select
            $source as source, $dataset as dataset, $scope as scope,
            $asked_to::date as asked_to, $capture as capture, $known_at as refused_at,
            $reason as reason, $release as release,
            min(known_at) as resolved_at
        from ops.loads
        where scope = $scope and known_at > $known_at
          and coalesce($asked_to::date between asked_from and asked_to, true)
        """,
        {
            "asked_to": request.asked_to,
            "source": request.source,
            "dataset": request.dataset,
            "scope": request.scope,
            "capture": capture.id,
            "known_at": capture.known_at,
            "reason": reason,
            "release": release,
        },
    )


@contextmanager
def transaction(warehouse: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what happens inside, all of it or, on any error, none."""
    warehouse.begin()
    try:
        yield
    except BaseException:
        warehouse.rollback()
        raise
    warehouse.commit()


def row(relation: str, columns: Iterable[str]) -> str:
    """Write the columns of a relation as one comparable value."""
    return f"row({', '.join(f'{relation}.{column}' for column in columns)})"


def json(relation: str, columns: Iterable[str]) -> str:
    """Write the columns of a relation as JSON text, as `ops.rejections.key` holds them."""
    fields = ", ".join(f"'{column}': {relation}.{column}" for column in columns)
    return f"to_json({{{fields}}})::varchar"
