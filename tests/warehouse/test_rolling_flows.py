"""Flows over the last sessions, and the sentence on the latest window (claim C6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.reference import Funds
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_facts import COMMON

FIRST = date(2030, 3, 4)
ONES = [1.0] * 16


@dataclass(frozen=True)
class Day:
    """A market day of a subject; of a fund, all that could report did."""

    flow: float | None
    spans: int | None = 1
    coverage: float | None = 1.0
    reporting: int = 1
    known: int | None = 1
    expected: int | None = 1


UNKNOWN = Day(None)
UNSEEN = Day(None, spans=None, coverage=0.0, reporting=0)
"""A session on which no member of a group reported."""
LATE = Day(1.0, spans=6)
TOO_LATE = Day(1.0, spans=7)


def on(number: int) -> date:
    """Give the day of that number, the first being 0."""
    return FIRST + timedelta(number)


def days(*given: Day | float, subject: str = "AAA", **columns: Any) -> pl.DataFrame:
    """Lay a subject's days."""
    told = [day if isinstance(day, Day) else Day(day) for day in given]
    flows = pl.Series([day.flow for day in told], dtype=pl.Float64)
    plain = {
        "subject": pl.repeat(subject, len(told), eager=True, dtype=pl.String),
        "as_of": pl.Series([on(number) for number in range(len(told))], dtype=pl.Date),
        "is_group": pl.repeat(value=False, n=len(told), eager=True, dtype=pl.Boolean),
        "net_flow_shares": flows,
        "net_flow_usd": flows * 10,
        "net_flow_ounces": pl.Series([None] * len(told), dtype=pl.Float64),
        "coverage": pl.Series([day.coverage for day in told], dtype=pl.Float64),
        "members_reporting": pl.Series([day.reporting for day in told], dtype=pl.Int64),
        "members_known": pl.Series([day.known for day in told], dtype=pl.Int64),
        "members_expected": pl.Series([day.expected for day in told], dtype=pl.Int64),
        "spans_sessions": pl.Series([day.spans for day in told], dtype=pl.Int64),
        "is_estimated": pl.Series([None] * len(told), dtype=pl.Boolean),
    }
    return pl.DataFrame(plain).with_columns(**{name: pl.lit(x) for name, x in columns.items()})


def windows(ask: Ask, *given: Day | float, **columns: Any) -> pl.DataFrame:
    laid = days(*given, **columns).reverse()  # no view promises an order
    return ask("rolling_net_flows", subject_days=laid).sort("sessions", "as_of")


@pytest.mark.parametrize(
    ("given_days", "sums"),
    [
        pytest.param([], [], id="an empty history"),
        pytest.param([5.0], [], id="one day"),
        pytest.param([1.0, 2.0, 3.0], [], id="fewer days than the window has"),
        pytest.param([1.0, -2.0, 3.0, 0.5, 5.0], [2.5, 6.5], id="the last four, day by day"),
        pytest.param([UNKNOWN, 1.0, 1.0, 1.0, 1.0], [None, 4.0], id="a flow that is not known"),
        pytest.param([LATE, 1.0, 1.0, 1.0], [4.0], id="a hole of five sessions"),
        pytest.param([TOO_LATE, 1.0, 1.0, 1.0, 1.0], [None, 4.0], id="a hole of six sessions"),
        pytest.param([Day(1.0, coverage=0.95), *ONES[:3]], [4.0], id="just enough coverage"),
        pytest.param([Day(1.0, coverage=0.94), *ONES[:3]], [None], id="too little coverage"),
        pytest.param([Day(1.0, expected=2), *ONES[:3]], [None], id="a member not known yet"),
        pytest.param([UNSEEN, *ONES[:4]], [None, 4.0], id="a session of which no member reported"),
        pytest.param([*ONES[:3], UNSEEN], [], id="no window ends on such a session"),
        pytest.param(
            [Day(1.0, coverage=None, known=None, expected=None), *ONES[:3]],
            [4.0],
            id="a day without session that is reported counts",
        ),
    ],
)
def test_flows_of_the_last_days_are_summed(
    ask: Ask, given_days: list[Day | float], sums: list[float | None]
) -> None:
    found = windows(ask, *given_days).filter(sessions=4)

    assert found["net_flow_shares"].to_list() == sums


def test_a_window_says_what_it_is(ask: Ask) -> None:
    given_days: list[Day | float] = [Day(1.0, coverage=0.97), *ONES, LATE, *ONES[:4]]
    found = windows(ask, *given_days, net_flow_ounces=0.5, is_estimated=True, is_group=True)
    last = found.filter(as_of=on(21)).rows(named=True)

    assert [(row["sessions"], row["from_as_of"], row["has_hole"]) for row in last] == [
        (4, on(18), False),
        (5, on(17), True),
        (20, on(2), True),
    ]
    assert [row["net_flow_ounces"] for row in last] == [2.0, 2.5, 10.0]
    assert all(row["is_estimated"] and row["is_group"] for row in last)
    assert found.filter(sessions=4)["coverage"].to_list()[:2] == [0.97, 1.0]
    assert found.filter(sessions=4)["days_back"].to_list() == list(range(18, -1, -1))


def test_what_came_long_before_does_not_change_a_digit(ask: Ask) -> None:
    tenths = [0.1, 0.2, 0.3, 0.4, 0.7]
    alone = windows(ask, *tenths).filter(sessions=4)["net_flow_shares"].to_list()
    after = windows(ask, 1e15, -3e14, *tenths).filter(sessions=4)["net_flow_shares"].to_list()

    assert alone == after[-2:] == [1.0, 1.6]


def test_an_absurd_flow_is_not_known_and_breaks_nothing(ask: Ask) -> None:
    found = windows(ask, 1e300, *ONES[:4]).filter(sessions=4)

    assert found["net_flow_shares"].to_list() == [None, 4.0]


def stated(ask: Ask, *given_days: Day | float, **columns: Any) -> dict[str, dict[str, Any]]:
    """State the facts of a subject, by measure."""
    facts = ask(
        "rolling_inflow",
        rolling_net_flows=windows(ask, *given_days, **columns),
        funds=frame(Funds, [{"fund": "AAA", "caveat": "a caveat"}]),
    )
    return {fact["measure"]: fact for fact in facts.rows(named=True)}


OVER = "over the last 4 sessions (2030-03-20 to 2030-03-23)"
WITHOUT_OVERLAP = "of the 5 windows that do not overlap in the last 252 sessions"


@pytest.mark.parametrize(
    ("given_days", "sentence"),
    [
        pytest.param(
            [*ONES, 0.0, 0.0, 0.0, 5000.0],
            f"AAA took in 5,000 shares {OVER}, the most in 4 sessions since the series began on "
            f"2030-03-04, the largest inflow {WITHOUT_OVERLAP}.",
            id="the most of all",
        ),
        pytest.param(
            [*ONES[:6], 3.0, 3.0, *ONES[:8], 0.0, 0.0, 0.0, 7.0],
            f"AAA took in 7 shares {OVER}, the most in 4 sessions since those to 2030-03-13 "
            f"(8 shares), the second largest inflow {WITHOUT_OVERLAP}.",
            id="the most since others, which need not be among those ranked",
        ),
        pytest.param(
            [*ONES, 5.0, 0.0, 0.0, 0.0],
            f"AAA took in 5 shares {OVER}, the most in 4 sessions that do not overlap with them "
            f"since the series began on 2030-03-04, the largest inflow {WITHOUT_OVERLAP}.",
            id="windows that overlap with it are larger",
        ),
        pytest.param(
            [*ONES, 0.0, 0.0, 0.0, 1.0],
            f"AAA took in 1 share {OVER}, no more than the 4 shares of the 4 before, the 5th "
            f"largest inflow {WITHOUT_OVERLAP}.",
            id="less than just before",
        ),
        pytest.param(
            [*ONES, 0.0, 0.0, 0.0, 4.0],
            f"AAA took in 4 shares {OVER}, no more than the 4 shares of the 4 before, the joint "
            f"largest inflow {WITHOUT_OVERLAP}.",
            id="as much as before",
        ),
        pytest.param(
            [*ONES[:6], -9.0, *ONES[:9], 0.0, 0.0, 0.0, -5.0],
            f"AAA had a net outflow of 5 shares {OVER}, the most in 4 sessions since those to "
            f"2030-03-13 (6 shares), the second largest outflow {WITHOUT_OVERLAP}.",
            id="an outflow is compared with outflows",
        ),
        pytest.param(
            [*ONES, 0.0, 2.0, -2.0, 0.0],
            f"AAA had no net flow, counted in shares, {OVER}.",
            id="no net flow",
        ),
        pytest.param(
            [*ONES, LATE, 0.0, 0.0, 6.0],
            "AAA took in 7 shares over the last 4 days observed (2030-03-20 to 2030-03-23), the "
            f"most in 4 sessions since the series began on 2030-03-04, the largest inflow "
            f"{WITHOUT_OVERLAP}.",
            id="over a hole they are no sessions in a row",
        ),
    ],
)
def test_a_window_is_stated(ask: Ask, given_days: list[Day | float], sentence: str) -> None:
    fact = stated(ask, *given_days)["shares_4_sessions"]

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


def test_a_window_has_its_numbers(ask: Ask) -> None:
    fact = stated(ask, *ONES[:6], 3.0, 3.0, *ONES[:8], 0.0, 0.0, 0.0, 7.0)["usd_4_sessions"]

    assert (fact["value"], fact["unit"], fact["as_of"]) == (70.0, "USD", on(19))
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (2, None, 5)
    assert fact["since"] == fact["previous_at"] == on(9)
    assert (fact["previous_value"], fact["complete"]) == (80.0, True)
    assert (fact["observations"], fact["first_observed"]) == (14, on(3))
    assert fact["view"] == "rolling_net_flows"


def test_a_window_without_a_like_has_no_previous_one(ask: Ask) -> None:
    fact = stated(ask, *ONES, 0.0, 0.0, 0.0, 5.0)["shares_4_sessions"]

    assert (fact["since"], fact["previous_at"], fact["previous_value"]) == (on(3), None, None)


def test_no_net_flow_holds_since_nothing(ask: Ask) -> None:
    fact = stated(ask, *ONES, 0.0, 0.0, 0.0, 0.0)["shares_4_sessions"]

    assert (fact["value"], fact["rank"], fact["since"]) == (0.0, 5, None)


def test_labels_travel_with_a_window(ask: Ask) -> None:
    facts = stated(ask, *ONES, LATE, 0.0, 0.0, 5.0, net_flow_ounces=2.0, is_estimated=True)
    hole = "spans a hole in the observations"

    assert {measure: fact["labels"] for measure, fact in facts.items() if "4" in measure} == {
        "shares_4_sessions": ["by book date", hole, "a caveat"],
        "usd_4_sessions": [
            "notional at NAV; creations are in kind", "by book date", hole, "a caveat",
        ],
        "ounces_4_sessions": ["ounces estimated, +/- 0.1 %", "by book date", hole, "a caveat"],
    }  # fmt: skip


@pytest.mark.parametrize(("coverage", "label"), [(1.0, "coverage 100 %"), (0.999, "coverage 99 %")])
def test_a_groups_coverage_is_shown(ask: Ask, coverage: float, label: str) -> None:
    facts = stated(ask, *ONES, *ONES, subject="metals", is_group=True, coverage=coverage)

    assert facts["shares_4_sessions"]["labels"] == ["by book date", label]


@pytest.mark.parametrize(
    ("given_days", "measures"),
    [
        pytest.param([], set(), id="an empty history"),
        pytest.param([1.0], set(), id="one day"),
        pytest.param(ONES[:15], set(), id="three windows without overlap"),
        pytest.param(ONES, {"shares_4_sessions", "usd_4_sessions"}, id="four of 4 sessions"),
        pytest.param([*ONES, 1.0, UNKNOWN, 1.0], set(), id="the latest cannot be told"),
        pytest.param(
            [*ONES, 1.0, UNKNOWN, 1.0, 1.0, 1.0, 1.0],
            {"shares_4_sessions", "usd_4_sessions"},
            id="four can be told, and of 5 sessions three",
        ),
    ],
)
def test_a_sample_too_short_is_not_stated(
    ask: Ask, given_days: list[Day | float], measures: set[str]
) -> None:
    assert stated(ask, *given_days).keys() == measures


def test_windows_of_more_than_252_sessions_ago_are_not_ranked(ask: Ask) -> None:
    fact = stated(ask, *[9.0] * 8, *[1.0] * 248, *[2.0] * 4)["shares_4_sessions"]

    assert (fact["rank"], fact["of"], fact["observations"]) == (1, 63, 254)
    assert fact["previous_at"] == on(10)


@st.composite
def histories(draw: st.DrawFn) -> list[Day]:
    """Draw a subject's days, with gaps, ties, zeros and days that cannot be told."""
    odd = st.sampled_from(
        [UNKNOWN, UNSEEN, LATE, TOO_LATE, Day(1.0, coverage=0.5), Day(2.0, expected=2)]
    )
    plain = st.sampled_from([-2.0, -1.0, 0.0, 0.0, 1.0, 1.0, 2.5]).map(Day)
    is_plain = draw(st.integers(0, 60))
    one = st.integers(0, 60).flatmap(lambda number: odd if number > is_plain else plain)
    return [*draw(st.lists(one, max_size=90)), draw(plain)]


def summed(told: Sequence[Day], length: int) -> list[tuple[date, date, float | None]]:
    """Sum every window by hand: its last and first day, and its flow if it can be told."""
    found = []
    for last in range(length - 1, len(told)):
        inside = told[last - length + 1 : last + 1]
        is_told = all(
            day.flow is not None
            and day.spans is not None
            and day.spans <= 6
            and (day.coverage is None or day.coverage >= 0.95)
            and day.known == day.expected
            for day in inside
        )
        flow = sum(day.flow or 0 for day in inside) if is_told else None
        found.append((on(last), on(last - length + 1), flow))
    return found


def judged(told: Sequence[Day], length: int) -> tuple[Any, ...] | None:
    """State the latest window by hand; None: it is not stated."""
    every = summed(told, length)
    as_of, first_day, flow = every[-1] if every else (FIRST, FIRST, None)
    if flow is None:
        return None
    apart = [x for _, _, x in every[::-1][: 252 - length + 1 : length] if x is not None]
    if len(apart) < 4:
        return None
    earlier = [(day, x) for day, _, x in every if x is not None and day < first_day]
    like = [(d, x) for d, x in earlier if (x >= flow if flow > 0 else x <= flow)]
    previous = like[-1] if like and flow else (None, None)
    since = (previous[0] or earlier[0][0]) if flow else None
    rank = 1 + sum(x > flow for x in apart)
    return (as_of, flow, rank, len(apart), since, *previous, len(earlier) + 1, earlier[0][0])


@settings(max_examples=25)
@given(subjects=st.lists(histories(), min_size=1, max_size=5))
def test_windows_and_facts_are_those_of_plain_python(ask: Ask, subjects: list[list[Day]]) -> None:
    laid = pl.concat([days(*told, subject=f"S{n}") for n, told in enumerate(subjects)])
    found = ask("rolling_net_flows", subject_days=laid.sample(fraction=1, shuffle=True, seed=1))
    facts = ask("rolling_inflow", rolling_net_flows=found, funds=frame(Funds, []))
    columns = ["as_of", "value", "rank", "of", "since", "previous_at", "previous_value"]
    columns += ["observations", "first_observed"]

    for number, told in enumerate(subjects):
        ours = found.filter(subject=f"S{number}").sort("as_of")
        for length in (4, 5, 20):
            listed = ours.filter(sessions=length)
            expected = summed(told, length)
            expected = [row for row in expected if told[(row[0] - FIRST).days].reporting]
            assert list(listed["as_of", "from_as_of", "net_flow_shares"].iter_rows()) == expected
            one = facts.filter(subject=f"S{number}", measure=f"shares_{length}_sessions")
            fact = judged(told, length)
            assert one.select(columns).rows() == ([] if fact is None else [fact])
