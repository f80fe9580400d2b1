"""The one way in: store what is new, close what it revises, and keep the ledger, all or nothing.

entities   what the batch speaks of, and which days of it
later      what later answers covered of the same (none, when loading in order)
compared   each row of the batch, and each believed row it should have had, with a verdict
"""

from collections.abc import Sequence

import duckdb
import pandera.polars as pa

from schemas.capture import Capture
from schemas.tables.model import key, metadata
from schemas.validation import Verdict
from warehouse import coverage, ledger, quarantine, refusals, shapes
from warehouse.expressions import entity, json, row, same, using
from warehouse.ledger import Recorded
from warehouse.tables import name
from warehouse.transaction import transaction


def record(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    verdict: Verdict,
    capture: Capture,
) -> Recorded:
    """Store the rows that say something new, and a line in the ledger, in one transaction.

    What is believed already is not stored twice, so a flow may be rerun freely. A revision closes
    the version it revises; in a table with a snapshot grain, so does a row's absence. Nothing is
    deleted. Captures may be loaded in any order: of each key the latest answer that states it is
    believed. What an older one says of it is stale: counted, never stored over newer knowledge.
    Rejected rows are kept beside, once, until a good row comes.

    Cost follows the batch: only the market days it covers are read.
    """
    return record_together(warehouse, {schema: verdict}, capture)[schema]


def record_together(
    warehouse: duckdb.DuckDBPyConnection,
    verdicts: dict[type[pa.DataFrameModel], Verdict],
    capture: Capture,
    columns: Sequence[str] = (),
) -> dict[type[pa.DataFrameModel], Recorded]:
    """Record all that one capture says, of every table it fills, in one transaction.

    So are the columns that its payload had.
    """
    with transaction(warehouse):
        shapes.keep(warehouse, capture, columns)
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
        before = ledger.take_line(warehouse, schema, capture)
        is_again = before is not None
        find_days(warehouse, schema)
        coverage.find_entities(warehouse, schema)
        is_late = coverage.find_later(warehouse, schema, capture)
        compare(warehouse, schema, verdict, capture)
        coverage.keep(warehouse, schema, verdict, capture, is_again=is_again)
        if is_late:
            coverage.keep_what_later_answers_lacked(warehouse, schema)
        added = quarantine.keep_rejections(warehouse, schema, verdict, capture, is_again=is_again)
        recorded = count(warehouse, verdict, added)
        if recorded.revised or recorded.gone:
            close_versions(warehouse, schema, capture)
        if recorded.new or recorded.revised:
            insert_news(warehouse, schema, capture)
        told = ledger.together(before, recorded, is_late=is_late)
        ledger.write_line(warehouse, schema, capture, told)
        refusals.resolve(warehouse, capture)
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


def of_these_days(schema: type[pa.DataFrameModel]) -> str:
    """Write the condition that a believed row lies within the days of the batch, of its entity."""
    if column := metadata(schema).get("as_of"):
        return f"""believed.{column} between getvariable('first_day') and getvariable('last_day')
            and believed.{column} between entities.first_as_of and entities.last_as_of"""
    return "true"


def compare(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    verdict: Verdict,
    capture: Capture,
) -> None:
    """Give each row of the batch its verdict: new, revised, unchanged or stale.

    A believed row that the batch should have and has not is gone, if the batch is a snapshot, or
    unstated. A rejected row is not gone.
    """
    values = [column for column in schema.to_schema().columns if column not in key(schema)]
    alike = " and ".join(same(schema, column, "observations", "standing") for column in values)
    keys = ", ".join(key(schema))
    is_snapshot = "snapshot" in metadata(schema)
    was_rejected = f"{json('judged', key(schema))} in (select rejected.key from rejected)"
    warehouse.execute(
        f"""
        create or replace temporary table compared as
        with standing as (
            select believed.*
            from history.{name(schema)} as believed
            inner join entities {using(entity(schema))}
            where believed.superseded_at = 'infinity' and {of_these_days(schema)}
        ),
        matched as (
            select
                {keys},
                {", ".join(f"observations.{column}" for column in values)},
                observations.{key(schema)[0]} is not null as is_stated,
                standing.known_at as held_since,
                {alike or "true"} as is_alike
            from observations
            full join standing using ({keys})
        ),
        judged as (
            select matched.*, decided.is_decided is not null as is_decided
            from matched
            left join ({coverage.decided(schema)}) as decided using ({keys})
        )
        select
            judged.*,
            case
                when is_stated and held_since is not null and is_alike then 'unchanged'
                when is_stated and held_since is null
                    then case when {is_snapshot} and is_decided then 'stale' else 'new' end
                when is_stated and (held_since >= $known_at or is_decided) then 'stale'
                when is_stated then 'revised'
                when {is_snapshot} and held_since < $known_at and not is_decided
                    and not {was_rejected if verdict.rejected.height else "false"} then 'gone'
                else 'unstated'
            end as verdict
        from judged
        """,
        {"known_at": capture.known_at},
    )


def count(warehouse: duckdb.DuckDBPyConnection, verdict: Verdict, added: int) -> Recorded:
    """Count the verdicts of this batch."""
    verdicts = ("new", "revised", "unchanged", "stale", "gone")
    counts = ", ".join(f"count(*) filter (verdict = '{verdict}')" for verdict in verdicts)
    [counted] = warehouse.execute(f"select {counts} from compared").fetchall()
    seen = verdict.accepted.height + verdict.rejected.height
    new, revised, unchanged, stale, gone = counted
    return Recorded(seen, new, revised, unchanged, stale, gone, verdict.rejected.height, added)


def close_versions(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], capture: Capture
) -> None:
    """Close the versions that are revised or gone."""
    column = metadata(schema).get("as_of")
    days = f"believed.{column} between getvariable('first_day') and getvariable('last_day')"
    warehouse.execute(
        f"""
        update history.{name(schema)} as believed
        set superseded_at = $known_at
        from compared
        where compared.verdict in ('revised', 'gone')
          and believed.superseded_at = 'infinity'
          and {days if column else "true"}
          and {row("believed", key(schema))} = {row("compared", key(schema))}
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
        select
            {", ".join(schema.to_schema().columns)},
            $known_at as known_at,
            'infinity' as superseded_at
        from compared
        where verdict in ('new', 'revised')
        order by {order}
        """,
        {"known_at": capture.known_at},
    )
