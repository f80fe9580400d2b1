"""What is expected and not stored, and why: told from answers, questions and the calendar."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.tables.bars import Bars
from schemas.tables.coins import Coins
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.tables.rates import Rates
from schemas.tables.reference import Funds, Instruments, Pages, Series
from tests.diary import begin
from tests.warehouse.market import answer, capture, evening, lay, open_calendar, sessions, verdict
from warehouse import runs
from warehouse.recording import record_together
from warehouse.refusals import refuse
from warehouse.runs import Question

FIRST, TODAY = date(2030, 1, 2), date(2030, 1, 30)
DUE = sessions(FIRST, TODAY)
HOLE = DUE[8]


@pytest.fixture
def market(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Expect the bars of one instrument, and open the market on the evening of TODAY."""
    open_calendar(warehouse)
    lay(warehouse, Instruments, [{"instrument": "SI=F", "first_session": FIRST}])
    begin(warehouse, "run", evening(TODAY))
    return warehouse


def gaps(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    query = "select as_of, reason, detail, is_open from gaps order by dataset, as_of"
    return answer(warehouse, query)


def answered(
    warehouse: duckdb.DuckDBPyConnection,
    days: list[date],
    on: date = TODAY,
    asked: tuple[date, date] = (FIRST, TODAY),
    close: float = 1.0,
    tag: str = "",
) -> None:
    """Record an answer with the bars of these days, at 22:00."""
    rows = [{"instrument": "SI=F", "session": day, "close": close} for day in days]
    moment = datetime.combine(on, time(22), UTC)
    about = capture(moment, subject="SI=F", dataset="quotes", asked=asked, tag=tag)
    record_together(warehouse, {Bars: verdict(Bars, rows)}, about)


def asked(
    warehouse: duckdb.DuckDBPyConnection,
    outcome: runs.Outcome,
    wanted_from: date = FIRST,
    asked_from: date = FIRST,
    reason: str | None = None,
) -> None:
    """Note that the bars were asked for, now."""
    question = Question(
        "bank", "quotes", "SI=F", wanted_from, asked_from, TODAY, evening(TODAY), outcome, reason
    )
    runs.keep_questions(warehouse, "run", [question])


def without(*days: date) -> list[date]:
    return [day for day in DUE if day not in days]


def test_what_nobody_was_asked_for_is_a_gap_each_session(market: duckdb.DuckDBPyConnection) -> None:
    assert gaps(market) == [(day, "never asked", None, True) for day in DUE]


def test_what_is_not_due_is_no_gap(market: duckdb.DuckDBPyConnection) -> None:
    market.execute("update history.instruments set publication_lag_hours = 3")
    answered(market, without(TODAY))

    assert gaps(market) == []


def test_what_an_answer_lacked_soon_after_it_was_due_is_awaited(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, without(TODAY))
    assert gaps(market) == [(TODAY, "never asked", None, True)], "it came before it was due"

    answered(market, without(TODAY), TODAY + timedelta(1), tag="1")
    assert gaps(market) == [(TODAY, "awaited", None, True)]


def test_a_hole_in_a_late_answer_is_confirmed_and_closed(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, without(HOLE))

    assert gaps(market) == [(HOLE, "provider has none", None, False)]


def test_a_day_at_the_end_is_confirmed_by_two_late_answers(
    market: duckdb.DuckDBPyConnection,
) -> None:
    last = DUE[-1]
    for days_after, reason, is_open in (
        (1, "awaited", True),
        (3, "awaited", True),
        (4, "provider has none", False),
    ):
        answered(market, without(last), TODAY + timedelta(days_after), tag=str(days_after))
        assert gaps(market) == [(last, reason, None, is_open)], days_after


def test_what_a_source_confirms_as_empty_and_serves_later_is_no_gap(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, without(HOLE))
    answered(market, DUE, TODAY + timedelta(1))

    assert gaps(market) == []


def test_a_question_without_an_answer_gives_its_reason(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, without(TODAY), on=DUE[-2])
    asked(market, "unanswered", reason="the server failed")

    assert gaps(market) == [(TODAY, "unanswered", "the server failed", True)]


def test_days_before_a_sources_reach_are_left_to_a_backfill(
    market: duckdb.DuckDBPyConnection,
) -> None:
    asked(market, "answered", asked_from=DUE[5])
    answered(market, DUE[5:], asked=(DUE[5], TODAY))

    assert gaps(market) == [(day, "out of reach", None, False) for day in DUE[:5]]


def test_a_refused_answer_gives_its_reason(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, without(TODAY), on=DUE[-2])
    about = capture(evening(TODAY), subject="SI=F", dataset="quotes", asked=(FIRST, TODAY))
    refuse(market, about, "a page instead of JSON", "0.1.0")

    assert gaps(market) == [(TODAY, "refused", "a page instead of JSON", True)]


def test_a_rejected_row_gives_the_promises_it_broke(market: duckdb.DuckDBPyConnection) -> None:
    rows = [{"instrument": "SI=F", "session": day, "close": 1.0} for day in without(TODAY)]
    bad = {"instrument": "SI=F", "session": TODAY, "close": -1.0}
    about = capture(evening(TODAY), subject="SI=F", dataset="quotes", asked=(FIRST, TODAY))
    record_together(market, {Bars: verdict(Bars, [*rows, bad])}, about)

    [(day, reason, detail, is_open)] = gaps(market)
    assert (day, reason, is_open) == (TODAY, "rejected", True)
    assert "close" in detail


@pytest.mark.parametrize(
    ("table", "line", "schema", "row", "dataset", "days"),
    [
        pytest.param(
            Funds,
            {"fund": "AAA", "first_session": FIRST},
            FundValuations,
            {"fund": "AAA"},
            "valuations",
            DUE,
            id="a fund's valuations since its first session",
        ),
        pytest.param(
            Funds,
            {"fund": "AAA", "launched_on": FIRST, "sources": None, "holdings_sources": "bank:H"},
            Holdings,
            {"fund": "AAA", "holding": "gold"},
            "holdings",
            DUE[3:],
            id="a fund's holdings since the first snapshot stored",
        ),
        pytest.param(
            Series,
            {"series": "S", "calendar": "TEST", "first_as_of": FIRST},
            Rates,
            {"series": "S", "value": 4.0},
            "rates",
            DUE,
            id="the days of a rate's calendar",
        ),
        pytest.param(
            Series,
            {
                "series": "S",
                "dataset": "monthly_averages",
                "calendar": None,
                "first_as_of": date(2029, 10, 31),
                "publication_lag_days": 5,
            },
            MonthlyAverages,
            {"series": "S", "month": date(2029, 10, 1), "average": 20.0},
            "monthly_averages",
            [date(2029, 10, 31), date(2029, 11, 30), date(2029, 12, 31)],
            id="the ends of months",
        ),
    ],
)
def test_each_dataset_has_days_of_its_own(
    warehouse: duckdb.DuckDBPyConnection,
    table: Any,
    line: dict[str, Any],
    schema: Any,
    row: dict[str, Any],
    dataset: str,
    days: list[date],
) -> None:
    open_calendar(warehouse)
    lay(warehouse, table, [line])
    lay(warehouse, schema, [row | {"as_of": days[0]}])
    begin(warehouse, "run", evening(TODAY) + timedelta(hours=1))

    found = answer(warehouse, "select dataset, as_of, reason from gaps order by as_of")
    assert found == [(dataset, day, "never asked") for day in days[1:]]


def test_a_page_that_was_not_asked_for_on_its_day_is_lost(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    page = {"page": "top", "dataset": "coins", "every": "day", "sources": "bank:all"}
    lay(warehouse, Pages, [page])
    for day in (FIRST, FIRST + timedelta(2)):
        about = capture(evening(day), subject="top", dataset="coins", tag=str(day.day))
        record_together(warehouse, {Coins: verdict(Coins, [])}, about)
    begin(warehouse, "run", evening(FIRST + timedelta(3)))

    assert gaps(warehouse) == [(FIRST + timedelta(1), "lost", None, False)]


def test_gaps_are_told_as_of_a_day_and_as_known_then(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, without(HOLE))
    market.execute("set variable known_at = timestamptz '2030-01-09 23:00:00+00'")

    assert gaps(market) == [
        (day, "never asked", None, True) for day in sessions(FIRST, date(2030, 1, 9))
    ]


@pytest.mark.parametrize(
    ("moment", "are_open"),
    [
        pytest.param(datetime(2030, 1, 30, 12, tzinfo=UTC), True, id="before the day's session"),
        pytest.param(datetime(2030, 1, 31, 20, tzinfo=UTC), True, id="a day after a close"),
        pytest.param(datetime(2030, 2, 2, 20, tzinfo=UTC), True, id="on the day after a Friday"),
        pytest.param(datetime(2030, 2, 2, 22, tzinfo=UTC), False, id="on Saturday night"),
        pytest.param(datetime(2030, 2, 4, 12, tzinfo=UTC), False, id="on Monday before it opens"),
    ],
)
def test_a_market_is_closed_a_day_after_its_last_close(
    warehouse: duckdb.DuckDBPyConnection, moment: datetime, *, are_open: bool
) -> None:
    open_calendar(warehouse)
    begin(warehouse, "run", moment)

    assert bool(answer(warehouse, "from open_calendars")) is are_open


def test_while_the_market_is_closed_only_what_is_missing_is_asked_for(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, DUE)
    sunday = datetime(2030, 2, 3, 12, tzinfo=UTC)
    friday = sessions(TODAY, date(2030, 2, 1))[1:]

    begin(market, "on Sunday", sunday)
    assert answer(market, "select asked_to from quotes_due") == [(friday[-1],)]
    answered(market, friday, on=date(2030, 2, 2), asked=(DUE[0], friday[-1]))
    assert answer(market, "from quotes_due") == []


def test_expected_days_of_a_calendar_are_sorted_into_stored_and_missing(
    market: duckdb.DuckDBPyConnection,
) -> None:
    """A differential test of the views, against sets."""
    stored = DUE[::3]
    lay(market, Bars, [{"instrument": "SI=F", "session": day, "close": 1.0} for day in stored])
    told = market.sql("select as_of from gaps union all select as_of from stored_days").pl()

    assert told["as_of"].sort().to_list() == DUE
    assert pl.Series([row[0] for row in gaps(market)]).to_list() == sorted({*DUE} - {*stored})
