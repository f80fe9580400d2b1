"""What is published is stated, and what would not be stated so any more is a retraction."""

from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pandera.polars as pa
import polars as pl
import pytest

from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.rates import Rates
from schemas.tables.reference import Assets, FundGroups, Funds, FundTerms, Instruments
from schemas.tables.stated_facts import StatedFacts
from tests.warehouse.market import answer, evening, open_calendar, put, sessions
from warehouse import stating

FIRST, LAST = date(2030, 1, 2), date(2030, 6, 28)
DAYS = sessions(FIRST, LAST)
NOW = evening(LAST)
HOUR = timedelta(hours=1)


@pytest.fixture
def known(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Know of a fund that takes in shares every day, its group, and a price that rises."""
    open_calendar(warehouse, FIRST)
    fund = {"metal": "silver", "ounces_per_share_at_launch": 1.0, "sources": "bank:1"}
    put(warehouse, Funds, [fund | {"fund": "AAA"}])
    put(warehouse, FundTerms, [{"fund": "AAA", "effective_from": FIRST, "fee": 0.0}])
    put(warehouse, FundGroups, [{"fund_group": "metals", "fund": "AAA"}])
    put(warehouse, Instruments, [{"instrument": "SI=F"}])
    put(warehouse, FundValuations, [count(day, n) for n, day in enumerate(DAYS)], NOW)
    bars = [{"instrument": "SI=F", "session": d, "close": 20.0 + n} for n, d in enumerate(DAYS)]
    put(warehouse, Bars, bars, NOW)
    return warehouse


def count(day: date, shares: float) -> dict[str, Any]:
    return {"fund": "AAA", "as_of": day, "shares_outstanding": 1e6 + 1000 * shares}


def state(warehouse: duckdb.DuckDBPyConnection, now: datetime) -> list[date]:
    """State as a publish does; give the days that were looked back at."""
    keep(warehouse, stating.changes(warehouse, stating.evaluate(warehouse)), now)
    stating.begin(warehouse, now)
    for day in (days := stating.owed(warehouse)):
        found = stating.changes(warehouse, stating.evaluate(warehouse, day), day)
        keep(warehouse, found, now + HOUR / 60)
    stating.note(warehouse, [], now + HOUR / 60)
    return days


def keep(warehouse: duckdb.DuckDBPyConnection, changed: pl.DataFrame, now: datetime) -> None:
    put(warehouse, StatedFacts, changed.rows(named=True), now, source="silverstreak")


STREAK = "fact = 'inflow_streak' and subject = 'metals' and measure = 'ounces'"


def streak(warehouse: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[Any, ...]]:
    return answer(warehouse, f"select as_of, value from {relation} where {STREAK} order by as_of")


def test_every_fact_is_stated_once(known: duckdb.DuckDBPyConnection) -> None:
    state(known, NOW + HOUR)
    [(facts,)] = answer(known, "select count(*) from facts")

    assert facts > 3
    assert answer(
        known, "select count(*), count(*) filter (not is_withdrawn) from stated_facts"
    ) == [(facts, facts)]
    assert stating.changes(known, stating.evaluate(known)).is_empty()


def test_a_sentence_is_stated_as_it_stands_in_facts(known: duckdb.DuckDBPyConnection) -> None:
    state(known, NOW + HOUR)

    differing = answer(
        known,
        """
        from facts
        full join stated_facts as stated using (fact, subject, measure, as_of)
        where facts.statement is distinct from stated.statement
            or facts.value is distinct from stated.value
            or array_to_string(facts.labels, '; ') is distinct from stated.labels
        """,
    )
    assert differing == []


def test_looking_leaves_the_connection_where_it_was(known: duckdb.DuckDBPyConnection) -> None:
    known.execute("set variable as_of = date '2030-03-01'")
    stating.evaluate(known, DAYS[-5])

    assert answer(known, "select getvariable('as_of')") == [(date(2030, 3, 1),)]


MARCH = date(2030, 3, 29)
"""The month's last session."""
LOWER = {"fund": "AAA", "as_of": MARCH, "shares_outstanding": 1.0e6}
"""Fewer than at the end of February: March took in nothing."""


def correct(warehouse: duckdb.DuckDBPyConnection, now: datetime) -> None:
    put(warehouse, FundValuations, [LOWER], now, subject="AAA")


def test_a_late_correction_changes_what_is_stated_and_is_told_as_the_reason(
    known: duckdb.DuckDBPyConnection,
) -> None:
    state(known, NOW + HOUR)
    assert streak(known, "stated_facts") == [(LAST, 5.0)]

    correct(known, NOW + 2 * HOUR)
    days = state(known, NOW + 3 * HOUR)

    assert days == [LAST]
    assert streak(known, "stated_facts") == streak(known, "facts") == [(LAST, 3.0)]
    [(at, until, *values, then, now, revisions, because)] = answer(
        known,
        "select stated_at, retracted_at, value, value_now, statement, statement_now, revisions, "
        f"because from retractions where {STREAK}",
    )
    assert (at, until) == (NOW + HOUR, NOW + 3 * HOUR)
    assert values == [5, 3]
    assert "for at least 5 months in a row (February 2030 to June 2030)" in then
    assert "for 3 months in a row (April 2030 to June 2030)" in now
    assert revisions == 1
    shares = 1e6 + 1000 * DAYS.index(MARCH)
    told = f"fund_valuations AAA 2030-03-29 bank: shares_outstanding {shares} -> 1000000.0"
    assert because == [told]


def test_before_the_correction_the_old_answer_is_still_given(
    known: duckdb.DuckDBPyConnection,
) -> None:
    state(known, NOW + HOUR)
    correct(known, NOW + 2 * HOUR)
    state(known, NOW + 3 * HOUR)
    known.execute("set variable known_at = $then", {"then": NOW + 2 * HOUR - HOUR / 60})

    assert streak(known, "facts") == streak(known, "stated_facts") == [(LAST, 5.0)]
    assert answer(known, "from retractions") == []


def test_what_is_corrected_back_is_no_retraction(known: duckdb.DuckDBPyConnection) -> None:
    state(known, NOW + HOUR)
    correct(known, NOW + 2 * HOUR)
    state(known, NOW + 3 * HOUR)
    put(known, FundValuations, [count(MARCH, DAYS.index(MARCH))], NOW + 4 * HOUR, subject="AAA")
    state(known, NOW + 5 * HOUR)

    retracted = answer(known, f"select value, value_now from retractions where {STREAK}")
    assert retracted == [(3, 5)]  # what was stated in between


def test_an_earlier_day_is_looked_back_at_when_what_it_rests_on_changes(
    known: duckdb.DuckDBPyConnection,
) -> None:
    keep(known, stating.evaluate(known, DAYS[-3]), NOW + HOUR)
    stating.begin(known, NOW + HOUR)
    correct(known, NOW + 2 * HOUR)

    assert state(known, NOW + 3 * HOUR) == [DAYS[-3]]
    assert streak(known, "stated_facts") == [(DAYS[-3], 2.0), (LAST, 3.0)]
    assert streak(known, "retractions") == [(DAYS[-3], 4.0)]


def test_what_would_not_be_stated_at_all_is_withdrawn(known: duckdb.DuckDBPyConnection) -> None:
    state(known, NOW + HOUR)
    unknown = [{"fund": "AAA", "as_of": day, "shares_outstanding": None} for day in DAYS]
    put(known, FundValuations, unknown, NOW + 2 * HOUR, subject="AAA")
    state(known, NOW + 3 * HOUR)

    believed = f"select is_withdrawn, statement, value from stated_facts where {STREAK}"
    assert answer(known, believed) == [(True, None, None)]
    retracted = f"select value, value_now, statement_now from retractions where {STREAK}"
    assert answer(known, retracted) == [(5, None, None)]


def lay_fact(day: date) -> dict[str, Any]:
    return {
        "fact": "record_high",
        "subject": "SI=F",
        "measure": "m",
        "as_of": day,
        "is_withdrawn": False,
    }


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param([], [], id="nothing has changed"),
        pytest.param([LAST + timedelta(3)], [], id="a later day is added"),
        pytest.param([LAST], [LAST], id="the day itself is revised"),
        pytest.param([DAYS[-2]], DAYS[:-3:-1], id="so is an earlier one"),
    ],
)
def test_days_are_compared_again_if_a_row_they_rest_on_changes(
    known: duckdb.DuckDBPyConnection, days: list[date], expected: list[date]
) -> None:
    put(known, StatedFacts, map(lay_fact, DAYS[-9:]), NOW + HOUR)
    stating.begin(known, NOW + HOUR)
    rows = [{"instrument": "SI=F", "session": day, "close": 1.0} for day in days]
    put(known, Bars, rows, NOW + 2 * HOUR, subject="SI=F")

    assert stating.owed(known) == expected


@pytest.mark.parametrize(
    ("schema", "row"),
    [
        (Bars, {"instrument": "SI=F", "session": DAYS[-2], "close": 1.0}),
        (Rates, {"series": "DFEDTARU", "as_of": DAYS[-2], "value": 1.0}),
    ],
)
def test_evidence_on_the_markets_rests_on_the_assets_and_on_policy(
    known: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], row: dict[str, Any]
) -> None:
    put(known, Assets, [{"asset": "silver", "name": "Silver", "instrument": "SI=F"}])
    evidence = lay_fact(LAST) | {"fact": "risk_evidence", "subject": "markets"}
    put(known, StatedFacts, [evidence], NOW + HOUR)
    stating.begin(known, NOW + HOUR)
    assert stating.owed(known) == []

    put(known, schema, [row], NOW + 2 * HOUR)
    assert stating.owed(known) == [LAST]


def test_what_no_fact_is_made_of_bears_on_none(known: duckdb.DuckDBPyConnection) -> None:
    state(known, NOW + HOUR)
    bar = {"instrument": "SI=F", "session": LAST, "close": 20.0 + len(DAYS) - 1}
    put(known, Bars, [bar | {"volume": 9.0, "is_final": False}], NOW + 2 * HOUR)
    assert stating.owed(known) == []

    known.execute("set variable since = $now", {"now": NOW + HOUR})
    query = "from revisions where known_at > getvariable('since') and relation = 'bars'"
    assert answer(known, query) == []


def test_a_withdrawn_row_bears_on_the_facts_made_of_it(known: duckdb.DuckDBPyConnection) -> None:
    put(known, FundGroups, [{"fund_group": "metals", "fund": "AAA"}], NOW, tag="a")
    state(known, NOW + HOUR)
    put(known, FundGroups, [], NOW + 2 * HOUR, tag="b")

    assert stating.owed(known) == [LAST]


def test_what_changes_of_others_bears_on_no_fact(known: duckdb.DuckDBPyConnection) -> None:
    state(known, NOW + HOUR)
    put(known, Bars, [{"instrument": "GC=F", "session": LAST, "close": 1.0}], NOW + 2 * HOUR)

    assert stating.owed(known) == []


def test_what_changes_in_another_table_bears_on_no_fact(known: duckdb.DuckDBPyConnection) -> None:
    put(known, StatedFacts, [lay_fact(LAST)], NOW + HOUR)
    stating.begin(known, NOW + HOUR)
    rows = [{"fund": "SI=F", "as_of": LAST, "nav": 1.0}]
    put(known, FundValuations, rows, NOW + 2 * HOUR, subject="SI=F")

    assert stating.owed(known) == []


def test_an_edit_of_reference_data_bears_on_every_day(known: duckdb.DuckDBPyConnection) -> None:
    state(known, NOW + HOUR)
    put(known, Instruments, [{"instrument": "SI=F", "quote_decimals": 1}], NOW + 2 * HOUR)

    assert stating.owed(known) == [LAST]


def test_a_day_that_is_left_for_later_is_still_owed(
    known: duckdb.DuckDBPyConnection,
) -> None:
    put(known, StatedFacts, map(lay_fact, DAYS[-7:]), NOW + HOUR)
    stating.begin(known, NOW + HOUR)
    put(known, Bars, [{"instrument": "SI=F", "session": FIRST, "close": 1.0}], NOW + 2 * HOUR)

    days = stating.owed(known)
    stating.note(known, days[2:], NOW + 3 * HOUR)

    assert days == DAYS[:-8:-1]
    assert stating.owed(known) == days[2:]


@pytest.mark.parametrize(
    ("then", "told"),
    [
        pytest.param(
            [("A", 11.0)],
            [("revised", "fund_valuations A 2030-06-28 bank: nav 10.0 -> 11.0")],
            id="a value",
        ),
        pytest.param(
            [("A", 10.0), ("B", 1.0)],
            [("new", "fund_valuations B 2030-06-28 bank was not known before")],
            id="a row that is late",
        ),
        pytest.param([("A", 10.0)], [], id="nothing"),
    ],
)
def test_revisions_tell_what_changed(
    warehouse: duckdb.DuckDBPyConnection,
    then: list[tuple[str, float]],
    told: list[tuple[str, str]],
) -> None:
    for moment, rows in ((NOW, [("A", 10.0)]), (NOW + HOUR, then)):
        counts = [{"fund": fund, "as_of": LAST, "nav": nav} for fund, nav in rows]
        put(warehouse, FundValuations, counts, moment, subject="all")
    warehouse.execute("set variable since = $now", {"now": NOW})

    query = "select kind, told from revisions where known_at > getvariable('since')"
    assert answer(warehouse, query) == told


def test_a_row_that_a_snapshot_lacks_is_withdrawn(warehouse: duckdb.DuckDBPyConnection) -> None:
    put(warehouse, Instruments, [{"instrument": "A"}, {"instrument": "B"}], NOW)
    put(warehouse, Instruments, [{"instrument": "A"}], NOW + HOUR)

    found = answer(warehouse, "select kind, told, as_of, entity from revisions where kind <> 'new'")
    assert found == [("withdrawn", "instruments B was withdrawn", None, None)]
