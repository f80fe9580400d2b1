"""What to ask for: expected, minus stored, minus not due, as the warehouse's views tell it."""

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.feeds import Due
from flows.registry import FEEDS
from flows.settings import General
from schemas.capture import Request
from sources import captures

# What a sandbox carries, by "provider/dataset"; None: everything, as live providers do.
Carried = Mapping[str, Iterable[str]] | None

# Each view plans the datasets of one kind: by instrument, fund, series or page.
VIEWS = {
    "quotes": "quotes_due",
    "valuations": "valuations_due",
    "holdings": "holdings_due",
    "rates": "series_due",
    "monthly_averages": "series_due",
    "coins": "pages_due",
    "coin_market": "pages_due",
    "coin_categories": "pages_due",
    "asset_caps": "pages_due",
    "reported_flows": "pages_due",
}


class Planned(NamedTuple):
    """A question, and the headers that let a provider say that nothing has changed since.

    `wanted_from` is the first market day that is wanted, which the source may not reach back to.
    """

    request: Request
    unless: Mapping[str, str]
    wanted_from: date | None = None


def plan(
    warehouse: duckdb.DuckDBPyConnection,
    settings: General,
    datasets: frozenset[str],
    carried: Carried,
) -> list[Planned]:
    """List the questions that bring the warehouse up to date."""
    views = dict.fromkeys(view for dataset, view in VIEWS.items() if dataset in datasets)
    due = [row for view in views for row in rows(warehouse, view)]
    return requests([row for row in due if row["dataset"] in datasets], settings, carried)


def rewrites(
    warehouse: duckdb.DuckDBPyConnection, settings: General, carried: Carried
) -> list[Planned]:
    """List the questions on series whose source has rewritten its past."""
    due = [row for row in rows(warehouse, "quotes_due") if row["is_rewrite"]]
    return requests(due, settings, carried)


def closed_markets(warehouse: duckdb.DuckDBPyConnection, datasets: frozenset[str]) -> str | None:
    """Name the markets of these datasets' subjects, if all of them are closed; else nothing."""
    query = """
        with markets as (
            select 'quotes' as dataset, calendar from instruments
            union
            select unnest(['valuations', 'holdings']) as dataset, calendar from funds
        )
        select
            string_agg(distinct calendar, ', ' order by calendar),
            count(open_calendars.calendar) = 0
        from markets
        left join open_calendars using (calendar)
        where list_contains($datasets::varchar[], dataset)
    """
    [[closed, are_closed]] = warehouse.execute(query, {"datasets": list(datasets)}).fetchall()
    return f"market closed: {closed}" if closed and are_closed else None


def strangers(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """Tell of each source in the reference data that nobody here knows how to ask."""
    listed = warehouse.execute("""
        select 'instruments' as file, instrument as subject, source, 'quotes' as dataset
        from instrument_sources
        union all
        select 'funds' as file, fund as subject, source, dataset
        from fund_sources
        union all
        select 'series' as file, series as subject, source, dataset
        from series_sources
        union all
        select 'pages' as file, page as subject, source, dataset
        from page_sources
        order by all
    """).fetchall()
    known = [(feed.source, feed.dataset) for feed in FEEDS]
    return [
        f"warehouse/reference/{file}.csv: {subject} names the source {source!r}, of which no "
        f"{dataset} can be had: there are {', '.join(s for s, d in known if d == dataset)}"
        for file, subject, source, dataset in listed
        if (source, dataset) not in known
    ]


def requests(due: list[Due], settings: General, carried: Carried) -> list[Planned]:
    """Turn rows of what is due into questions, of what is switched on and carried.

    What no feed can ask for is left out: `strangers` tells of it.
    """
    feeds = {(feed.source, feed.dataset): feed for feed in FEEDS}
    wanted = [
        (row, feeds[row["source"], row["dataset"]])
        for row in due
        if (row["source"], row["dataset"]) in feeds
        and row["dataset"] in settings.provider(row["source"]).wanted
        and carries(carried, row)
    ]
    asks = [
        (feed.ask_with_key if settings.provider(feed.source).api_key else None) or feed.ask
        for _, feed in wanted
    ]
    asked = [
        Planned(ask(row), {}, row.get("asked_from") or row.get("as_of"))
        for (row, _), ask in zip(wanted, asks, strict=True)
        if ask
    ]
    # Who serves the last day only is asked once, however many days are missing.
    return list(
        {(q.scope, q.asked_from, q.asked_to): p for p in asked for q in [p.request]}.values()
    )


def identity(request: Request) -> tuple[Any, ...]:
    """Say what makes two requests the same question."""
    return request.scope, request.asked_from, request.asked_to


def carries(carried: Carried, row: Due) -> bool:
    """Say whether the sandbox has this at all; what it has not is not a failure."""
    return carried is None or row["symbol"] in carried.get(f"{row['source']}/{row['dataset']}", ())


def unless_changed(
    warehouse: duckdb.DuckDBPyConnection, data: Path, asked: list[Planned]
) -> list[Planned]:
    """Add to each question what the provider said of the version that was last recorded."""
    query = "select scope, arg_max(capture, known_at) from ops.loads group by scope"
    last = dict(warehouse.execute(query).fetchall())
    return [
        planned._replace(unless=seen(data, planned.request, last.get(planned.request.scope)))
        for planned in asked
    ]


def seen(data: Path, request: Request, capture_id: str | None) -> dict[str, str]:
    """Give the headers that name the version we have, if the first place to ask served it."""
    if capture_id is None:
        return {}
    try:
        last = captures.sidecar(str(data / "captures"), capture_id)
    except captures.Damaged:
        return {}
    is_same = asked_of(last.request) == asked_of(request)
    return {CONDITIONS[name]: value for name, value in last.validators.items() if is_same}


def asked_of(request: Request) -> tuple[Any, ...]:
    """Say what was asked where; of other days, the same body may hold what was left out before."""
    place = (request.site, request.path, request.params, request.body)
    return (*place, request.asked_from, request.asked_to)


CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


def rows(warehouse: duckdb.DuckDBPyConnection, view: str) -> list[Due]:
    """Read a view of what is due."""
    return warehouse.sql(f"from {view} order by all").pl().to_dicts()
