"""What is published is stated: facts are recorded, and compared when what they rest on changes.

A fact as of a day rests on rows for that day or earlier ones. When such rows are revised, or come
late, the facts of that day are evaluated again, as of it: what would be stated otherwise now is
recorded as a revision, what would not be stated at all with `is_withdrawn` true.
"""

from datetime import date, datetime

import duckdb
import pandera.polars as pa
import polars as pl

from schemas.tables.model import key, metadata
from schemas.tables.stated_facts import StatedFacts
from warehouse.corrections import OBSERVATIONS
from warehouse.expressions import same
from warehouse.revisions import REFERENCE, subject
from warehouse.tables import name

# Days compared again at a publish, the latest first; those left are compared at the next ones.
MOST_DAYS = 2

# Of so large a query it takes as long as all other planning, and gains nothing.
DEAR = "statistics_propagation"

KEY = ("fact", "subject", "measure", "as_of")
COLUMNS = tuple(StatedFacts.to_schema().columns)


def evaluate(warehouse: duckdb.DuckDBPyConnection, day: date | None = None) -> pl.DataFrame:
    """Give every fact, in the columns of `stated_facts`, as of the latest day or an earlier one.

    Of a day looked back at only its own facts: those of other subjects are of days before. The
    connection's variables stay as they are.
    """
    with warehouse.cursor() as looking:
        looking.execute("set timezone = 'UTC'")
        if day is not None:
            looking.execute(f"set variable as_of = date '{day}'")
        [[before]] = looking.execute("select current_setting('disabled_optimizers')").fetchall()
        looking.execute(f"set disabled_optimizers = '{before},{DEAR}'")
        try:
            return looking.execute(EVALUATED, {"day": day}).pl()
        finally:
            looking.execute(f"set disabled_optimizers = '{before}'")


EVALUATED = f"""
    select
        {", ".join(KEY)},
        false as is_withdrawn,
        value,
        unit,
        statement,
        list_aggregate(labels, 'string_agg', '; ') as labels,
        rank,
        rank_if_counted,
        complete
    from facts
    where $day::date is null or as_of = $day::date
    order by {", ".join(KEY)}
"""


def changes(
    warehouse: duckdb.DuckDBPyConnection, evaluated: pl.DataFrame, day: date | None = None
) -> pl.DataFrame:
    """Give the facts that are new, or would be stated otherwise than they were.

    Of a day looked back at, what was not stated then is not stated now, and what would not be
    stated any more is withdrawn.
    """
    warehouse.register("evaluated", evaluated)
    try:
        if day is None:
            return warehouse.execute(f"{CHANGED} {ORDER}").pl()
        revised = warehouse.execute(f"{CHANGED} and believed.fact is not null {ORDER}").pl()
        return pl.concat([revised, warehouse.execute(WITHDRAWN, {"day": day}).pl()])
    finally:
        warehouse.unregister("evaluated")


UNCHANGED = " and ".join(
    same(StatedFacts, column, "evaluated", "believed") for column in COLUMNS if column not in KEY
)
CHANGED = f"""
    select evaluated.*
    from evaluated
    left join stated_facts as believed using ({", ".join(KEY)})
    where (believed.fact is null or not ({UNCHANGED}))
"""
ORDER = f"order by {', '.join(KEY)}"

WITHDRAWN = f"""
    select {", ".join(f"believed.{column}" for column in KEY)}, true as is_withdrawn,
        null::double as value, null::varchar as unit, null::varchar as statement,
        null::varchar as labels, null::bigint as rank, null::bigint as rank_if_counted,
        null::boolean as complete
    from stated_facts as believed
    anti join evaluated using ({", ".join(KEY)})
    where believed.as_of = $day and not believed.is_withdrawn
    order by {", ".join(KEY)}
"""


def owed(warehouse: duckdb.DuckDBPyConnection) -> list[date]:
    """Name the days of facts that rest on something which has changed since they were compared.

    The latest come first, and no more than are worth one publish.
    """
    [[oldest]] = warehouse.execute("select min(compared_at) from ops.compared").fetchall()
    query = f"""
        with changes as ({" union all ".join(map(changes_of, (*OBSERVATIONS, *REFERENCE)))}),
        stated as (
            select distinct as_of, subject, relation
            from stated_facts
            inner join fact_tables using (fact)
        ),
        rests_on as (
            select subject, subject as entity from stated
            union
            select subject, entity from subject_entities
        ),
        bearing as (
            select stated.as_of, changes.moment
            from stated
            inner join rests_on using (subject)
            inner join changes using (entity, relation)
            where stated.as_of >= changes.first_day
            union all
            select stated.as_of, changes.moment
            from stated
            inner join changes using (relation)
            where changes.entity is null
        )
        select as_of
        from bearing
        inner join ops.compared using (as_of)
        where bearing.moment > compared.compared_at
        group by as_of
        order by as_of desc
        limit {MOST_DAYS}
    """
    return [day for (day,) in warehouse.execute(query, {"oldest": oldest}).fetchall()]


def changes_of(schema: type[pa.DataFrameModel]) -> str:
    """Write the query of when a table changed, for whom, and from which market day on."""
    column = metadata(schema).get("as_of")
    entity = subject(schema)
    return " union all ".join(
        f"""
        select
            '{name(schema)}' as relation,
            {entity} as entity,
            {moment} as moment,
            {f"min({column})" if column else "null::date"} as first_day
        from history.{name(schema)}
        where {moment} > $oldest and {moment} < 'infinity'
        group by {moment}{f", {entity}" if entity in key(schema) else ""}
        """
        for moment in ("known_at", "superseded_at")
    )


def note_all(warehouse: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Note that the facts of days that had none before are what holds now."""
    query = """
        insert into ops.compared
        select distinct stated.as_of, $now
        from stated_facts as stated
        anti join ops.compared using (as_of)
    """
    warehouse.execute(query, {"now": now})


def note(warehouse: duckdb.DuckDBPyConnection, day: date, now: datetime) -> None:
    """Note that what is stated for a day is what holds now."""
    query = "update ops.compared set compared_at = $now where as_of = $day"
    warehouse.execute(query, {"now": now, "day": day})
