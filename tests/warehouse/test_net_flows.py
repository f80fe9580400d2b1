"""Net flows, periods and streaks of funds against plain Python, on invented histories."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import Funds
from tests.warehouse import arithmetic
from tests.warehouse.arithmetic import Count, Period, Split
from tests.warehouse.market import DAY, answer, lay, open_calendar, sessions

FIRST, LAST = date(2029, 12, 3), date(2030, 8, 30)
CALENDAR = sessions(FIRST, LAST)
LONG_BEFORE = date(2020, 1, 2)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Count], Split | None, date]:
    """Draw a fund's counts, its split and its launch; without a split some NAVs are not known."""
    begin = draw(st.integers(0, len(CALENDAR) - 60))
    observed = set(CALENDAR[begin : begin + draw(st.integers(1, 120))])
    for _ in range(draw(st.integers(0, 3))):
        hole = draw(st.integers(begin, begin + 110))
        observed -= set(CALENDAR[hole : hole + draw(st.integers(1, 9))])
    for session in draw(st.lists(st.sampled_from(CALENDAR), max_size=2)):
        observed.add(session + DAY)  # some issuers publish a row for a Saturday or a holiday
    shares, counts = 1_000_000.0, []
    steps = st.sampled_from([0, 0, 0, 1000, 2000, -1000, -3000])
    for as_of in sorted(observed):
        shares += draw(steps)
        is_known = draw(st.integers(0, 9)) > 0
        nav = draw(st.integers(95, 105)) / 10
        counts.append(Count(as_of, shares if is_known else None, nav))
    split = None
    if draw(st.booleans()):
        ex_date = draw(st.sampled_from(CALENDAR[begin : begin + 60]))
        restated_from = draw(
            st.sampled_from([FIRST, LAST, *CALENDAR[max(0, begin - 5) : begin + 60]])
        )
        split = Split(ex_date, draw(st.sampled_from([2.0, 10.0, 0.1])), restated_from)
    elif draw(st.booleans()):
        silent = draw(st.sets(st.sampled_from(sorted(observed)), max_size=3)) if observed else set()
        counts = [replace(count, nav=None) if count.as_of in silent else count for count in counts]
    days_before = draw(st.sampled_from([0, 1, 2, 3, 6, 3000]))
    launched_on = min(observed, default=FIRST) - days_before * DAY
    return counts, split, launched_on


@pytest.fixture(scope="module")
def calendar(shared: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    open_calendar(shared, FIRST, LAST)
    return shared


def lay_funds(
    warehouse: duckdb.DuckDBPyConnection,
    funds: Sequence[tuple[list[Count], Split | None, date]],
) -> None:
    named = [(f"F{number}", *fund) for number, fund in enumerate(funds)]
    lay(warehouse, Funds, [{"fund": fund, "launched_on": day} for fund, _, _, day in named])
    rows = [
        {"fund": fund} | row
        for fund, counts, split, _ in named
        for row in arithmetic.as_served(counts, split)
    ]
    lay(warehouse, FundValuations, rows)
    splits: list[dict[str, Any]] = [
        {"instrument": fund, "ex_date": s.ex_date, "kind": "split", "ratio": s.ratio}
        for fund, _, s, _ in named
        if s
    ]
    lay(warehouse, CorporateActions, splits)


def close(values: Sequence[Any]) -> list[Any]:
    return [pytest.approx(v, abs=1e-3) if isinstance(v, float) else v for v in values]


def nearly(rate: float | None) -> Any:
    return pytest.approx(rate, abs=1e-11)


@settings(max_examples=25)
@given(funds=st.lists(histories(), min_size=1, max_size=5))
def test_flows_periods_and_streaks_are_those_of_plain_python(
    calendar: duckdb.DuckDBPyConnection,
    funds: list[tuple[list[Count], Split | None, date]],
) -> None:
    calendar.begin()
    lay_funds(calendar, funds)
    daily = answer(
        calendar,
        "select fund, as_of, net_flow_shares, net_flow_usd, spans_sessions "
        "from fund_net_flows order by fund, as_of",
    )
    periods = answer(
        calendar,
        "select period, subject, starts_on, net_flow_shares, net_flow_usd, sessions, state, "
        "flow_rate from net_flows_by_period order by subject, starts_on",
    )
    streaks = answer(
        calendar,
        "select subject, streak from inflow_streaks where measure = 'shares' "
        "order by subject, month",
    )
    runs = answer(
        calendar,
        "select subject, first_month, completed, on_track from inflow_runs "
        "where measure = 'shares' order by subject, first_month",
    )
    calendar.rollback()

    for number, (counts, split, launched_on) in enumerate(funds):
        name = f"F{number}"
        flows = arithmetic.flows(counts, split, CALENDAR, launched_on)
        theirs = [row[1:] for row in daily if row[0] == name]
        assert theirs == [
            tuple(close((flow.as_of, flow.shares, flow.usd, flow.spans))) for flow in flows
        ]
        for period in ("week", "month"):
            wholes = arithmetic.wholes(flows, period, CALENDAR)
            assert [row[2:] for row in periods if row[:2] == (period, name)] == [
                (*close((w.starts_on, w.shares, w.usd, w.sessions, w.state)), nearly(w.rate))
                for w in wholes
            ]
        months = arithmetic.wholes(flows, "month", CALENDAR)
        if any(month.shares is not None for month in months):
            found = [streak for subject, streak in streaks if subject == name]
            assert found == arithmetic.streaks(months)
            assert [row[1:] for row in runs if row[0] == name] == arithmetic.runs(months)


def test_a_split_between_counts_without_a_nav_leaves_the_flow_unknown(
    calendar: duckdb.DuckDBPyConnection,
) -> None:
    before, ex_date, after = CALENDAR[5:8]
    counts = [Count(before, 100.0, None), Count(ex_date, 1000.0, None), Count(after, 1001.0, None)]
    calendar.begin()
    lay_funds(calendar, [(counts, Split(ex_date, 10.0, ex_date), LONG_BEFORE)])
    found = answer(calendar, "select net_flow_shares, mark from fund_net_flows order by as_of")
    calendar.rollback()

    assert found == [(None, "mixed basis"), (1.0, None)]


def counts_of(*shares: float | None, begin: date = date(2030, 2, 26)) -> list[Count]:
    days = [session for session in CALENDAR if session >= begin]
    return [Count(day, count, 10.0) for day, count in zip(days, shares, strict=False)]


def periods_of(
    warehouse: duckdb.DuckDBPyConnection, period: Period, counts: list[Count]
) -> list[tuple[Any, ...]]:
    warehouse.begin()
    lay_funds(warehouse, [(counts, None, LONG_BEFORE)])
    found = answer(
        warehouse,
        "select strftime(starts_on, '%d %b'), net_flow_shares, state from net_flows_by_period "
        f"where period = '{period}' order by starts_on",
    )
    warehouse.rollback()
    return found


@pytest.mark.parametrize(
    ("counts", "months"),
    [
        pytest.param([], [], id="no history"),
        pytest.param(counts_of(5), [], id="one row is no flow"),
        pytest.param(counts_of(None, None), [], id="no share counts, no flows"),
        pytest.param(
            counts_of(5, 7, 9, 9),
            [("01 Feb", 4.0, "first"), ("01 Mar", 0.0, "running")],
            id="the first month is never complete",
        ),
        pytest.param(
            counts_of(*range(40)),
            [("01 Feb", 2.0, "first"), ("01 Mar", 21.0, "complete"), ("01 Apr", 16.0, "running")],
            id="a month whose last session is a Friday before its end is complete",
        ),
        pytest.param(
            counts_of(*range(24)),
            [("01 Feb", 2.0, "first"), ("01 Mar", 21.0, "complete")],
            id="complete with its last session, not with its last day: 31 March is a Sunday",
        ),
        pytest.param(
            counts_of(*range(23)),
            [("01 Feb", 2.0, "first"), ("01 Mar", 20.0, "running")],
            id="running until its last session is observed",
        ),
        pytest.param(
            counts_of(*range(20), *[None] * 5, 30),
            [("01 Feb", 2.0, "first"), ("01 Mar", 17.0, "complete"), ("01 Apr", 11.0, "running")],
            id="a hole of five sessions across a month's end leaves it complete",
        ),
        pytest.param(
            counts_of(*range(20), *[None] * 6, 30),
            [
                ("01 Feb", 2.0, "first"),
                ("01 Mar", 17.0, "cannot be told"),
                ("01 Apr", 11.0, "cannot be told"),
            ],
            id="a hole of six sessions across it makes both months untold",
        ),
        pytest.param(
            counts_of(*range(5), *[None] * 8, *range(30, 41)),
            [("01 Feb", 2.0, "first"), ("01 Mar", 38.0, "complete")],
            id="a long hole within a month leaves it complete",
        ),
    ],
)
def test_a_month_is_complete_when_its_last_session_is_observed(
    calendar: duckdb.DuckDBPyConnection, counts: list[Count], months: list[tuple[Any, ...]]
) -> None:
    assert periods_of(calendar, "month", counts) == months


def test_a_week_ends_with_its_last_session_even_on_a_thursday(
    calendar: duckdb.DuckDBPyConnection,
) -> None:
    before_good_friday = counts_of(1, 2, 3, 4, 5, 6, 7, 8, 9, begin=date(2030, 4, 8))

    assert periods_of(calendar, "week", before_good_friday) == [
        ("08 Apr", 4.0, "first"),
        ("15 Apr", 4.0, "complete"),
    ]


def test_an_unobserved_week_is_kept_and_cannot_be_told(
    calendar: duckdb.DuckDBPyConnection,
) -> None:
    counts = counts_of(1, 2, 3, 4, 5, *[None] * 5, 9, begin=date(2030, 3, 4))

    assert periods_of(calendar, "week", counts) == [
        ("04 Mar", 4.0, "first"),
        ("11 Mar", None, "cannot be told"),
        ("18 Mar", 4.0, "running"),
    ]


def test_a_split_on_a_day_without_count_is_no_flow(calendar: duckdb.DuckDBPyConnection) -> None:
    served = [Count(date(2030, 3, 4), 1000.0, 1.0), Count(date(2030, 3, 7), 1500.0, 1.0)]
    split = Split(date(2030, 3, 5), 10.0, restated_from=LAST)
    calendar.begin()
    lay_funds(calendar, [(served, split, LONG_BEFORE)])
    found = answer(calendar, "select net_flow_shares, spans_sessions from fund_net_flows")
    calendar.rollback()

    assert found == [(500.0, 3)]


FRIDAY, MONDAY = date(2030, 3, 1), date(2030, 3, 4)


@pytest.mark.parametrize(
    ("launched_on", "counted_on", "flows"),
    [
        pytest.param(FRIDAY, FRIDAY, [7.0, 2.0], id="counted on the day of the launch"),
        pytest.param(MONDAY - DAY, MONDAY, [7.0, 2.0], id="launched on a Sunday"),
        pytest.param(FRIDAY, FRIDAY + DAY, [2.0], id="the launch's own session is not counted"),
        pytest.param(FRIDAY, FRIDAY + 6 * DAY, [2.0], id="counted six days after the launch"),
        pytest.param(MONDAY, FRIDAY, [2.0], id="counted before the launch"),
        pytest.param(LONG_BEFORE, FRIDAY, [2.0], id="launched long before"),
    ],
)
def test_a_first_count_is_a_creation_if_it_is_that_of_the_launch(
    calendar: duckdb.DuckDBPyConnection, launched_on: date, counted_on: date, flows: list[float]
) -> None:
    counts = [Count(counted_on, 7.0, 10.0), Count(counted_on + 7 * DAY, 9.0, 10.0)]
    calendar.begin()
    lay_funds(calendar, [(counts, None, launched_on)])
    found = answer(calendar, "select net_flow_shares from fund_net_flows order by as_of")
    calendar.rollback()

    assert found == [(flow,) for flow in flows]


def test_without_a_nav_a_flow_is_known_in_shares_alone(
    calendar: duckdb.DuckDBPyConnection,
) -> None:
    counts = [Count(FRIDAY, 7.0, 10.0), Count(MONDAY, 9.0, None), Count(MONDAY + DAY, 8.0, 11.0)]
    calendar.begin()
    lay_funds(calendar, [(counts, None, LONG_BEFORE)])
    query = "select net_flow_shares, net_flow_usd from fund_net_flows order by as_of"
    found = answer(calendar, query)
    calendar.rollback()

    assert found == [(2.0, None), (-1.0, -11.0)]


def test_a_flow_in_another_currency_is_no_dollars(calendar: duckdb.DuckDBPyConnection) -> None:
    calendar.begin()
    lay(calendar, Funds, [{"fund": "EUF", "currency": "EUR"}])
    rows = [
        {"fund": "EUF", "as_of": day, "shares_outstanding": count, "currency": "EUR"}
        for day, count in ((date(2030, 3, 4), 10.0), (date(2030, 3, 5), 12.0))
    ]
    lay(calendar, FundValuations, rows)
    found = answer(calendar, "select net_flow_shares, net_flow_usd from daily_net_flows")
    calendar.rollback()

    assert found == [(2.0, None)]
