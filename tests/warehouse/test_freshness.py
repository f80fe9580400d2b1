"""How fresh each dataset is, told from the deadlines of what is missing at its end."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import pytest

from schemas.tables.bars import Bars
from schemas.tables.coins import Coins
from schemas.tables.reference import Instruments, Pages
from tests.diary import begin
from tests.warehouse.market import answer, capture, evening, lay, open_calendar, sessions, verdict
from warehouse import runs
from warehouse.recording import record_together
from warehouse.runs import Question

FIRST, TODAY = date(2030, 1, 2), date(2030, 1, 30)
DUE = sessions(FIRST, TODAY)
LAST_BUT_ONE = DUE[-2]
SILVER = {"instrument": "SI=F", "first_session": FIRST}
GOLD = {"instrument": "GC=F", "first_session": FIRST}


@pytest.fixture
def market(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Expect the bars of an instrument, two hours after the close at 21:00."""
    open_calendar(warehouse)
    lay(warehouse, Instruments, [SILVER])
    begin(warehouse, "run", evening(TODAY))
    return warehouse


def freshness(warehouse: duckdb.DuckDBPyConnection, *columns: str) -> list[tuple[Any, ...]]:
    shown = ", ".join(columns or ("last_day", "last_due", "missing", "due_at", "state"))
    order = "order by dataset, source, is_primary"
    return answer(warehouse, f"select {shown} from freshness {order}")


def answered(
    warehouse: duckdb.DuckDBPyConnection,
    days: list[date],
    on: date = TODAY,
    instrument: str = "SI=F",
    source: str = "bank",
) -> None:
    """Record an answer with the bars of these days, at 22:00."""
    rows = [
        {"instrument": instrument, "session": day, "close": 1.0, "source": source} for day in days
    ]
    moment = datetime.combine(on, time(22), UTC)
    about = capture(
        moment, subject=instrument, source=source, dataset="quotes", asked=(FIRST, TODAY)
    )
    record_together(warehouse, {Bars: verdict(Bars, rows)}, about)


def asked(
    warehouse: duckdb.DuckDBPyConnection,
    moment: datetime,
    subject: str = "SI=F",
    dataset: str = "quotes",
    source: str = "bank",
    outcome: runs.Outcome = "unanswered",
) -> None:
    """Note that it was asked for at a moment, in vain."""
    question = Question(
        source, dataset, subject, FIRST, FIRST, TODAY, moment, outcome, "status 500"
    )
    runs.keep_questions(warehouse, "run", [question])


def without(*days: date) -> list[date]:
    return [day for day in DUE if day not in days]


def test_what_has_all_that_is_due_is_fresh(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, DUE)

    assert freshness(market) == [(TODAY, TODAY, 0, None, "fresh")]


def test_what_lacks_its_last_day_is_late_since_that_was_due(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, without(TODAY), on=LAST_BUT_ONE)
    begin(market, "later", evening(TODAY) + timedelta(hours=5))

    assert freshness(market) == [(LAST_BUT_ONE, TODAY, 1, evening(TODAY), "late")]
    assert freshness(market, "hours_late") == [(5.0,)]


def test_what_is_not_due_makes_nothing_late(market: duckdb.DuckDBPyConnection) -> None:
    market.execute("update history.instruments set publication_lag_hours = 3")
    answered(market, without(TODAY), on=LAST_BUT_ONE)

    assert freshness(market) == [(LAST_BUT_ONE, LAST_BUT_ONE, 0, None, "fresh")]


def test_an_older_hole_is_missing_but_makes_nothing_late(
    market: duckdb.DuckDBPyConnection,
) -> None:
    answered(market, without(DUE[8]))
    asked(market, evening(TODAY))
    market.execute("delete from ops.loads")

    assert freshness(market) == [(TODAY, TODAY, 1, None, "fresh")]


def test_what_was_never_answered_is_late_since_it_was_first_asked_for(
    market: duckdb.DuckDBPyConnection,
) -> None:
    asked(market, evening(DUE[-3]))
    asked(market, evening(TODAY))

    assert freshness(market) == [(None, TODAY, len(DUE), evening(DUE[-3]), "late")]
    assert freshness(market, "last_asked_at", "last_loaded_at") == [(evening(TODAY), None)]


def test_what_nobody_asked_for_is_not_late(market: duckdb.DuckDBPyConnection) -> None:
    assert freshness(market) == [(None, TODAY, len(DUE), None, "never asked")]


def test_a_subject_that_is_never_asked_for_is_counted_apart(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Instruments, [GOLD])
    answered(market, DUE)

    assert freshness(market, "subjects", "never_asked", "last_day", "missing", "state") == [
        (1, 1, TODAY, 0, "fresh")
    ]


def test_a_dataset_is_as_fresh_as_its_stalest_subject(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, Instruments, [GOLD])
    answered(market, DUE)
    answered(market, DUE[:-2], on=DUE[-3], instrument="GC=F")

    assert freshness(market) == [(DUE[-3], TODAY, 2, evening(LAST_BUT_ONE), "late")]


def test_a_subject_of_which_a_source_has_nothing_does_not_count(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Instruments, [GOLD])
    answered(market, DUE)
    for day in (3, 4):
        answered(market, [], on=TODAY + timedelta(day), instrument="GC=F")

    assert freshness(market, "subjects", "state") == [(1, "fresh")]


def test_what_a_fallback_lacked_when_asked_makes_it_not_late(
    market: duckdb.DuckDBPyConnection,
) -> None:
    market.execute("update history.instruments set sources = 'bank:X other:Y'")
    market.execute("update history.instruments set publication_lag_hours = 1")
    for source in ("bank", "other"):
        answered(market, without(TODAY), source=source)

    assert freshness(market, "source", "is_primary", "missing", "state") == [
        ("bank", True, 1, "late"),
        ("other", False, 1, "fresh"),
    ]


def test_a_fallback_that_is_down_is_late_since_it_last_answered(
    market: duckdb.DuckDBPyConnection,
) -> None:
    market.execute("update history.instruments set sources = 'other:Y bank:X'")
    answered(market, DUE[:-5], on=LAST_BUT_ONE)
    asked(market, evening(LAST_BUT_ONE) + timedelta(hours=1), outcome="unchanged")
    asked(market, evening(LAST_BUT_ONE) + timedelta(hours=2), outcome="unanswered")

    assert freshness(market, "source", "missing", "due_at", "state")[0] == (
        "bank", 5, evening(LAST_BUT_ONE) + timedelta(hours=1), "late",
    )  # fmt: skip


def test_a_source_is_told_of_apart_where_it_is_a_fallback(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Instruments, [GOLD | {"sources": "other:Y bank:Z"}])
    answered(market, DUE)
    answered(market, DUE, instrument="GC=F")

    assert freshness(market, "source", "is_primary", "subjects", "state") == [
        ("bank", False, 1, "fresh"),
        ("bank", True, 1, "fresh"),
        ("other", True, 1, "never asked"),
    ]


def test_freshness_is_told_as_it_was_known(market: duckdb.DuckDBPyConnection) -> None:
    answered(market, DUE[:-2], on=DUE[-3])
    answered(market, DUE)

    market.execute(f"set variable known_at = timestamptz '{evening(LAST_BUT_ONE).isoformat()}'")

    assert freshness(market) == [
        (DUE[-3], LAST_BUT_ONE, 1, evening(LAST_BUT_ONE), "late"),
    ]


NOON = datetime.combine(TODAY, time(12, 20), UTC)


@pytest.mark.parametrize(
    ("every", "after", "due", "state"),
    [
        pytest.param("hour", timedelta(minutes=30), 14, "fresh", id="in the same hour"),
        pytest.param("hour", timedelta(minutes=99), 14, "fresh", id="in the next hour"),
        pytest.param("hour", timedelta(minutes=100), 14, "late", id="an hour is lost"),
        pytest.param("day", timedelta(hours=35), 48, "fresh", id="on the next day"),
        pytest.param("day", timedelta(hours=36), 48, "late", id="a day is lost"),
    ],
)
def test_a_page_is_late_when_it_was_recorded_neither_now_nor_just_before(
    warehouse: duckdb.DuckDBPyConnection, every: str, after: timedelta, due: int, state: str
) -> None:
    lay(warehouse, Pages, [{"page": "top", "dataset": "coins", "every": every}])
    about = capture(NOON, subject="top", dataset="coins")
    record_together(warehouse, {Coins: verdict(Coins, [])}, about)
    begin(warehouse, "run", NOON + after)

    midnight = datetime.combine(TODAY, time(), UTC)
    deadline = midnight + timedelta(hours=due) if state == "late" else None
    assert freshness(warehouse, "last_day", "due_at", "state") == [(TODAY, deadline, state)]


def test_a_page_that_never_answers_is_late_from_its_second_day(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    lay(warehouse, Pages, [{"page": "top", "dataset": "coins", "every": "day"}])
    begin(warehouse, "run", NOON + timedelta(hours=36))
    assert freshness(warehouse, "last_day", "state") == [(None, "never asked")]

    asked(warehouse, NOON, "top", "coins")

    assert freshness(warehouse, "last_day", "hours_late", "state") == [(None, 20 / 60, "late")]
