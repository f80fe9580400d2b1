"""A small invented market, in the warehouse's own words, for the tests of this folder."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import pandera.polars as pa
import polars as pl

from schemas.capture import Capture, Request
from schemas.tables.asset_caps import AssetCaps
from schemas.tables.bars import Bars
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.tables.rates import Rates
from schemas.tables.reference import (
    Corrections,
    FundGroups,
    Funds,
    FundTerms,
    Instruments,
    KnownPeaks,
    Pages,
    Series,
    StressPeriods,
)
from schemas.tables.reported_flows import ReportedFlows
from schemas.tables.sessions import Sessions
from schemas.tables.stated_facts import StatedFacts
from schemas.validation import Verdict, accept
from warehouse import definitions
from warehouse.ledger import Recorded
from warehouse.recording import record
from warehouse.tables import name

DAY = timedelta(days=1)
HOLIDAYS = {date(2029, 12, 25), date(2030, 1, 1), date(2030, 4, 19), date(2030, 7, 4)}
LONG_AGO = datetime(2029, 1, 1, tzinfo=UTC)


def evening(day: date) -> datetime:
    """Give the moment at which a day's values reach us."""
    return datetime.combine(day, time(23), UTC)


def days(first: date, last: date) -> list[date]:
    return [first + n * DAY for n in range((last - first).days + 1)]


def sessions(first: date, last: date) -> list[date]:
    """Give the sessions of the calendar TEST: weekdays without its holidays."""
    return [day for day in days(first, last) if day.weekday() < 5 and day not in HOLIDAYS]


def capture(
    known_at: datetime = LONG_AGO,
    *,
    subject: str = "all",
    source: str = "bank",
    dataset: str = "test",
    asked: tuple[date, date] | None = None,
    tag: str = "",
) -> Capture:
    first, last = asked or (None, None)
    request = Request(source, dataset, subject, "/", asked_from=first, asked_to=last)
    return Capture(request, known_at, f"{tag:0<64}")


def frame(schema: type[pa.DataFrameModel], rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Put rows in a table's columns; those not given take a plain value."""
    columns = schema.to_schema().columns
    types = {column: spec.dtype.type for column, spec in columns.items()}
    plain = PLAIN.get(schema, {})
    return pl.DataFrame([plain | dict(row) for row in rows], schema=types)


PLAIN: dict[type[pa.DataFrameModel], dict[str, Any]] = {
    Bars: {"source": "bank", "volume": 1.0, "currency": "USD", "is_final": True},
    FundValuations: {
        "source": "bank",
        "nav": 10.0,
        "currency": "USD",
        "is_recovered": False,
    },
    Holdings: {"source": "bank", "name": "a metal", "market_value": 1.0},
    CorporateActions: {"source": "bank"},
    AssetCaps: {"source": "bank", "name": "an asset", "kind": "company", "rank": 1},
    CoinCategories: {"source": "bank", "name": "a coin"},
    CoinMarket: {"source": "bank"},
    Coins: {"source": "bank", "symbol": "c", "name": "a coin"},
    MonthlyAverages: {"source": "bank", "unit": "$/troy oz"},
    Rates: {"source": "bank"},
    ReportedFlows: {"source": "bank"},
    Funds: {
        "name": "a fund",
        "calendar": "TEST",
        "currency": "USD",
        "launched_on": date(2020, 1, 2),
        "first_session": date(2020, 1, 2),
        "publication_lag_hours": 1,
        "sources": "bank:1",
    },
    Instruments: {
        "name": "Silver",
        "kind": "future",
        "calendar": "TEST",
        "currency": "USD",
        "quote_decimals": 2,
        "first_session": date(2029, 12, 3),
        "publication_lag_hours": 2,
        "sources": "bank:X",
    },
    Pages: {"sources": "bank:1"},
    Series: {
        "name": "a rate",
        "dataset": "rates",
        "first_as_of": date(2029, 12, 3),
        "publication_lag_days": 1,
        "sources": "bank:1",
    },
    FundTerms: {"stated_by": "us"},
    FundGroups: {"member_from": date(2020, 1, 2)},
    KnownPeaks: {"stated_by": "us"},
    StressPeriods: {"stated_by": "us"},
    Corrections: {"reason": "a slip", "stated_by": "us"},
    StatedFacts: {"is_withdrawn": False},
}


def correction(
    schema: type[pa.DataFrameModel],
    row: Mapping[str, Any],
    column: str,
    expected: object,
    corrected: object,
) -> dict[str, Any]:
    """Write a correction of a bank's row as a user does."""
    return {
        "relation": name(schema),
        "key": json.dumps({"source": "bank"} | dict(row), default=str),
        "column_name": column,
        "expected": None if expected is None else str(expected),
        "corrected": None if corrected is None else str(corrected),
    }


def verdict(schema: type[pa.DataFrameModel], rows: Iterable[Mapping[str, Any]]) -> Verdict:
    """Accept rows as a payload's."""
    served = frame(schema, rows).with_row_index("position")
    return accept(schema, served, served, capture())


def put(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    rows: Iterable[Mapping[str, Any]],
    known_at: datetime = LONG_AGO,
    **about: Any,
) -> Recorded:
    """Record rows as the flows do."""
    recorded = record(warehouse, schema, verdict(schema, rows), capture(known_at, **about))
    if schema is Corrections:
        definitions.create_all(warehouse)
    return recorded


def lay(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    rows: Iterable[Mapping[str, Any]],
    known_at: datetime = LONG_AGO,
) -> None:
    """Put rows into the table itself, past `record`: for many small histories, and for faults."""
    laid = frame(schema, rows)
    warehouse.execute(
        f"insert into history.{name(schema)} "
        "select *, $known_at as known_at, 'infinity' as superseded_at from laid",
        {"known_at": known_at},
    )
    del laid


def open_calendar(
    warehouse: duckdb.DuckDBPyConnection,
    first: date = date(2029, 12, 3),
    last: date = date(2030, 8, 30),
) -> None:
    """Open the calendar TEST."""
    rows = [
        {
            "calendar": "TEST",
            "session": session,
            "opens_at": datetime.combine(session, time(14, 30), UTC),
            "closes_at": datetime.combine(session, time(21), UTC),
        }
        for session in sessions(first, last)
    ]
    lay(warehouse, Sessions, rows)


def answer(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return warehouse.execute(query).fetchall()
