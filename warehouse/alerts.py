"""What a person is told, once each: news, datasets that are late, failing checks, sources' changes.

News are facts of the chosen kinds that hold for the latest day and were first stated after the
first run that looked for news, and not in the first statement about their subject: what a warehouse
finds in history when it is born, or a subject when it is added, is not news.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import duckdb
import polars as pl

from schemas.parsed import quoted
from warehouse.checks import Failure
from warehouse.runs import Run
from warehouse.transaction import transaction


class Wishes(NamedTuple):
    """What to be told of.

    Kinds of news (record, streak, week) and their subjects (none: all); a streak each time it
    reaches another `streak_every` months; a week of one of the `rank_to` largest inflows of its
    year; a dataset `late_hours` after it was due.
    """

    facts: Collection[str]
    subjects: Collection[str]
    streak_every: int
    rank_to: int
    late_hours: int


class Alert(NamedTuple):
    """What is told; `alert` is what makes it the same."""

    alert: str
    kind: str
    subject: str
    message: str


class Owed(NamedTuple):
    """An alert, and the numbers of the addresses that are still to be told."""

    alert: str
    kind: str
    message: str
    addresses: tuple[int, ...]


def raise_all(  # noqa: PLR0913 -- all that there is to be alerted to
    warehouse: duckdb.DuckDBPyConnection,
    run: Run,
    now: datetime,
    *,
    wishes: Wishes,
    followed: pl.DataFrame,
    failures: Sequence[Failure],
    addresses: int,
) -> list[Alert]:
    """Raise what is new and end what is over, in one transaction; give what was raised.

    Args:
        warehouse: The warehouse, when the run has stated its facts.
        run: The run that ends.
        now: The moment, UTC.
        wishes: What to be told of.
        followed: The sources that are asked, in columns source, dataset and symbol (null: all).
        failures: The checks that fail now.
        addresses: How many addresses there are to be told; they are numbered from 1.
    """
    with transaction(warehouse):
        incidents = late(warehouse, run, wishes, followed)
        found = [
            *(alert for alert, is_told in incidents if is_told),
            *failing(warehouse, run, failures),
        ]
        [[since]] = warehouse.execute("select min(alerted_at) from ops.runs").fetchall()
        if since:
            found += [*news(warehouse, wishes, since), *drifting(warehouse, since)]
        end(warehouse, now, [alert.alert for alert, _ in incidents], failures)
        query = "update ops.runs set alerted_at = ? where run = ?"
        warehouse.execute(query, [now, run.run])
        return keep(warehouse, now, found, addresses)


def keep(
    warehouse: duckdb.DuckDBPyConnection, now: datetime, found: Iterable[Alert], addresses: int
) -> list[Alert]:
    """Keep the alerts that have not been raised before, and give them."""
    frame = pl.DataFrame([*found], schema=dict.fromkeys(Alert._fields, pl.String), orient="row")
    query = """
        insert into ops.alerts by name
        select found.*, $now as raised_at, $owed_to::bigint[] as owed_to
        from found
        anti join ops.alerts using (alert)
        returning alert, kind, subject, message
    """
    about = {"now": now, "owed_to": list(range(1, addresses + 1))}
    warehouse.register("found", frame)
    try:
        return [Alert(*row) for row in warehouse.execute(query, about).fetchall()]
    finally:
        warehouse.unregister("found")


def end(
    warehouse: duckdb.DuckDBPyConnection,
    now: datetime,
    still_late: list[str],
    failures: Sequence[Failure],
) -> None:
    """Note which datasets are late no more, and which checks pass again."""
    query = """
        update ops.alerts
        set over_at = $now
        where over_at is null
            and (
                (kind = 'late' and not list_contains($still_late::varchar[], alert))
                or (kind = 'check' and not list_contains($failing::varchar[], subject))
            )
    """
    about = {
        "now": now,
        "still_late": still_late,
        "failing": [failure.check for failure in failures],
    }
    warehouse.execute(query, about)


def news(warehouse: duckdb.DuckDBPyConnection, wishes: Wishes, since: datetime) -> Iterator[Alert]:
    """Give the facts that are news."""
    about = {
        "since": since,
        "kinds": list(wishes.facts),
        "subjects": list(wishes.subjects),
        "streak_every": wishes.streak_every,
        "rank_to": wishes.rank_to,
    }
    for kind, subject, occasion, statement in warehouse.execute(NEWS, about).fetchall():
        yield Alert(f"{kind}/{subject}/{occasion}", kind, subject, statement)


# Of a subject's measures the first that it has: shares, else ounces, else dollars. A close tells
# of a record that the high of its day has set, too.
NEWS = """
    with stated as (
        select
            *,
            case fact
                when 'record_high' then 'record'
                when 'inflow_streak' then 'streak'
                when 'nth_largest_week' then 'week'
            end as kind,
            case measure when 'ounces' then 2 when 'usd' then 3 when 'percent' then 4 else 1 end
                as place,
            case fact when 'inflow_streak' then value::integer end as months,
            months // $streak_every * $streak_every as reached,
            date_trunc('month', as_of)
            - to_months(months - 1 + (not complete)::integer) as first_month
        from history.stated_facts
        where not is_withdrawn and fact in ('record_high', 'inflow_streak', 'nth_largest_week')
    ),

    subjects as (
        select
            fact,
            subject,
            min(place) as place,
            min(known_at) as first_stated_at
        from stated
        group by fact, subject
    ),

    headlines as (
        select
            stated.*,
            subjects.first_stated_at,
            max(as_of) over (partition by stated.fact, stated.subject, stated.measure) as last_day,
            case stated.kind
                when 'record' then stated.as_of::varchar
                when 'streak'
                    then format('{} months from {}', reached, strftime(first_month, '%Y-%m'))
                else strftime(stated.as_of, '%G-W%V')
            end as occasion
        from stated
        inner join subjects using (fact, subject, place)
        where list_contains($kinds::varchar[], stated.kind)
            and (len($subjects::varchar[]) = 0 or list_contains($subjects, stated.subject))
    )

    select
        kind,
        subject,
        occasion,
        arg_min(statement, measure) filter (
            where superseded_at = 'infinity' and as_of = last_day
        ) as message
    from headlines
    where
        case kind
            when 'record' then rank = 1
            when 'streak' then reached > 0
            else rank <= $rank_to and value > 0
        end
    group by kind, subject, occasion
    having
        min(known_at) > $since and min(known_at) > min(first_stated_at) and message is not null
    order by kind, subject
"""


def late(
    warehouse: duckdb.DuckDBPyConnection, run: Run, wishes: Wishes, followed: pl.DataFrame
) -> list[tuple[Alert, bool]]:
    """Give each dataset of which a source lacks the latest days, and whether it is time to tell.

    It is when the run records the dataset, and asked in vain; of others when, `late_hours` after it
    was due, runs had been going on for as long: after an outage of ours each catches up by itself.
    """
    if followed.is_empty():
        return []
    about = {"datasets": list(run.datasets), "late_hours": wishes.late_hours}
    warehouse.register("followed", followed)
    try:
        found = warehouse.execute(LATE, about).fetchall()
    finally:
        warehouse.unregister("followed")
    return [
        (Alert(f"late/{source}/{dataset}/{day}", "late", f"{source}/{dataset}", told), is_told)
        for dataset, source, day, told, is_told in found
    ]


LATE = """
    with last_stored as (
        select
            dataset,
            subject,
            source,
            max(as_of) as as_of
        from stored_days
        group by dataset, subject, source
    ),

    missing as (
        select
            gaps.*,
            gaps.is_open or gaps.reason = 'lost' as is_missed
        from gaps
        inner join last_stored
            on gaps.dataset = last_stored.dataset
            and gaps.subject = last_stored.subject
            and gaps.source = last_stored.source
            and gaps.as_of > last_stored.as_of
        inner join followed
            on gaps.dataset = followed.dataset
            and gaps.source = followed.source
            and gaps.symbol = coalesce(followed.symbol, gaps.symbol)
        where gaps.priority = 1
    ),

    behind as (
        select
            dataset,
            source,
            subject,
            min(as_of) as first_day,
            min(due_at) filter (where is_missed) as due_at,
            arg_min(reason, as_of) filter (where is_missed) as reason,
            arg_min(detail, as_of) filter (where is_missed) as detail
        from missing
        group by dataset, source, subject
        having bool_or(is_missed)
    ),

    incidents as (
        select
            dataset,
            source,
            first_day,
            min(due_at) as due_at,
            list(subject order by subject) as subjects,
            arg_min(reason || coalesce(': ' || detail, ''), subject) as because
        from behind
        group by dataset, source, first_day
    ),

    watched as (
        select max(runs.finished_at) as until
        from ops.runs as runs
        cross join clock
        where runs.finished_at <= clock.now - to_hours($late_hours::integer)
    )

    select
        incidents.dataset,
        incidents.source,
        incidents.first_day,
        format(
            '{}/{}: nothing of {}{} for {} or later, due {} UTC ({}).',
            incidents.source,
            incidents.dataset,
            array_to_string(incidents.subjects[:3], ', '),
            case
                when len(incidents.subjects) > 3
                    then format(' and {} more', len(incidents.subjects) - 3)
                else ''
            end,
            incidents.first_day::varchar,
            strftime(incidents.due_at at time zone 'UTC', '%Y-%m-%d %H:%M'),
            incidents.because
        ) as message,
        incidents.due_at + to_hours($late_hours::integer) <= case
            when list_contains($datasets::varchar[], incidents.dataset) then clock.now
            else coalesce(watched.until, '-infinity')
        end as is_told
    from incidents
    cross join clock
    cross join watched
    order by incidents.dataset, incidents.source, incidents.first_day
"""


def failing(
    warehouse: duckdb.DuckDBPyConnection, run: Run, failures: Sequence[Failure]
) -> Iterator[Alert]:
    """Give the checks that fail, but for those that have been told of and not passed since."""
    query = "select subject from ops.alerts where kind = 'check' and over_at is null"
    told = {check for (check,) in warehouse.execute(query).fetchall()}
    for failure in failures:
        if failure.check not in told:
            rows = f"{failure.rows:,} row{'s' * (failure.rows != 1)}"
            such_as = f", such as {failure.examples[0]}" if failure.examples else ""
            blocked = "; nothing is published until it passes" if failure.blocks else ""
            yield Alert(
                f"check/{failure.check}/{run.run}",
                "check",
                failure.check,
                f"{failure.check} ({failure.severity}): {rows}{such_as}{blocked}.",
            )


def drifting(warehouse: duckdb.DuckDBPyConnection, since: datetime) -> Iterator[Alert]:
    """Give what sources have changed in the columns of their payloads, since news are looked for.

    The same change, back and forth, is told once: what it breaks is told otherwise.
    """
    query = """
        select
            source,
            dataset,
            added,
            gone,
            list(distinct subject order by subject) as subjects,
            bool_or(is_refused) as is_refused
        from source_changes
        where known_at > $since and source not in ('reference', 'calendars', 'silverstreak')
        group by source, dataset, added, gone
        order by source, dataset, added, gone
    """
    for source, dataset, *change in warehouse.execute(query, {"since": since}).fetchall():
        added, gone, subjects, is_refused = change
        key = "".join([*(f"+{name}" for name in added), *(f"-{name}" for name in gone)])
        told = changed(added, gone)
        of = f"{subjects[0]} and {len(subjects) - 1} more" if subjects[1:] else subjects[0]
        refused = "; refused" if is_refused else ""
        yield Alert(
            f"drift/{source}/{dataset}/{key}",
            "drift",
            f"{source}/{dataset}",
            f"{source}/{dataset}: columns {told} ({of}{refused}).",
        )


def changed(added: Sequence[str], gone: Sequence[str]) -> str:
    """Say which columns are gone and which are new."""
    told = {"gone": gone, "new": added}
    return ", ".join(f"{what}: {quoted(names)}" for what, names in told.items() if names)


def claim(
    warehouse: duckdb.DuckDBPyConnection,
    run: str,
    is_alive: Callable[[str], bool],
    addresses: int,
) -> list[Owed]:
    """Take over what no living run is about to send; give it, the oldest first."""
    senders = "select distinct sender from ops.alerts where sender is not null"
    dead = [found for (found,) in warehouse.execute(senders).fetchall() if not is_alive(found)]
    query = """
        update ops.alerts
        set sender = $run
        where
            list_min(owed_to) <= $addresses
            and (sender is null or list_contains($dead::varchar[], sender))
    """
    warehouse.execute(query, {"run": run, "dead": dead, "addresses": addresses})
    claimed = """
        select alert, kind, message, list_filter(owed_to, lambda n: n <= $addresses)
        from ops.alerts
        where sender = $run
        order by raised_at, alert
    """
    found = warehouse.execute(claimed, {"run": run, "addresses": addresses}).fetchall()
    return [Owed(alert, kind, message, tuple(to)) for alert, kind, message, to in found]


def settle(
    warehouse: duckdb.DuckDBPyConnection,
    run: str,
    told: Collection[tuple[str, int]],
    now: datetime,
) -> None:
    """Note which addresses were told of which alerts, and leave the rest to the next run."""
    schema: dict[str, Any] = {"alert": pl.String, "address": pl.Int64}
    warehouse.register("told", pl.DataFrame([*told], schema=schema, orient="row"))
    try:
        with transaction(warehouse):
            warehouse.execute("""
                update ops.alerts as alerts
                set owed_to = list_filter(owed_to, lambda n: not list_contains(took.addresses, n))
                from (select alert, list(address) as addresses from told group by alert) as took
                where alerts.alert = took.alert
            """)
            query = """
                update ops.alerts
                set sender = null, sent_at = case when len(owed_to) = 0 then $now::timestamptz end
                where sender = $run
            """
            warehouse.execute(query, {"run": run, "now": now})
    finally:
        warehouse.unregister("told")
