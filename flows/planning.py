"""What to ask for: expected, minus stored, minus not due, as the warehouse's views tell it."""

from typing import Any

import duckdb

import sources.ishares
import sources.yahoo
from flows.settings import Settings
from schemas.capture import Request

# What a sandbox carries, by provider; None: everything, as live providers do.
Carried = dict[str, list[str]] | None


def plan(
    warehouse: duckdb.DuckDBPyConnection,
    settings: Settings,
    datasets: frozenset[str],
    carried: Carried,
) -> list[Request]:
    """List the requests that bring the warehouse up to date."""
    asked = [
        *([quote(row) for row in rows(warehouse, "quotes_due")] if "quotes" in datasets else []),
        *(
            [valuation(row) for row in rows(warehouse, "valuations_due")]
            if "valuations" in datasets
            else []
        ),
        *(
            [holding(row) for row in rows(warehouse, "holdings_due")]
            if "holdings" in datasets
            else []
        ),
    ]
    return [
        request
        for request in asked
        if request.dataset in settings.provider(request.source).datasets
        and carries(carried, request)
    ]


def rewrites(
    warehouse: duckdb.DuckDBPyConnection, settings: Settings, carried: Carried
) -> list[Request]:
    """List the requests for series whose source has rewritten its past."""
    due = [quote(row) for row in rows(warehouse, "quotes_due") if row["is_rewrite"]]
    return [
        request
        for request in due
        if request.dataset in settings.provider(request.source).datasets
        and carries(carried, request)
    ]


def quote(due: dict[str, Any]) -> Request:
    """Ask for an instrument's bars."""
    return sources.yahoo.quotes(
        due["instrument"], due["symbol"], due["asked_from"], due["asked_to"]
    )


def valuation(due: dict[str, Any]) -> Request:
    """Ask for a fund's valuations."""
    return sources.ishares.valuations(due["fund"], due["symbol"], due["name"])


def holding(due: dict[str, Any]) -> Request:
    """Ask for a fund's holdings of a day."""
    return sources.ishares.holdings(due["fund"], due["symbol"], due["name"], due["as_of"])


def carries(carried: Carried, request: Request) -> bool:
    """Say whether the sandbox has this at all; what it has not is not a failure."""
    if carried is None:
        return True
    key = "holdings" if request.dataset == "holdings" else request.source
    return request.subject in carried[key]


def rows(warehouse: duckdb.DuckDBPyConnection, view: str) -> list[dict[str, Any]]:
    """Read a view of what is due."""
    return warehouse.sql(f"from {view} order by all").pl().to_dicts()  # noqa: S608 -- our own names
