"""Runs of inflows, outflows, higher and lower closes, by day, week and month."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import Funds, Instruments, StressPeriods
from tests.warehouse.conftest import Ask
from tests.warehouse.market import answer, frame, lay, open_calendar, sessions
from tests.warehouse.test_facts import COMMON
from tests.warehouse.test_streaks import STATES

Period = Literal["day", "week", "month"]
Told = tuple[str, float | None]
"""State by its letter, and the value."""
STARTS: dict[Period, date] = {
    "day": date(2030, 1, 1),
    "week": date(2029, 12, 31),
    "month": date(2030, 1, 1),
}
LAST = date(2039, 12, 30)
FLOWS = ("net_flow_shares", "net_flow_ounces", "net_flow_usd")


def periods(period: Period, number: int) -> list[date]:
    """Give the first days of the first periods from 2030 on."""
    step = {"day": "1d", "week": "1w", "month": "1mo"}[period]
    return pl.date_range(STARTS[period], LAST, step, eager=True).to_list()[:number]


def values(
    told: Sequence[Told], period: Period = "month", subject: str = "AAA", measure: str = "shares"
) -> pl.DataFrame:
    """Lay values as the view period_values gives them."""
    return pl.DataFrame(
        {
            "subject": [subject] * len(told),
            "measure": [measure] * len(told),
            "period": [period] * len(told),
            "starts_on": periods(period, len(told)),
            "value": [None if state == "?" else value for state, value in told],
            "state": [STATES[state] for state, _ in told],
            "is_over": [state != "r" for state, _ in told],
            "is_estimated": [measure == "ounces"] * len(told),
            "last_as_of": [LAST] * len(told),
        },
        schema={
            "subject": pl.String,
            "measure": pl.String,
            "period": pl.String,
            "starts_on": pl.Date,
            "value": pl.Float64,
            "state": pl.String,
            "is_over": pl.Boolean,
            "is_estimated": pl.Boolean,
            "last_as_of": pl.Date,
        },
    )


def recessions(*spans: tuple[date, date | None]) -> pl.DataFrame:
    return frame(
        StressPeriods,
        [
            {"stress_period": f"recession {number}", "starts_on": first, "ends_on": last}
            for number, (first, last) in enumerate(spans)
        ],
    )


def streaks(ask: Ask, laid: pl.DataFrame, stress: pl.DataFrame | None = None) -> pl.DataFrame:
    stress = recessions() if stress is None else stress
    found = ask("all_streaks", period_values=laid.reverse(), stress_periods=stress)
    return found.sort("subject", "measure", "period", "first_period", "kind")


RUNS = ("kind", "first_period", "completed", "on_track", "is_current", "at_least")


def runs(ask: Ask, *told: Told, measure: str = "shares") -> list[tuple[object, ...]]:
    found = streaks(ask, values(told, measure=measure)).select(RUNS)
    return [(kind, first.strftime("%b"), *rest) for kind, first, *rest in found.iter_rows()]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([], [], id="no history"),
        pytest.param([("c", 0.0)], [], id="a flat month is neither"),
        pytest.param([("c", 1.0)], [("inflow", "Jan", 1, 1, True, True)], id="one month"),
        pytest.param(
            [("c", 1.0), ("c", 1.0), ("c", -1.0), ("c", -1.0), ("c", -1.0)],
            [("inflow", "Jan", 2, 2, False, True), ("outflow", "Mar", 3, 3, True, False)],
            id="each sign ends the other",
        ),
        pytest.param(
            [("c", -1.0), ("c", 0.0), ("c", -1.0), ("c", 1.0), ("c", 0.0), ("c", 1.0)],
            [
                ("outflow", "Jan", 1, 1, False, True),
                ("outflow", "Mar", 1, 1, False, False),
                ("inflow", "Apr", 1, 1, False, False),
                ("inflow", "Jun", 1, 1, True, False),
            ],
            id="a flat month ends both",
        ),
        pytest.param(
            [("c", 1.0), ("?", None), ("c", -1.0), ("c", -1.0), ("c", 1.0)],
            [("inflow", "Jan", 1, 1, False, True), ("inflow", "May", 1, 1, True, False)],
            id="a run that follows an untold month is not listed, the one after it is",
        ),
        pytest.param([("?", None), ("c", 1.0), ("c", 0.0)], [], id="nor is one at the beginning"),
        pytest.param(
            [("c", 0.0), ("c", -1.0), ("r", -1.0)],
            [("outflow", "Feb", 1, 2, True, False)],
            id="a running month puts it on track",
        ),
        pytest.param(
            [("c", 0.0), ("c", -1.0), ("r", 1.0)],
            [("outflow", "Feb", 1, 1, True, False), ("inflow", "Mar", 0, 1, True, False)],
            id="a running month of the other sign ends none, and may begin one",
        ),
        pytest.param(
            [("c", 0.0), ("c", -1.0), ("r", None)],
            [("outflow", "Feb", 1, 1, True, False)],
            id="nor does a running month that cannot be told",
        ),
    ],
)
def test_runs_are_unbroken_periods_of_one_sign(
    ask: Ask, told: list[Told], expected: list[tuple[object, ...]]
) -> None:
    assert runs(ask, *told) == expected


def test_closes_rise_and_fall(ask: Ask) -> None:
    found = runs(ask, ("c", 0.1), ("c", -0.1), measure="close")

    assert [kind for kind, *_ in found] == ["rise", "fall"]


def test_a_run_knows_its_ends_and_its_series(ask: Ask) -> None:
    [run] = (
        streaks(ask, values([("c", -1.0), ("c", 1.0), ("c", 2.0), ("r", 3.0)], measure="ounces"))
        .filter(kind="inflow")
        .rows(named=True)
    )

    assert (run["first_period"], run["last_period"]) == (date(2030, 2, 1), date(2030, 4, 1))
    assert run["last_finished"] == date(2030, 3, 1)
    assert (run["observations"], run["first_observed"]) == (3, date(2030, 1, 1))
    assert (run["running_period"], run["running_value"]) == (date(2030, 4, 1), 3.0)
    assert (run["is_estimated"], run["last_as_of"]) == (True, LAST)


FLAT: Told = ("c", 0.0)
UP: Told = ("c", 1.0)
FEBRUARY = (date(2030, 2, 10), date(2030, 3, 5))


@pytest.mark.parametrize(
    ("period", "stress", "expected"),
    [
        pytest.param("month", [FEBRUARY], (2, 4, 0.5), id="a month that one overlaps"),
        pytest.param("week", [FEBRUARY], (0, 0, None), id="weeks before the first are not judged"),
        pytest.param(
            "week",
            [(date(2029, 1, 1), date(2029, 1, 31)), (date(2030, 1, 8), date(2030, 1, 14))],
            (2, 5, 0.4),
            id="a week that one overlaps",
        ),
        pytest.param(
            "day", [(date(2029, 12, 1), date(2030, 1, 2))], (2, 5, 0.4), id="days up to its last"
        ),
        pytest.param(
            "month", [FEBRUARY, (date(2030, 2, 1), None)], (4, 4, 1.0), id="one that has not ended"
        ),
        pytest.param("month", [], (0, 0, None), id="no recession is dated"),
    ],
)
def test_a_run_is_held_against_recessions(
    ask: Ask,
    period: Period,
    stress: list[tuple[date, date | None]],
    expected: tuple[int, int, float | None],
) -> None:
    [run] = streaks(ask, values([UP] * 5, period), recessions(*stress)).rows(named=True)

    assert (run["in_stress"], run["dated"], run["stress_share"]) == expected
    assert run["usual_stress_share"] == run["stress_share"]


class Run(NamedTuple):
    """A run, as a loop finds it."""

    kind: str
    first: date
    last: date
    last_finished: date | None
    completed: int
    on_track: int
    is_current: bool
    at_least: bool
    in_stress: int
    dated: int


Row = tuple[date, str, float | None]
DATED = [(date(2030, 2, 10), date(2030, 3, 5)), (date(2030, 3, 1), date(2030, 9, 30))]
DATED_FROM = {
    "day": date(2030, 2, 10),
    "week": date(2030, 2, 4),
    "month": date(2030, 2, 1),
}


def is_stress(period: str, day: date) -> bool | None:
    if day < DATED_FROM[period]:
        return None
    first = {"day": DATED[0][0], "week": date(2030, 2, 4), "month": date(2030, 2, 1)}[period]
    return first <= day <= DATED[1][1]


def looped(rows: Sequence[Row], period: str, kinds: tuple[str, str]) -> list[Run]:
    """Walk a series once up and once down."""
    found = []
    last_over = max((day for day, state, _ in rows if state != "r"), default=date.min)
    for sign, kind in zip((1, -1), kinds, strict=True):
        length: int | None = 0
        members: list[Row] = []
        for row in [*rows, (date.max, "c", 0.0)]:
            value = None if row[1] == "?" or row[2] is None else sign * row[2]
            if value is not None and value > 0:
                length = None if length is None else length + 1
                members += [row] if length else []
                continue
            if members:
                found.append(run_of(kind, members, rows[0][0], last_over, period))
            members, length = [], None if value is None else 0
    return sorted(found, key=lambda run: (run.first, run.kind))


def run_of(kind: str, members: list[Row], first: date, last_over: date, period: str) -> Run:
    finished = [day for day, state, _ in members if state == "c"]
    stress = [is_stress(period, day) for day, *_ in members]
    return Run(
        kind,
        members[0][0],
        members[-1][0],
        max(finished, default=None),
        len(finished),
        len(members),
        members[-1][0] >= last_over,
        members[0][0] == first,
        stress.count(True),
        len(stress) - stress.count(None),
    )


Series = tuple[Period, str, list[Told]]


@st.composite
def series(draw: st.DrawFn) -> Series:
    """Draw a series with ties, flat and unknown periods, of which the last may be running."""
    period: Period = draw(st.sampled_from(["day", "week", "month"]))
    measure = draw(st.sampled_from(["shares", "usd", "close"]))
    value = st.sampled_from([1.0, 1.0, 2.0, 1.0, -1.0, -2.0, 0.0, None])
    told = draw(st.lists(st.tuples(st.sampled_from("cccccc?"), value), max_size=30))
    is_running = draw(st.booleans())
    if told and is_running:
        told[-1] = ("r", told[-1][1])
    return period, measure, told


def laid(drawn: Sequence[Series]) -> pl.DataFrame:
    """Lay each series as a subject of its own, every seventh period left out."""
    frames = [
        values(told, period, f"S{number}", measure)
        for number, (period, measure, told) in enumerate(drawn)
    ]
    return pl.concat([one[[n for n in range(len(one)) if n % 7 != 5]] for one in frames])


def rows_of(series: Series) -> list[Row]:
    period, _, told = series
    rows = [
        (day, state, value)
        for day, (state, value) in zip(periods(period, len(told)), told, strict=True)
    ]
    return [row for number, row in enumerate(rows) if number % 7 != 5]


def kinds(measure: str) -> tuple[str, str]:
    return ("rise", "fall") if measure == "close" else ("inflow", "outflow")


@settings(max_examples=25)
@given(drawn=st.lists(series(), min_size=1, max_size=6))
def test_runs_are_those_of_a_loop(ask: Ask, drawn: list[Series]) -> None:
    found = streaks(ask, laid(drawn), recessions(*DATED))
    columns = ["kind", "first_period", "last_period", "last_finished", "completed", "on_track"]
    columns += ["is_current", "at_least", "in_stress", "dated"]

    for number, one in enumerate(drawn):
        ours = found.filter(subject=f"S{number}").select(columns).iter_rows()
        assert list(ours) == looped(rows_of(one), one[0], kinds(one[1]))


@st.composite
def monthly_states(draw: st.DrawFn) -> list[Told]:
    """Draw months as net_flows_by_period tells them: one that cannot be told may have a sum."""
    flow = st.sampled_from([1.0, 1.0, 1.0, -1.0, 0.0, None])
    told = draw(st.lists(st.tuples(st.sampled_from("cccc?"), flow), max_size=20))
    first: list[Told] = draw(st.lists(st.just(("f", 1.0)), max_size=1))
    running: list[Told] = draw(st.lists(st.tuples(st.just("r"), flow), max_size=1))
    return [*first, *told, *running]


def by_period(drawn: Sequence[Sequence[Told]]) -> pl.DataFrame:
    """Lay months of funds as net_flows_by_period does."""
    rows = [
        {
            "subject": f"F{number}",
            "period": "month",
            "starts_on": day,
            "state": STATES[state],
            "is_over": state != "r",
            "is_estimated": False,
            "last_as_of": LAST,
        }
        | dict.fromkeys(FLOWS, value)
        for number, told in enumerate(drawn)
        for day, (state, value) in zip(periods("month", len(told)), told, strict=True)
    ]
    return pl.DataFrame(rows, schema=BY_PERIOD)


BY_PERIOD = {
    "subject": pl.String,
    "period": pl.String,
    "starts_on": pl.Date,
    "state": pl.String,
    "is_over": pl.Boolean,
    "is_estimated": pl.Boolean,
    "last_as_of": pl.Date,
} | dict.fromkeys(FLOWS, pl.Float64)
DAYS = {
    "subject": pl.String,
    "as_of": pl.Date,
    "previous_as_of": pl.Date,
    "coverage": pl.Float64,
    "members_reporting": pl.Int64,
    "members_known": pl.Int64,
    "members_expected": pl.Int64,
    "members_awaited": pl.Int64,
    "spans_sessions": pl.Int64,
    "is_estimated": pl.Boolean,
} | dict.fromkeys(FLOWS, pl.Float64)
CHANGES = {
    "instrument": pl.String,
    "period": pl.String,
    "starts_on": pl.Date,
    "change": pl.Float64,
    "state": pl.String,
    "last_as_of": pl.Date,
}


def period_values(
    ask: Ask,
    flows: pl.DataFrame | None = None,
    days: Sequence[dict[str, Any]] = (),
    changes: Sequence[dict[str, Any]] = (),
) -> pl.DataFrame:
    found = ask(
        "period_values",
        net_flows_by_period=pl.DataFrame(schema=BY_PERIOD) if flows is None else flows,
        subject_days=pl.DataFrame(days, schema=DAYS),
        price_changes=pl.DataFrame(changes, schema=CHANGES),
    )
    return found.sort("subject", "measure", "period", "starts_on")


@settings(max_examples=10)
@given(drawn=st.lists(monthly_states(), min_size=1, max_size=10))
def test_monthly_inflows_are_those_of_inflow_runs(ask: Ask, drawn: list[list[Told]]) -> None:
    flows = by_period(drawn)
    whole = flows.with_columns(month="starts_on", complete=pl.col("state") == "complete")
    columns = ("subject", "measure", "completed", "on_track", "is_current", "at_least")

    theirs = ask("inflow_runs", monthly_net_flows=whole.drop("period", "starts_on"))
    ours = streaks(ask, period_values(ask, flows)).filter(kind="inflow")

    assert sorted(ours.select("first_period", "last_period", *columns).iter_rows()) == sorted(
        theirs.select("first_month", "last_month", *columns).iter_rows()
    )


def a_day(number: int, **about: Any) -> dict[str, Any]:
    """Give a day of a fund, or of a group all of which reported."""
    day = date(2030, 1, 1) + timedelta(number)
    plain: dict[str, Any] = {
        "subject": "AAA",
        "as_of": day,
        "previous_as_of": day - timedelta(1),
        "coverage": 1.0,
        "members_reporting": 1,
        "members_known": 1,
        "members_expected": 1,
        "members_awaited": 0,
        "spans_sessions": 1,
        "is_estimated": True,
        "net_flow_shares": 7.0,
    }
    return plain | about


@pytest.mark.parametrize(
    "about",
    [
        pytest.param({"net_flow_shares": None}, id="a flow that is not known"),
        pytest.param({"spans_sessions": 2}, id="a flow of several sessions"),
        pytest.param({"coverage": 0.949}, id="too little of a group's assets"),
        pytest.param({"members_expected": 2}, id="a member that was not known yet"),
        pytest.param({"members_awaited": 1}, id="a member that fell silent"),
        pytest.param({"members_reporting": 0, "coverage": None}, id="nobody reported"),
    ],
)
def test_a_day_may_not_be_told(ask: Ask, about: dict[str, Any]) -> None:
    found = period_values(ask, days=[a_day(1), a_day(2, **about)])

    assert found["value"].to_list() == [7.0, None]
    assert found["state"].to_list() == ["complete", "cannot be told"]


@pytest.mark.parametrize(
    "about",
    [
        pytest.param({"coverage": 0.95}, id="nearly all of a group's assets"),
        pytest.param(
            dict.fromkeys(("coverage", "members_known", "members_expected", "members_awaited")),
            id="a day without session",
        ),
    ],
)
def test_a_day_is_told(ask: Ask, about: dict[str, Any]) -> None:
    assert period_values(ask, days=[a_day(1, **about)])["value"].to_list() == [7.0]


def test_the_day_of_the_launch_is_never_whole(ask: Ask) -> None:
    found = period_values(ask, days=[a_day(1, previous_as_of=None), a_day(2)])

    assert found["starts_on"].to_list() == [date(2030, 1, 3)]


def test_only_the_measures_of_a_subject_have_values_and_only_ounces_are_estimated(ask: Ask) -> None:
    found = period_values(ask, days=[a_day(1, net_flow_ounces=None), a_day(2, net_flow_ounces=5.0)])

    assert found.select("measure", "value", "is_estimated").rows() == [
        ("ounces", None, True),
        ("ounces", 5.0, True),
        ("shares", 7.0, False),
        ("shares", 7.0, False),
    ]


def test_flows_of_periods_are_told_by_their_state(ask: Ask) -> None:
    flows = by_period([[("f", 1.0), ("c", 2.0), ("?", 3.0), ("c", None), ("r", 5.0)]])
    found = period_values(ask, flows).filter(measure="usd")

    assert found.select("value", "state", "is_over").rows() == [
        (2.0, "complete", True),
        (None, "cannot be told", True),
        (None, "cannot be told", True),
        (5.0, "running", False),
    ]


def test_changes_of_closes_are_told_by_their_state(ask: Ask) -> None:
    states = {"first": None, "complete": 0.1, "cannot be told": None, "running": -0.1}
    changes = [
        {
            "instrument": "SI=F",
            "period": "week",
            "starts_on": date(2030, 1, 7) + timedelta(7 * number),
            "change": change,
            "state": state,
            "last_as_of": LAST,
        }
        for number, (state, change) in enumerate(states.items())
    ]
    found = period_values(ask, changes=changes)

    assert found.drop("starts_on").rows() == [
        ("SI=F", "close", "week", 0.1, "complete", True, False, LAST),
        ("SI=F", "close", "week", None, "cannot be told", True, False, LAST),
        ("SI=F", "close", "week", -0.1, "running", False, False, LAST),
    ]


def stated(
    ask: Ask,
    found: pl.DataFrame,
    stress: pl.DataFrame | None = None,
    caveat: str | None = None,
) -> list[dict[str, Any]]:
    fact = ask(
        "streak",
        period_values=found.reverse(),
        stress_periods=recessions() if stress is None else stress,
        instruments=frame(Instruments, [{"instrument": "SI=F", "caveat": caveat}]),
    )
    return fact.sort("subject", "measure").rows(named=True)


DOWN: Told = ("c", -1.0)
NO_NEWS: list[Told] = [DOWN, UP] * 4 + [FLAT] * 2


@pytest.mark.parametrize(
    ("told", "about", "measure", "sentence"),
    [
        pytest.param(
            [*NO_NEWS, UP, UP, ("r", 1.0)],
            {"measure": "ounces"},
            "monthly_inflow_ounces",
            "AAA has had net inflows, counted in ounces, for 2 months in a row (November 2030 to "
            "December 2030), the longest of 5 such runs known; January 2031 is an inflow so far: "
            "on track for 3 months in a row. [estimated]",
            id="inflows on track",
        ),
        pytest.param(
            [DOWN, DOWN, *NO_NEWS, DOWN, DOWN, ("r", 0.0)],
            {"measure": "usd"},
            "monthly_outflow_usd",
            "AAA has had net outflows, counted in dollars, for 2 months in a row (January 2031 to "
            "February 2031), the second longest of 5 such runs known; March 2031 is not an "
            "outflow so far. A run at least as long was reached once before, from January 2030 "
            "(3 months).",
            id="outflows of which the running month is none",
        ),
        pytest.param(
            [*[UP] * 3, FLAT, *[UP] * 2, *NO_NEWS, UP, UP, ("r", None)],
            {"period": "week"},
            "weekly_inflow_shares",
            "AAA has had net inflows, counted in shares, for 2 weeks in a row (2030-W17 to "
            "2030-W18), the joint second longest of 7 such runs known; 2030-W19 cannot be told so "
            "far. Runs at least as long were reached twice before, the last from 2030-W05 "
            "(2 weeks).",
            id="weeks of which the running one cannot be told",
        ),
        pytest.param(
            [*[UP, UP, FLAT] * 3, *NO_NEWS, UP, UP],
            {"period": "day", "measure": "close", "subject": "SI=F"},
            "daily_rise_close",
            "Silver (SI=F) has risen, from close to close, for 2 sessions in a row (2030-01-20 to "
            "2030-01-21), the joint longest of 8 such runs known. Runs at least as long were "
            "reached 3 times before, the last from 2030-01-07 (2 sessions).",
            id="higher closes",
        ),
        pytest.param(
            [*[UP] * 12, DOWN, DOWN, ("r", -1.0)],
            {"measure": "close", "subject": "SI=F"},
            "monthly_fall_close",
            "Silver (SI=F) has fallen, from close to close, for 2 months in a row (January 2031 to "
            "February 2031), the only such run known; March 2031 is down so far: on track for "
            "3 months in a row.",
            id="lower closes",
        ),
        pytest.param(
            [*[UP] * 12, ("r", -1.0)],
            {"period": "week", "measure": "close", "subject": "SI=F"},
            "weekly_rise_close",
            "Silver (SI=F) has risen, from close to close, for at least 12 weeks in a row "
            "(2030-W01 to 2030-W12), the only such run known; 2030-W13 is not up so far.",
            id="a run that reaches back to the first week",
        ),
    ],
)
def test_a_streak_is_stated(
    ask: Ask, told: list[Told], about: dict[str, Any], measure: str, sentence: str
) -> None:
    [fact] = stated(ask, values(told, **about))

    assert fact["statement"] == sentence
    assert fact["measure"] == measure
    assert list(fact) == COMMON


@pytest.mark.parametrize(
    ("stress", "context"),
    [
        pytest.param(
            [(date(2030, 2, 1), date(2030, 2, 28)), (date(2030, 9, 1), date(2030, 10, 30))],
            "; 50 % of the months in it lay in dated recessions, against 20 % of all.",
            id="beside the share of all that are dated",
        ),
        pytest.param([(date(2040, 2, 1), date(2040, 2, 28))], ".", id="none is dated that early"),
        pytest.param([(date(2020, 2, 1), date(2020, 2, 28))], ".", id="none lies in the history"),
    ],
)
def test_earlier_runs_are_put_in_context(
    ask: Ask, stress: list[tuple[date, date]], context: str
) -> None:
    told = [DOWN, UP, UP, *NO_NEWS, UP, UP, FLAT]
    [fact] = stated(ask, values([*told[:-1], ("r", 0.0)]), recessions(*stress))

    assert fact["statement"].endswith(
        " A run at least as long was reached once before, from February 2030 (2 months)" + context
    )
    assert any("recessions" in label for label in fact["labels"]) == (context != ".")


@pytest.mark.parametrize(
    ("about", "labels"),
    [
        pytest.param({"measure": "shares"}, ["by book date"], id="shares"),
        pytest.param(
            {"measure": "ounces"}, ["ounces estimated, +/- 0.1 %", "by book date"], id="ounces"
        ),
        pytest.param(
            {"measure": "usd"},
            ["notional at NAV; creations are in kind", "by book date"],
            id="dollars",
        ),
        pytest.param({"measure": "close", "subject": "SI=F"}, ["front contract"], id="a close"),
        pytest.param({"measure": "shares", "subject": "SI=F"}, ["by book date"], id="a namesake"),
    ],
)
def test_labels_travel_with_a_streak(ask: Ask, about: dict[str, Any], labels: list[str]) -> None:
    [fact] = stated(ask, values([*NO_NEWS, UP, UP], **about), caveat="front contract")

    assert fact["labels"] == labels


COMMITTEES = (
    "recessions as dated by the committees in stress_periods; periods before the first are left out"
)


def test_labels_of_a_streak_in_context(ask: Ask) -> None:
    told = [UP, UP, *NO_NEWS, FLAT, UP, UP]
    [fact] = stated(ask, values(told, "day"), recessions((date(2029, 1, 1), date(2030, 1, 3))))

    assert fact["labels"] == [
        "by book date",
        COMMITTEES,
        "n = 1",
    ]
    [fact] = stated(ask, values([UP] * 12, "day"))
    assert fact["labels"] == ["by book date", "reaches back to the first session known"]


def test_a_streak_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask, values([*[UP] * 4, FLAT, *[UP] * 2, *NO_NEWS, UP, UP, ("r", 1.0)]))

    assert (fact["subject"], fact["as_of"], fact["complete"]) == ("AAA", LAST, False)
    assert (fact["value"], fact["unit"], fact["since"]) == (2.0, "months", date(2031, 6, 1))
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (2, 2, 7)
    assert (fact["previous_value"], fact["previous_at"]) == (2.0, date(2030, 6, 1))
    assert (fact["observations"], fact["first_observed"]) == (19, date(2030, 1, 1))
    assert fact["view"] == "all_streaks"


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([], id="no history"),
        pytest.param([UP], id="one month"),
        pytest.param([UP] * 11, id="eleven months"),
        pytest.param([*[UP] * 11, ("r", 1.0)], id="a twelfth that is running"),
        pytest.param([*[UP] * 10, ("?", None), FLAT], id="one of twelve that cannot be told"),
        pytest.param([*NO_NEWS, FLAT, UP, ("r", 1.0)], id="a run of one finished month"),
        pytest.param([*NO_NEWS, UP, UP, FLAT], id="a run that has ended"),
        pytest.param([*NO_NEWS, UP, UP, ("?", None)], id="a last month that cannot be told"),
        pytest.param([*NO_NEWS, ("?", None), UP, UP], id="a run whose beginning is not known"),
    ],
)
def test_what_is_no_streak_is_not_stated(ask: Ask, told: list[Told]) -> None:
    assert stated(ask, values(told)) == []


def expected_facts(number: int, one: Series) -> Iterator[tuple[object, ...]]:
    """Count by hand what the fact states of a series."""
    period, measure, _ = one
    rows = rows_of(one)
    known = sum(state == "c" and value is not None for _, state, value in rows)
    found = looped(rows, period, kinds(measure))
    for run in found:
        if run.is_current and run.completed >= 2 and known >= 12:
            alike = [other for other in found if other.kind == run.kind and other.completed > 0]
            before = [
                other
                for other in alike
                if other.first < run.first and other.completed >= run.completed
            ]
            rhythm = {"day": "daily", "week": "weekly", "month": "monthly"}[period]
            yield (
                f"S{number}",
                f"{rhythm}_{run.kind}_{measure}",
                run.completed,
                1 + sum(other.completed > run.completed for other in alike),
                1 + sum(other.completed > run.on_track for other in alike)
                if run.on_track > run.completed
                else None,
                len(alike),
                run.first,
                before[-1].completed if before else None,
                before[-1].first if before else None,
                known,
                rows[0][0],
                context(rows, period, before),
            )


def context(rows: list[Row], period: str, before: list[Run]) -> str | None:
    dated = sum(run.dated for run in before)
    if not dated or not any(is_stress(period, day) for day, *_ in rows):
        return None
    return f"{round(100 * sum(run.in_stress for run in before) / dated)} %"


STATED = ["subject", "measure", "value", "rank", "rank_if_counted", "of", "since"]
STATED += ["previous_value", "previous_at", "observations", "first_observed"]


@settings(max_examples=25)
@given(drawn=st.lists(series(), min_size=4, max_size=12))
def test_streaks_are_those_counted_by_hand(ask: Ask, drawn: list[Series]) -> None:
    found = stated(ask, laid(drawn), recessions(*DATED))
    expected = [row for number, one in enumerate(drawn) for row in expected_facts(number, one)]

    assert [tuple(fact[column] for column in STATED) for fact in found] == sorted(
        row[:-1] for row in expected
    )
    for fact, (*_, share) in zip(found, sorted(expected, key=lambda row: row[:2]), strict=True):
        assert ("in dated recessions" in fact["statement"]) == (share is not None)
        assert share is None or f"; {share} of the " in fact["statement"]


@pytest.fixture
def market(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    shared.begin()
    open_calendar(shared)
    yield shared
    shared.rollback()


def test_a_fund_and_its_price_have_streaks_of_their_own(market: duckdb.DuckDBPyConnection) -> None:
    days = sessions(date(2030, 3, 1), date(2030, 8, 30))[:20]
    lay(market, Funds, [{"fund": "AAA"}])
    lay(market, Instruments, [{"instrument": "AAA", "name": "A trust"}])
    counts = {day: 1000.0 - 10 * number for number, day in enumerate(days)}
    del counts[days[12]]
    lay(
        market,
        FundValuations,
        [{"fund": "AAA", "as_of": day, "shares_outstanding": n} for day, n in counts.items()],
    )
    bars = [
        {"instrument": "AAA", "session": day, "close": 10.0 + number % 15}
        for number, day in enumerate(days)
    ]
    lay(market, Bars, bars)
    query = "select kind, measure, first_period, completed, at_least from all_streaks "
    query += "where period = 'day' and measure <> 'usd' order by all"

    assert answer(market, query) == [
        ("fall", "close", days[15], 1, False),
        ("outflow", "shares", days[1], 11, True),
        ("rise", "close", days[1], 14, True),
        ("rise", "close", days[16], 4, False),
    ]
    assert answer(market, "select measure, value, rank, of from streak") == [
        ("daily_rise_close", 4.0, 2, 2)
    ]


def test_a_streak_is_what_it_was_on_the_day_looked_back_at(
    market: duckdb.DuckDBPyConnection,
) -> None:
    days = sessions(date(2030, 3, 1), date(2030, 8, 30))[:20]
    lay(market, Instruments, [{"instrument": "AAA", "name": "A trust"}])
    bars = [
        {"instrument": "AAA", "session": day, "close": 10.0 + number}
        for number, day in enumerate(days)
    ]
    lay(market, Bars, bars)
    query = "select as_of, value from streak where measure = 'daily_rise_close'"

    market.execute(f"set variable as_of = date '{days[14]}'")
    earlier = answer(market, query)
    market.execute("reset variable as_of")

    assert earlier == [(days[14], 14.0)]
    assert answer(market, query) == [(days[19], 19.0)]
