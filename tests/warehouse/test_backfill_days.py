"""What a backfill may ask for: gaps that can be filled, and holdings before the first stored."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from schemas.tables.bars import Bars
from schemas.tables.coins import Coins
from schemas.tables.holdings import Holdings
from schemas.tables.reference import Funds, Instruments, Pages
from tests.diary import begin
from tests.warehouse.market import answer, capture, evening, lay, open_calendar, sessions, verdict
from warehouse import runs
from warehouse.recording import record_together
from warehouse.runs import Question

FIRST, TODAY = date(2030, 1, 7), date(2030, 1, 31)
DUE = sessions(FIRST, TODAY)
STORED = DUE[10:]


@pytest.fixture
def market(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Hold the last snapshots of a fund and none of its bars, and know nothing else."""
    open_calendar(warehouse)
    fund = {"fund": "AAA", "launched_on": FIRST, "first_session": FIRST, "name": "a trust"}
    lay(warehouse, Funds, [fund | {"sources": None, "holdings_sources": "bank:H"}])
    lay(warehouse, Instruments, [{"instrument": "SI=F", "first_session": FIRST}])
    lay(warehouse, Pages, [{"page": "top", "dataset": "coins", "every": "hour"}])
    lay(warehouse, Holdings, [{"fund": "AAA", "as_of": d, "holding": "gold"} for d in STORED])
    begin(warehouse, "run", evening(TODAY) + timedelta(hours=1))
    return warehouse


def days(warehouse: duckdb.DuckDBPyConnection, dataset: str) -> list[date]:
    query = f"select as_of from backfill_days where dataset = '{dataset}' order by as_of"
    return [day for (day,) in answer(warehouse, query)]


def answered(warehouse: duckdb.DuckDBPyConnection, day: date, times: int) -> None:
    """Record answers without rows on a day's holdings, each another evening."""
    for nth in range(times):
        moment = datetime(2030, 2, 10 + nth, tzinfo=UTC)
        about = capture(
            moment, subject="AAA", dataset="holdings", asked=(day, day), tag=f"{day}{nth}"
        )
        record_together(warehouse, {Holdings: verdict(Holdings, [])}, about)


def test_the_sessions_before_the_first_snapshot_may_be_asked_for(
    market: duckdb.DuckDBPyConnection,
) -> None:
    assert answer(market, "from gaps where dataset = 'holdings'") == []
    assert days(market, "holdings") == DUE[:10]


def test_so_may_holes_after_it(market: duckdb.DuckDBPyConnection) -> None:
    market.execute("delete from history.holdings where as_of = $1", [DUE[12]])

    assert days(market, "holdings") == [*DUE[:10], DUE[12]]


@pytest.mark.parametrize(("day", "where"), [(DUE[3], "before the first"), (DUE[12], "a hole")])
def test_two_late_answers_confirm_that_there_is_nothing(
    market: duckdb.DuckDBPyConnection, day: date, where: str
) -> None:
    market.execute("delete from history.holdings where as_of = $1", [day])

    answered(market, day, times=1)
    assert day in days(market, "holdings")
    answered(market, day, times=2)
    assert day not in days(market, "holdings")


def test_what_is_out_of_one_answers_reach_may_be_asked_for(
    market: duckdb.DuckDBPyConnection,
) -> None:
    about: tuple[Any, ...] = (FIRST, DUE[5], TODAY, evening(TODAY), "answered")
    runs.keep_questions(market, "run", [Question("bank", "quotes", "SI=F", *about)])
    bars = [{"instrument": "SI=F", "session": day, "close": 1.0} for day in DUE[5:]]
    lay(market, Bars, bars)

    assert answer(market, "select distinct reason, is_open from gaps where dataset = 'quotes'") == [
        ("out of reach", False)
    ]
    assert days(market, "quotes") == DUE[:5]


def test_a_page_may_not(market: duckdb.DuckDBPyConnection) -> None:
    about = capture(evening(FIRST), subject="top", dataset="coins")
    record_together(market, {Coins: verdict(Coins, [])}, about)

    assert answer(market, "select distinct reason from gaps where dataset = 'coins'") == [("lost",)]
    assert days(market, "coins") == []


def test_a_row_bears_what_a_question_needs(market: duckdb.DuckDBPyConnection) -> None:
    query = "select distinct dataset, subject, source, symbol, name, currency from backfill_days"

    assert sorted(answer(market, query)) == [
        ("holdings", "AAA", "bank", "H", "a trust", None),
        ("quotes", "SI=F", "bank", "X", None, "USD"),
    ]
