"""What is published is stated: facts are recorded, and compared when what they rest on changes.

A fact as of a day rests on rows for that day or earlier ones. When such rows are revised, or come
late, the facts of that day are evaluated again, as of it: what would be stated otherwise now is
recorded as a revision, what would not be stated at all with `is_withdrawn` true.
"""

from datetime import date, datetime

import duckdb
import polars as pl

from schemas.tables import TABLES
from schemas.tables.model import metadata
from schemas.tables.stated_facts import StatedFacts
from warehouse.corrections import OBSERVATIONS
from warehouse.expressions import same
from warehouse.tables import name

# Days compared again at a publish, the latest first; those left are compared at the next ones.
MOST_DAYS = 5

KEY = ("fact", "subject", "measure", "as_of")
COLUMNS = tuple(StatedFacts.to_schema().columns)
TIMELESS = tuple(s for s in TABLES if metadata(s).get("timeless"))
REFERENCE = tuple(s for s in TABLES if not metadata(s).get("as_of") and s not in TIMELESS)


def evaluate(warehouse: duckdb.DuckDBPyConnection, day: date | None = None) -> pl.DataFrame:
    """Give every fact, in the columns of `stated_facts`, as of the latest day or an earlier one.

    Of a day looked back at only its own facts: those of other subjects are of days before. The
    connection's variables stay as they are.
    """
    with warehouse.cursor() as looking:
        looking.execute("set timezone = 'UTC'")
        if day is not None:
            looking.execute(f"set variable as_of = date '{day}'")
        return looking.execute(EVALUATED, {"day": day}).pl()


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

    Of a day looked back at, also those that would not be stated any more.
    """
    warehouse.register("evaluated", evaluated)
    try:
        changed = warehouse.execute(CHANGED).pl()
        if day is None:
            return changed
        return pl.concat([changed, warehouse.execute(WITHDRAWN, {"day": day}).pl()])
    finally:
        warehouse.unregister("evaluated")


UNCHANGED = " and ".join(
    same(StatedFacts, column, "evaluated", "believed") for column in COLUMNS if column not in KEY
)
CHANGED = f"""
    select evaluated.*
    from evaluated
    left join stated_facts as believed using ({", ".join(KEY)})
    where believed.fact is null or not ({UNCHANGED})
    order by {", ".join(KEY)}
"""

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
    """Name the days whose facts rest on something that has changed since they were compared.

    The latest come first, and no more than are worth one publish.
    """
    [[oldest]] = warehouse.execute("select min(compared_at) from ops.compared").fetchall()
    query = f"""
        with changes as ({moments()})
        select compared.as_of
        from ops.compared as compared
        inner join changes
            on compared.compared_at < changes.moment and compared.as_of >= changes.first_day
        group by compared.as_of
        order by compared.as_of desc
        limit {MOST_DAYS}
    """
    return [day for (day,) in warehouse.execute(query, {"oldest": oldest}).fetchall()]


def moments() -> str:
    """Write the query of when something changed, and from which market day on it matters."""
    dated = [(name(s), f"min({metadata(s)['as_of']})") for s in OBSERVATIONS]
    undated = [(name(s), "date '-infinity'") for s in REFERENCE]
    return " union all ".join(
        f"""
        select {moment} as moment, {first_day} as first_day
        from history.{table}
        where {moment} > $oldest and {moment} < 'infinity'
        group by {moment}
        """
        for table, first_day in dated + undated
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
