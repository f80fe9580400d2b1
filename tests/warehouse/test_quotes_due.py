"""What a run asks for next, told from what is stored and what was answered."""

from datetime import UTC, date, datetime, time, timedelta

import duckdb
import pytest

from schemas.tables.bars import Bars
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.reference import Funds, Instruments
from tests.diary import begin
from tests.warehouse.market import answer, capture, lay, open_calendar, put, sessions, verdict
from warehouse.recording import record_together

FIRST, TODAY = date(2029, 12, 3), date(2030, 1, 30)
DUE = sessions(FIRST, TODAY)


@pytest.fixture
def market(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    open_calendar(warehouse)
    lay(warehouse, Instruments, [{"instrument": "SI=F", "sources": "bank:XAG other:Y"}])
    run_at(warehouse, TODAY, 23)
    return warehouse


def run_at(warehouse: duckdb.DuckDBPyConnection, day: date, hour: int) -> None:
    begin(warehouse, f"run {day} {hour}", datetime.combine(day, time(hour), UTC))


def answered(
    warehouse: duckdb.DuckDBPyConnection,
    days: list[date],
    known_at: date = TODAY,
    asked: tuple[date, date] = (FIRST, TODAY),
    close: float = 1.0,
    splits: tuple[date, ...] = (),
) -> None:
    """Record an answer, and the splits that came with it, at 22:00."""
    bars = [{"instrument": "SI=F", "session": day, "close": close} for day in days]
    actions = [
        {"instrument": "SI=F", "ex_date": day, "kind": "split", "ratio": 2.0} for day in splits
    ]
    about = capture(
        datetime.combine(known_at, time(22), UTC), subject="SI=F", dataset="quotes", asked=asked
    )
    verdicts = {Bars: verdict(Bars, bars), CorporateActions: verdict(CorporateActions, actions)}
    record_together(warehouse, verdicts, about)


def due(warehouse: duckdb.DuckDBPyConnection) -> tuple[object, ...]:
    query = "select asked_from, asked_to, missing, is_rewrite from quotes_due where priority = 1"
    [row] = answer(warehouse, query)
    return row


def test_the_first_run_asks_for_the_whole_history(market: duckdb.DuckDBPyConnection) -> None:
    assert due(market) == (FIRST, TODAY, len(DUE), False)


def test_a_fallback_is_asked_for_what_it_lacks_whatever_the_primary_has(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, DUE)

    query = "select source, symbol, asked_from, missing, currency from quotes_due order by priority"
    assert answer(market, query) == [
        ("bank", "XAG", DUE[-5], 0, "USD"),
        ("other", "Y", FIRST, len(DUE), "USD"),
    ]


def test_before_the_first_run_nothing_is_due(warehouse: duckdb.DuckDBPyConnection) -> None:
    open_calendar(warehouse)
    lay(warehouse, Instruments, [{"instrument": "SI=F"}])

    assert answer(warehouse, "from quotes_due") == []


def test_a_session_is_due_when_its_source_should_have_it(
    market: duckdb.DuckDBPyConnection,
) -> None:
    tomorrow = DUE[-1] + timedelta(1)
    run_at(market, tomorrow, 22)
    assert due(market)[1] == TODAY
    run_at(market, tomorrow, 23)
    assert due(market)[1] == tomorrow


def test_the_last_five_sessions_are_always_asked_for(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, DUE)

    assert due(market) == (DUE[-5], TODAY, 0, False)


def test_a_gap_is_asked_for_from_its_first_session(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, DUE[:10] + DUE[12:], known_at=DUE[10])

    assert due(market) == (DUE[10], TODAY, 2, False)


@pytest.mark.parametrize(
    ("days_after", "asked_from"),
    [
        pytest.param(1, DUE[20], id="not yet"),
        pytest.param(4, DUE[-5], id="two days after it was due it is confirmed"),
    ],
)
def test_a_hole_that_the_source_confirms_is_not_asked_for_again(
    market: duckdb.DuckDBPyConnection, days_after: int, asked_from: date
) -> None:
    answered(market, DUE[:20] + DUE[21:], known_at=DUE[20] + timedelta(days_after))

    assert due(market)[0] == asked_from


def test_an_answer_about_other_days_confirms_no_hole(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, DUE[:20] + DUE[21:], known_at=DUE[20])
    answered(market, DUE[21:], asked=(DUE[21], TODAY))

    assert due(market)[0] == DUE[20]


def test_a_long_answer_and_a_late_one_confirm_no_hole_together(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, DUE[:20] + DUE[21:], known_at=DUE[20])
    answered(market, DUE[:5], asked=(FIRST, DUE[4]))

    assert due(market)[0] == DUE[20]


def test_another_sources_row_does_not_stand_in(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, Bars, [{"instrument": "SI=F", "session": FIRST, "close": 1.0, "source": "other"}])

    assert due(market)[0] == FIRST


def test_a_new_split_asks_for_everything_again_once(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, DUE[:-2], known_at=DUE[-3])
    answered(market, DUE[-5:], known_at=DUE[-1], asked=(DUE[-5], TODAY), splits=(DUE[-1],))
    assert due(market) == (FIRST, TODAY, 0, True)

    answered(market, DUE, known_at=TODAY + timedelta(1), splits=(DUE[-1],))
    assert due(market) == (DUE[-5], TODAY, 0, False)


def test_a_split_that_came_with_the_first_history_asks_for_nothing_more(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, DUE, splits=(DUE[3],))

    assert due(market) == (DUE[-5], TODAY, 0, False)


def test_a_revision_of_what_was_final_asks_for_everything_again_once(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, DUE, known_at=DUE[-1])
    answered(market, DUE[-5:-4], known_at=TODAY + timedelta(1), asked=(DUE[-5], TODAY), close=2.0)
    assert due(market)[3] is True

    answered(market, DUE, known_at=TODAY + timedelta(2), close=2.0)
    assert due(market) == (DUE[-5], TODAY, 0, False)


def test_history_is_asked_for_in_full_though_its_first_day_is_a_holiday(
    market: duckdb.DuckDBPyConnection,
) -> None:
    market.execute("update history.instruments set first_session = '2030-01-01'")
    begun = date(2030, 1, 2)
    answered(market, sessions(begun, TODAY), known_at=DUE[-2], asked=(begun, TODAY))
    late = TODAY + timedelta(1)
    answered(market, DUE[-1:], known_at=late, asked=(DUE[-5], TODAY), splits=(TODAY,))

    assert due(market) == (begun, TODAY, 0, True)


def test_every_fund_with_a_due_session_is_asked_for_its_valuations(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Funds, [{"fund": "AAA", "first_session": FIRST}])
    put(market, FundValuations, [{"fund": "AAA", "as_of": day} for day in DUE[:-3]])

    query = "select fund, source, symbol, name, missing, last_due from valuations_due"
    assert answer(market, query) == [("AAA", "bank", "1", "a fund", 3, TODAY)]


def test_the_last_two_days_of_holdings_are_asked_for_again_and_older_ones_if_missing(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Funds, [{"fund": "AAA", "first_session": FIRST, "holdings_sources": "bank:H"}])
    for day in (DUE[-1], DUE[-3], DUE[-4]):
        put(market, Holdings, [{"fund": "AAA", "as_of": day, "holding": "gold"}])

    query = "select as_of, is_stored from holdings_due order by as_of"
    assert answer(market, query) == [(DUE[-5], False), (DUE[-2], False), (DUE[-1], True)]
