"""What to ask for: expected, minus stored, minus not due, as the warehouse's views tell it."""

from typing import Any

import duckdb

from flows.registry import FEEDS, Ask
from flows.settings import Settings
from schemas.capture import Request

# What a sandbox carries, by provider; None: everything, as live providers do.
Carried = dict[str, list[str]] | None

ASK: dict[tuple[str, str], Ask] = {
    (feed.source, feed.dataset): feed.ask for feed in FEEDS if feed.ask
}


def plan(
    warehouse: duckdb.DuckDBPyConnection,
    settings: Settings,
    datasets: frozenset[str],
    carried: Carried,
) -> list[Request]:
    """List the requests that bring the warehouse up to date."""
    planned = dict.fromkeys(dataset for _, dataset in ASK)
    due = {dataset: rows(warehouse, dataset) for dataset in planned if dataset in datasets}
    return [
        request
        for dataset, listed in due.items()
        for request in requests(dataset, listed)
        if is_wanted(request, settings, carried)
    ]


def rewrites(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings, carried: Carried
) -> list[Request]:
    """List the requests for series whose source has rewritten its past."""
    due = [row for row in rows(warehouse, "quotes") if row["is_rewrite"]]
    return [r for r in requests("quotes", due) if is_wanted(r, settings, carried)]


def strangers(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """Tell of each source in the reference data that nobody here knows how to ask."""
    listed = warehouse.execute("""
        select 'instruments' as file, instrument as subject, source, 'quotes' as dataset
        from instrument_sources
        where priority = 1
        union all
        select 'funds' as file, fund as subject, source, dataset
        from fund_sources
        where priority = 1
        order by all
    """).fetchall()
    return [
        f"warehouse/reference/{file}.csv: {subject} names the source {source!r}, of which no "
        f"{dataset} can be had: there are {', '.join(s for s, d in ASK if d == dataset)}"
        for file, subject, source, dataset in listed
        if (source, dataset) not in ASK
    ]


def requests(dataset: str, due: list[dict[str, Any]]) -> list[Request]:
    """Turn rows of what is due into requests; `strangers` tells of those that cannot be."""
    asks = [(ASK.get((row["source"], dataset)), row) for row in due]
    return [ask(row) for ask, row in asks if ask]


def is_wanted(request: Request, settings: Settings, carried: Carried) -> bool:
    """Say whether the dataset is switched on, and carried."""
    return request.dataset in settings.provider(request.source).datasets and carries(
        carried, request
    )


def carries(carried: Carried, request: Request) -> bool:
    """Say whether the sandbox has this at all; what it has not is not a failure."""
    if carried is None:
        return True
    key = "holdings" if request.dataset == "holdings" else request.source
    return request.subject in carried.get(key, [])


def rows(warehouse: duckdb.DuckDBPyConnection, dataset: str) -> list[dict[str, Any]]:
    """Read the view of what is due of a dataset."""
    return warehouse.sql(f"from {dataset}_due order by all").pl().to_dicts()
