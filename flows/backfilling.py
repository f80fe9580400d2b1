"""What a backfill asks for, and in which order: a span of the past, chunk by chunk.

A chunk is a calendar quarter of all that is missing: one answer of every source holds it (300 days
at Coinbase), so bars cost few questions; of holdings, which cost one a day, a chunk is asked for in
portions. The latest chunk comes first, and in it the latest day: a fund's holdings are expected
since its first snapshot, so an early one stored alone would have the next scheduled run ask for
every day since. Rows lie by market day across all entities either way.
"""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Any, NamedTuple

import duckdb
import polars as pl

from flows import keeping, planning
from flows.datasets import DATASETS
from flows.feeds import Due
from flows.planning import Carried, Planned
from flows.settings import General
from schemas.capture import Request
from warehouse.runs import Question

BACKFILLED = ("quotes", "valuations", "holdings", "rates", "monthly_averages")
NAMED_IN = {"instruments": "instrument", "funds": "fund", "series": "series"}

# Questions to one provider before its turn ends and what it answered is loaded: two minutes where
# one is asked every two seconds, as at most providers. So long may a scheduled run wait to ask it;
# where it fails, for as long as it is tried again.
MOST_QUESTIONS = 60


class WrongUse(ValueError):  # noqa: N818 -- it is the user's, not ours
    """No such span or subject can be backfilled; the message is one line."""


class Span(NamedTuple):
    """The market days to backfill, both included, of which datasets and subjects (none: all)."""

    first: date
    last: date
    datasets: tuple[str, ...] = BACKFILLED
    subjects: tuple[str, ...] = ()


Plan = dict[date, list[Planned]]
"""Questions by the first day of their chunk, the latest chunk first."""


def span(first: date, last: date, only: Iterable[str], today: date) -> Span:
    """Read what is wanted: the datasets and subjects that are named in `only`, else all.

    Where both are named, those datasets of those subjects.

    Raises:
        WrongUse: The days are in the wrong order or to come, or a name is unknown.
    """
    if first > last:
        raise WrongUse(f"--from {first} is after --to {last}: give the earlier day first")
    if first > today:
        raise WrongUse(f"--from {first} is to come: today is {today}")
    named = tuple(dict.fromkeys(only))
    datasets = tuple(name for name in named if name in DATASETS)
    for name in datasets:
        if name not in BACKFILLED:
            raise WrongUse(
                f"{name} cannot be backfilled: a run records all of it that is served. What can: "
                f"{', '.join(BACKFILLED)}"
            )
    subjects = tuple(name for name in named if name not in DATASETS)
    if unknown := [name for name in subjects if name not in known_subjects()]:
        raise WrongUse(
            f"there is no dataset and no subject {', '.join(unknown)}: datasets are "
            f"{', '.join(BACKFILLED)}, subjects are in warehouse/reference "
            f"({', '.join(f'{file}.csv' for file in NAMED_IN)})"
        )
    return Span(first, last, datasets or BACKFILLED, subjects)


def known_subjects() -> set[str]:
    """Name every instrument, fund and series of the reference files."""
    return {
        name
        for file, column in NAMED_IN.items()
        for name in pl.read_csv(keeping.REFERENCE / f"{file}.csv", columns=[column])[column]
    }


def plan(
    warehouse: duckdb.DuckDBPyConnection,
    settings: General,
    wanted: Span,
    carried: Carried,
    left_alone: Collection[str] = (),
) -> Plan:
    """List the questions on what is missing of a span, by chunk.

    Who serves its whole history whatever is asked is asked once, in the first chunk that wants it.
    Who serves the last day only is not asked: a run does that. `left_alone` are the sources and
    the scopes ("source/dataset/subject") that are not asked any more.
    """
    rows = due(warehouse, wanted)
    in_one = {
        planned.request.scope: planned
        for planned in planning.requests(of_the_whole_span(rows), settings, carried)
    }
    asked = set(left_alone)
    chunks: Plan = {}
    for chunk, missing in groupby(rows, itemgetter("chunk")):
        for planned in planning.requests(list(missing), settings, carried):
            request = planned.request
            if asked & {request.source, request.scope} or serves_the_last_day_only(request):
                continue
            whole = in_one.get(request.scope, planned)
            is_whole = whole is not planned and place(whole) == place(planned)
            if is_whole:
                asked.add(request.scope)
            chunks.setdefault(chunk, []).append(whole if is_whole else planned)
    return chunks


def due(warehouse: duckdb.DuckDBPyConnection, wanted: Span) -> list[Due]:
    """Read what is missing as rows that a feed can ask with: a row a chunk, of holdings a day."""
    about = wanted._asdict() | {
        "datasets": list(wanted.datasets),
        "subjects": list(wanted.subjects),
    }
    rows = warehouse.execute(DUE, about).pl().to_dicts()
    return [row | dict.fromkeys(("instrument", "fund", "series"), row["subject"]) for row in rows]


DUE = """
    select
        dataset,
        subject,
        source,
        symbol,
        name,
        currency,
        date_trunc('quarter', as_of)::date as chunk,
        min(as_of) as asked_from,
        max(as_of) as asked_to,
        case dataset when 'holdings' then as_of end as as_of
    from backfill_days
    where
        as_of between $first and $last
        and list_contains($datasets::varchar[], dataset)
        and (len($subjects::varchar[]) = 0 or list_contains($subjects::varchar[], subject))
    group by
        dataset, subject, source, symbol, name, currency,
        date_trunc('quarter', as_of), case dataset when 'holdings' then as_of end
    order by chunk desc, as_of desc nulls first, dataset, subject, source
"""


def of_the_whole_span(rows: list[Due]) -> list[Due]:
    """Make one row of all chunks of a series; of holdings, which are asked for by day, none."""
    latest: dict[tuple[str, str, str], Due] = {}
    for row in rows:  # the latest chunk first
        if row["dataset"] != "holdings":
            series = latest.setdefault((row["source"], row["dataset"], row["subject"]), row)
            latest[row["source"], row["dataset"], row["subject"]] = series | {
                "asked_from": row["asked_from"]
            }
    return list(latest.values())


def place(planned: Planned) -> tuple[Any, ...]:
    """Say what is asked where, but for the days."""
    request = planned.request
    return request.site, request.path, request.params, request.body


def serves_the_last_day_only(request: Request) -> bool:
    """Say whether a source of holdings does not take the day that is wanted."""
    return request.dataset == "holdings" and request.asked_from is None


def beyond(planned: Iterable[Planned], chunk: date) -> set[str]:
    """Name the scopes of questions that reach beyond a chunk: they are not asked in another one."""
    return {
        one.request.scope
        for one in planned
        if one.request.asked_from is None or one.request.asked_from < chunk
    }


def portions(planned: Iterable[Planned], most: int = MOST_QUESTIONS) -> list[list[Planned]]:
    """Cut questions into portions, in order, each with at most so many to one provider."""
    by_source: dict[str, list[Planned]] = {}
    for one in planned:
        by_source.setdefault(one.request.source, []).append(one)
    cut = [
        [questions[n : n + most] for n in range(0, len(questions), most)]
        for questions in by_source.values()
    ]
    return [[one for part in parts for one in part] for parts in zip_longest(*cut, fillvalue=())]


def silent(planned: Iterable[Planned], questions: Iterable[Question]) -> set[str]:
    """Name the providers that answered nothing of what they were asked."""
    asked = {one.request.source for one in planned}
    return asked - {one.source for one in questions if one.outcome != "unanswered"}


def fruitless(warehouse: duckdb.DuckDBPyConnection, since: datetime) -> set[str]:
    """Name the scopes whose answers since a moment were all refused: they reach no further."""
    query = """
        select scope
        from ops.refusals
        where refused_at >= $since
        except
        select scope
        from ops.loads
        where known_at >= $since
    """
    return {scope for (scope,) in warehouse.execute(query, {"since": since}).fetchall()}
