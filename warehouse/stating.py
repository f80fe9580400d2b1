"""What is published is stated: facts are recorded, and compared when what they rest on changes.

A fact as of a day rests on rows for that day or earlier ones. When such rows are revised, or come
late, the facts of that day are evaluated again, as of it: what would be stated otherwise now is
recorded as a revision, what would not be stated at all with `is_withdrawn` true.
"""

from collections.abc import Sequence
from datetime import date, datetime

import duckdb
import pandera.polars as pa
import polars as pl

from schemas.tables.model import key, metadata
from schemas.tables.stated_facts import StatedFacts
from warehouse.corrections import OBSERVATIONS
from warehouse.expressions import row, same
from warehouse.revisions import REFERENCE, bearing, subject
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
    """Name the days, the latest first, whose facts' grounds have changed since they were compared.

    Its grounds are the rows of the tables that a fact rests on, of the subject or of the entities
    that the subject rests on, for the fact's market day or an earlier one.
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
        changed as (
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
        from changed
        inner join ops.compared using (as_of)
        where changed.moment > compared.compared_at
        group by as_of
        order by as_of desc
    """
    return [day for (day,) in warehouse.execute(query, {"oldest": oldest}).fetchall()]


def changes_of(schema: type[pa.DataFrameModel]) -> str:
    """Write the query of when a table changed, for whom, and from which market day on.

    New rows, rows that differ from those they supersede in what facts are made of, and rows that
    nothing superseded: each day's load is read, not the history.
    """
    column = metadata(schema).get("as_of")
    first_day = f"min({column})" if column else "null::date"
    whose = subject(schema)
    by_whose = f", {whose}" if whose in key(schema) else ""
    later = f"(from history.{name(schema)} where known_at > $oldest) as later"
    earlier = f"""(
        from history.{name(schema)} where superseded_at > $oldest and superseded_at < 'infinity'
    ) as earlier"""
    follows = f"""{row("later", key(schema))} = {row("earlier", key(schema))}
        and later.known_at = earlier.superseded_at"""
    differs = [f"later.{c} is distinct from earlier.{c}" for c in bearing(schema)]
    sides = {
        "known_at": f"""
            select later.* from {later} left join {earlier} on {follows}
            where {" or ".join(["earlier.known_at is null", *differs])}
        """,
        "superseded_at": f"from {earlier} anti join {later} on {follows}",
    }
    return " union all ".join(
        f"""
        select
            '{name(schema)}' as relation,
            {whose} as entity,
            {moment} as moment,
            {first_day} as first_day
        from ({changed})
        group by {moment}{by_whose}
        """
        for moment, changed in sides.items()
    )


def begin(warehouse: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Note that the facts of days that had none before are what holds now."""
    query = """
        insert into ops.compared
        select distinct stated.as_of, $now
        from stated_facts as stated
        anti join ops.compared using (as_of)
    """
    warehouse.execute(query, {"now": now})


def note(warehouse: duckdb.DuckDBPyConnection, left: Sequence[date], now: datetime) -> None:
    """Note that what is stated for all days is what holds now, but for those left for later."""
    query = """
        update ops.compared set compared_at = $now where not list_contains($left::date[], as_of)
    """
    warehouse.execute(query, {"now": now, "left": list(left)})
