"""The one way in: store what is new, close what it revises, and keep the ledger, all or nothing.

entities   what the batch speaks of, and which days of it
later      what later answers covered of the same (none, when loading in order)
compared   each row of the batch, and each believed row it should have had, with a verdict
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import duckdb
import pandera.polars as pa
import polars as pl

from schemas.capture import Capture
from schemas.tables.model import key, metadata
from schemas.validation import Verdict
from warehouse import coverage, ledger, quarantine, refusals, shapes
from warehouse.expressions import entity, json, row, same, using
from warehouse.ledger import Recorded
from warehouse.tables import name
from warehouse.transaction import transaction

Days = dict[str, date | None]


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
        refusals.resolve(warehouse, capture)
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
    before = ledger.take_line(warehouse, schema, capture)
    is_again = before is not None
    days = market_days(schema, verdict)
    if not is_again and says_nothing(schema, verdict):
        recorded, is_late = tally(verdict, Counter(), 0), False
    else:
        recorded, is_late = believe(warehouse, schema, verdict, capture, days, is_again=is_again)
    told = ledger.together(before, recorded, is_late=is_late)
    ledger.write_line(warehouse, schema, capture, told, days)
    return recorded


def says_nothing(schema: type[pa.DataFrameModel], verdict: Verdict) -> bool:
    """Say whether a batch has no rows, and their absence tells of none: most have no dividends."""
    has_rows = verdict.accepted.height + verdict.rejected.height > 0
    return not has_rows and entity(schema) != []


def believe(  # noqa: PLR0913 -- all that a verdict depends on
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    verdict: Verdict,
    capture: Capture,
    days: Days,
    *,
    is_again: bool,
) -> tuple[Recorded, bool]:
    """Store the rows that say something new, and what the answer covers; say if it is late."""
    with registered(warehouse, verdict):
        coverage.find_entities(warehouse, schema)
        is_late = coverage.find_later(warehouse, schema, capture)
        counts = compare(warehouse, schema, verdict, capture, days, is_late=is_late)
        coverage.keep(warehouse, schema, capture, is_again=is_again)
        if not is_again and (counts["unstated"] or verdict.rejected.height):
            coverage.keep_unstated(warehouse, schema, verdict, capture)
        if is_late:
            coverage.keep_what_later_answers_lacked(warehouse, schema)
        added = quarantine.keep_rejections(warehouse, schema, verdict, capture, is_again=is_again)
        if counts["revised"] or counts["gone"]:
            close_versions(warehouse, schema, capture, days)
        if counts["new"] or counts["revised"]:
            insert_news(warehouse, schema, capture)
    return tally(verdict, counts, added), is_late


@contextmanager
def registered(warehouse: duckdb.DuckDBPyConnection, verdict: Verdict) -> Iterator[None]:
    """Let SQL read the good rows as `observations`, the bad ones, if any, as `rejected`."""
    frames = {"observations": verdict.accepted}
    if verdict.rejected.height:
        frames["rejected"] = verdict.rejected
    for relation, frame in frames.items():
        warehouse.register(relation, frame)
    try:
        yield
    finally:
        for relation in frames:
            warehouse.unregister(relation)


def market_days(schema: type[pa.DataFrameModel], verdict: Verdict) -> Days:
    """Give the first and last market day of the batch, as parameters: scans stop at them."""
    column = metadata(schema).get("as_of")
    if column is None:
        return {}
    [days] = verdict.accepted.select(first_day=pl.min(column), last_day=pl.max(column)).to_dicts()
    return days


def of_these_days(schema: type[pa.DataFrameModel]) -> str:
    """Write the condition that a believed row lies within the days of the batch, of its entity."""
    if column := metadata(schema).get("as_of"):
        return f"""believed.{column} between $first_day::date and $last_day::date
            and believed.{column} between entities.first_as_of and entities.last_as_of"""
    return "true"


def compare(  # noqa: PLR0913 -- all that a verdict depends on
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    verdict: Verdict,
    capture: Capture,
    days: Days,
    *,
    is_late: bool,
) -> Counter[str]:
    """Give each row of the batch its verdict: new, revised, unchanged or stale; count them.

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
        judged as ({coverage.decided(schema) if is_late else UNDECIDED})
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
        {"known_at": capture.known_at, **days},
    )
    counts = "select verdict, count(*) from compared group by verdict"
    return Counter(dict(warehouse.execute(counts).fetchall()))


UNDECIDED = "select matched.*, false as is_decided from matched"


def tally(verdict: Verdict, counts: Counter[str], added: int) -> Recorded:
    """Sum up what this batch came to."""
    rejected = verdict.rejected.height
    return Recorded(
        seen=verdict.accepted.height + rejected,
        new=counts["new"],
        revised=counts["revised"],
        unchanged=counts["unchanged"],
        stale=counts["stale"],
        gone=counts["gone"],
        rejected=rejected,
        added=added,
    )


def close_versions(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    capture: Capture,
    days: Days,
) -> None:
    """Close the versions that are revised or gone."""
    column = metadata(schema).get("as_of")
    is_of_these_days = f"believed.{column} between $first_day::date and $last_day::date"
    warehouse.execute(
        f"""
        update history.{name(schema)} as believed
        set superseded_at = $known_at
        from compared
        where compared.verdict in ('revised', 'gone')
          and believed.superseded_at = 'infinity'
          and {is_of_these_days if column else "true"}
          and {row("believed", key(schema))} = {row("compared", key(schema))}
        """,
        {"known_at": capture.known_at, **days},
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
