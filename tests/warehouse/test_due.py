"""When a page, a series or a fund's valuation is asked for; quotes have a module of their own."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.tables.asset_caps import AssetCaps
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.model import INSTANT
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.tables.rates import Rates
from schemas.tables.reference import Funds, Pages, Series
from tests.diary import begin
from tests.warehouse.conftest import Ask
from tests.warehouse.market import (
    answer,
    capture,
    evening,
    frame,
    lay,
    open_calendar,
    put,
    sessions,
    verdict,
)
from warehouse.refusals import refuse

SECOND = timedelta(seconds=1)
NOON = datetime(2030, 3, 5, 12, tzinfo=UTC)
MIDNIGHT = datetime(2030, 3, 5, tzinfo=UTC)


def clock(now: datetime | None) -> pl.DataFrame:
    return pl.DataFrame({"now": [now]}, schema={"now": INSTANT})


def pages_due(
    ask: Ask, now: datetime, every: str, loaded: list[datetime], **load: str
) -> list[tuple[Any, ...]]:
    """Ask which pages are due, of one of two sources that was loaded at these moments."""
    page = {"page": "top", "dataset": "coins", "every": every, "sources": "bank:all other:top:250"}
    pages = frame(Pages, [page])
    about = {"subject": "top", "source": "bank", "dataset": "coins"} | load
    types = dict.fromkeys(about, pl.String) | {"known_at": INSTANT}
    loads = pl.DataFrame([about | {"known_at": at} for at in loaded], schema=types)
    page_sources = ask("page_sources", pages=pages)
    found = ask("pages_due", pages=pages, page_sources=page_sources, clock=clock(now), loads=loads)
    columns = ("page", "dataset", "source", "symbol", "last_loaded_at")
    return found.sort("source").select(columns).rows()


OTHER = ("top", "coins", "other", "top:250", None)


def test_a_page_that_was_never_loaded_is_due_of_every_source(ask: Ask) -> None:
    assert pages_due(ask, NOON, "hour", []) == [("top", "coins", "bank", "all", None), OTHER]


@pytest.mark.parametrize(
    ("every", "now", "loaded", "is_due"),
    [
        pytest.param("hour", NOON, NOON - timedelta(minutes=50), True, id="50 minutes before"),
        pytest.param("hour", NOON, NOON - 2999 * SECOND, False, id="a second less"),
        pytest.param("hour", NOON, NOON - timedelta(1), True, id="the same hour of the day before"),
        pytest.param("hour", NOON - SECOND, NOON, False, id="a later moment"),
        pytest.param("day", MIDNIGHT, MIDNIGHT - SECOND, True, id="the UTC day before"),
        pytest.param("day", MIDNIGHT + 86399 * SECOND, MIDNIGHT, False, id="the same UTC day"),
        pytest.param("day", NOON, NOON - timedelta(30), True, id="weeks before"),
    ],
)
def test_a_page_is_due_once_in_its_hour_or_on_its_day(
    ask: Ask,
    every: str,
    now: datetime,
    loaded: datetime,
    is_due: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    found = pages_due(ask, now, every, [loaded - timedelta(2), loaded])

    assert found == [("top", "coins", "bank", "all", loaded)] * is_due + [OTHER]


@pytest.mark.parametrize("load", [{"subject": "other"}, {"dataset": "coin_market"}])
def test_another_pages_answer_does_not_stand_in(ask: Ask, load: dict[str, str]) -> None:
    assert len(pages_due(ask, NOON, "day", [NOON], **load)) == 2


def test_a_page_whose_answer_was_refused_stays_due(warehouse: duckdb.DuckDBPyConnection) -> None:
    lay(warehouse, Pages, [{"page": "caps", "dataset": "asset_caps", "every": "day"}])
    begin(warehouse, "run", NOON)
    about = {"subject": "caps", "dataset": "asset_caps"}
    due = "select page, last_loaded_at from pages_due"
    refuse(warehouse, capture(NOON, **about), "a page of another kind", "1")
    assert answer(warehouse, due) == [("caps", None)]

    rows = [{"asset": "gold", "as_of": NOON.date(), "kind": "metal", "market_cap": 1.0}]
    put(warehouse, AssetCaps, rows, NOON, **about)
    assert answer(warehouse, due) == []


def series_due(
    ask: Ask, today: date | None, stored: list[date], **traits: Any
) -> list[tuple[Any, ...]]:
    """Ask at noon which series are due, of one whose first source has these days stored."""
    line = {"series": "S", "first_as_of": date(2030, 1, 31), "sources": "bank:a:b"} | traits
    series = frame(Series, [line])
    rows = [{"series": "S", "as_of": day, "value": 1.0, "average": 1.0} for day in stored]
    of_rates = line.get("dataset", "rates") == "rates"
    tables = {"rates_by_source": Rates, "monthly_averages": MonthlyAverages}
    relations = {
        relation: pl.DataFrame(
            rows if (schema is Rates) == of_rates else [], schema=frame(schema, []).schema
        ).with_columns(source=pl.lit("bank"))
        for relation, schema in tables.items()
    }
    found = ask(
        "series_due",
        series=series,
        series_sources=ask("series_sources", series=series),
        clock=clock(today and datetime.combine(today, time(12), UTC)),
        **relations,
    )
    columns = ("dataset", "source", "symbol", "last_due", "last_as_of")
    return found.sort("source").select(columns).rows()


MARCH = date(2030, 3, 5)


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param([], id="nothing is stored"),
        pytest.param([date(2030, 3, 1)], id="the last days are not stored"),
        pytest.param([date(2030, 3, 1), date(2030, 3, 4)], id="all is stored"),
    ],
)
def test_rates_are_due_in_every_run(ask: Ask, stored: list[date]) -> None:
    last = max(stored, default=None)

    assert series_due(ask, MARCH, stored, publication_lag_days=1) == [
        ("rates", "bank", "a:b", date(2030, 3, 4), last)
    ]


@pytest.mark.parametrize(
    ("today", "dataset", "last_due"),
    [
        pytest.param(date(2030, 2, 4), "rates", None, id="the first rate is not out yet"),
        pytest.param(date(2030, 2, 5), "rates", date(2030, 1, 31), id="the first rate is out"),
        pytest.param(date(2030, 2, 4), "monthly_averages", None, id="nor is the first month"),
        pytest.param(
            date(2030, 2, 5), "monthly_averages", date(2030, 1, 31), id="the first month is out"
        ),
        pytest.param(None, "rates", None, id="before the first run"),
    ],
)
def test_a_series_is_due_from_its_first_day_and_publication_on(
    ask: Ask, today: date | None, dataset: str, last_due: date | None
) -> None:
    found = series_due(ask, today, [], dataset=dataset, publication_lag_days=5)

    assert [row[3] for row in found] == ([last_due] if last_due else [])


@pytest.mark.parametrize(
    ("today", "stored", "last_due"),
    [
        pytest.param(date(2030, 3, 4), date(2030, 1, 31), None, id="February is not out yet"),
        pytest.param(MARCH, date(2030, 1, 31), date(2030, 2, 28), id="February is out"),
        pytest.param(date(2030, 3, 31), date(2030, 1, 31), date(2030, 2, 28), id="and still due"),
        pytest.param(MARCH, date(2030, 2, 28), None, id="it is stored"),
        pytest.param(date(2030, 4, 4), date(2030, 2, 28), None, id="March is not out yet"),
        pytest.param(date(2030, 4, 5), date(2030, 2, 28), date(2030, 3, 31), id="March is out"),
    ],
)
def test_a_monthly_average_is_due_until_its_last_month_that_is_out_is_stored(
    ask: Ask, today: date, stored: date, last_due: date | None
) -> None:
    found = series_due(ask, today, [stored], dataset="monthly_averages", publication_lag_days=5)

    due = ("monthly_averages", "bank", "a:b", last_due, stored)
    assert found == ([due] if last_due else [])


def test_each_source_of_a_series_is_asked_for_what_it_lacks_itself(ask: Ask) -> None:
    stored = [date(2030, 2, 28)]
    both = {"sources": "bank:1 other:2", "dataset": "monthly_averages", "publication_lag_days": 5}

    assert series_due(ask, MARCH, stored, **both) == [
        ("monthly_averages", "other", "2", stored[0], None)
    ]


FIRST, TODAY = date(2030, 3, 4), date(2030, 3, 15)


def valuations_due(
    warehouse: duckdb.DuckDBPyConnection, stored: list[date], **fund: Any
) -> list[tuple[Any, ...]]:
    """Ask on the evening of TODAY which valuations are due, of a fund with these days stored."""
    open_calendar(warehouse)
    lay(warehouse, Funds, [{"fund": "AAA", "launched_on": FIRST} | fund])
    lay(warehouse, FundValuations, [{"fund": "AAA", "as_of": day} for day in stored])
    begin(warehouse, "run", evening(TODAY))
    columns = "fund, source, symbol, priority, missing, last_due"
    return answer(warehouse, f"select {columns} from valuations_due order by priority")


@pytest.mark.parametrize(
    ("stored", "missing"),
    [
        pytest.param([], 1, id="nothing is stored"),
        pytest.param([TODAY], 0, id="the last one is stored"),
        pytest.param(sessions(FIRST, TODAY)[:-1], 1, id="all but the last one are stored"),
    ],
)
def test_a_fund_without_a_history_is_asked_for_its_last_session_alone(
    warehouse: duckdb.DuckDBPyConnection, stored: list[date], missing: int
) -> None:
    assert valuations_due(warehouse, stored, first_session=None) == [
        ("AAA", "bank", "1", 1, missing, TODAY)
    ]


def test_each_source_of_a_fund_is_asked_for_what_it_lacks_itself(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    sources = {"sources": "bank:1 other:a/b:2", "first_session": FIRST}

    assert valuations_due(warehouse, [FIRST, TODAY], **sources) == [
        ("AAA", "bank", "1", 1, 8, TODAY),
        ("AAA", "other", "a/b:2", 2, 10, TODAY),
    ]


def test_a_fund_of_which_holdings_alone_are_served_is_not_asked_for_valuations(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert valuations_due(warehouse, [], sources=None, holdings_sources="bank:1") == []


def test_a_fund_that_is_not_launched_yet_is_not_asked_for(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    launch = {"launched_on": TODAY + timedelta(1), "first_session": None}

    assert valuations_due(warehouse, [], **launch) == []


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        pytest.param(Pages, {"page": "p", "dataset": "coins", "every": "week"}, id="how often"),
        pytest.param(Pages, {"page": "p", "dataset": "bars", "every": "day"}, id="a page's table"),
        pytest.param(
            Pages,
            {"page": "p", "dataset": "coins", "every": "day", "sources": "bank"},
            id="a source without its page",
        ),
        pytest.param(Series, {"series": "S", "dataset": "bars"}, id="a series' table"),
        pytest.param(Series, {"series": "S", "publication_lag_days": -1}, id="a lag below zero"),
        pytest.param(
            AssetCaps,
            {"asset": "a", "as_of": TODAY, "kind": "bond", "market_cap": 1.0},
            id="a kind of asset",
        ),
    ],
)
def test_a_word_or_number_that_nobody_understands_is_rejected(
    schema: Any, row: dict[str, Any]
) -> None:
    assert verdict(schema, [row]).rejected.height == 1
