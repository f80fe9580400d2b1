"""Weeks and months so far beside the whole ones before, and the sentence on them (claim C8)."""

from datetime import date, timedelta
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.reference import Funds
from tests.warehouse import arithmetic
from tests.warehouse.arithmetic import Count, Period, Split, Whole
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_facts import COMMON
from tests.warehouse.test_net_flows import CALENDAR, histories
from tests.warehouse.test_streaks import STATES

NOVEMBER = date(2030, 11, 1)
MONDAY = date(2030, 12, 2)
"""2030-W49."""
Periods = list[tuple[str, float | None]]


def periods(
    given_periods: Periods, period: Period = "month", first: date = NOVEMBER, **columns: Any
) -> pl.DataFrame:
    """Lay weeks or months of a fund: state by its letter, and the net flow in shares."""
    starts, states = [first], [STATES[state] for state, _ in given_periods]
    for _ in given_periods[1:]:
        starts.append(arithmetic.following(period, starts[-1]))
    starts = starts[: len(given_periods)]
    plain = {
        "subject": ["AAA"] * len(starts),
        "period": [period] * len(starts),
        "starts_on": pl.Series(starts, dtype=pl.Date),
        "net_flow_shares": pl.Series([flow for _, flow in given_periods], dtype=pl.Float64),
        "net_flow_usd": pl.Series([None] * len(starts), dtype=pl.Float64),
        "net_flow_ounces": pl.Series([None] * len(starts), dtype=pl.Float64),
        "sessions": [4] * len(starts),
        "state": states,
        "is_estimated": [True] * len(starts),
        "last_as_of": pl.Series([starts[-1] + timedelta(3)] * len(starts), dtype=pl.Date),
    }
    return pl.DataFrame(plain).with_columns(**{name: pl.lit(x) for name, x in columns.items()})


def to_date(ask: Ask, *args: Any, **columns: Any) -> pl.DataFrame:
    laid = periods(*args, **columns).reverse()  # no view promises an order
    return ask("periods_to_date", net_flows_by_period=laid).sort("measure", "starts_on")


@pytest.mark.parametrize(
    ("given_periods", "expected"),
    [
        pytest.param([], [], id="an empty history"),
        pytest.param([("f", 8.0)], [(None, None, None)], id="the first period alone"),
        pytest.param(
            [("f", 8.0), ("c", 8.0), ("c", 4.0), ("r", 6.0)],
            [(None, None, None), (8.0, None, None), (4.0, 8.0, 0.5), (6.0, 4.0, 1.5)],
            id="each is beside the one before, but the first, which is not whole",
        ),
        pytest.param(
            [("c", 8.0), ("c", -4.0), ("c", 2.0), ("c", 0.0), ("r", 1.0)],
            [(8.0, None, None), (-4.0, 8.0, -0.5), (2.0, -4.0, None), (0.0, 2.0, 0.0),
             (1.0, 0.0, None)],
            id="no ratio to what is no inflow",
        ),
        pytest.param(
            [("c", 8.0), ("?", 5.0), ("c", 4.0), ("c", None), ("c", 2.0)],
            [(8.0, None, None), (None, 8.0, None), (4.0, None, None), (None, 4.0, None),
             (2.0, None, None)],
            id="nor to or from what cannot be told or is not known",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("period", "first"), [("week", MONDAY), ("month", NOVEMBER)])
def test_a_period_is_beside_the_one_before(
    ask: Ask, given_periods: Periods, expected: list[Any], period: Period, first: date
) -> None:
    if not given_periods:
        laid = periods([("f", 1.0)]).clear()
        assert ask("periods_to_date", net_flows_by_period=laid).is_empty()
        return
    found = to_date(ask, given_periods, period, first)

    assert found.select("net_flow", "previous_net_flow", "ratio").rows() == expected
    assert found["complete"].to_list() == [state == "c" for state, _ in given_periods]


def test_weeks_and_months_are_not_mixed(ask: Ask) -> None:
    months = periods([("c", 8.0), ("r", 2.0)], "month", date(2030, 6, 1))
    weeks = periods([("c", 4.0), ("c", 3.0)], "week", date(2030, 6, 24))
    both = pl.concat([months, weeks])
    found = ask("periods_to_date", net_flows_by_period=both).sort("period", "starts_on")

    assert found["ratio"].to_list() == [None, 0.25, None, 0.75]


def stated(ask: Ask, *args: Any, **columns: Any) -> list[dict[str, Any]]:
    funds = frame(Funds, [{"fund": "AAA", "caveat": "a caveat"}])
    facts = ask("period_vs_previous", periods_to_date=to_date(ask, *args, **columns), funds=funds)
    return facts.sort("measure").rows(named=True)


@pytest.mark.parametrize(
    ("given_periods", "sentence"),
    [
        pytest.param(
            [("c", 15_687.4), ("r", 15_454.2)],
            "AAA has had a net inflow of 15,454 shares so far in December 2030, 4 sessions, "
            "against a net inflow of 15,687 shares in November 2030 as a whole: a ratio of 0.985.",
            id="a running month",
        ),
        pytest.param(
            [("c", 1.0), ("c", 2500.0)],
            "AAA had a net inflow of 2,500 shares in December 2030, 4 sessions, against a net "
            "inflow of 1 share in November 2030 as a whole: a ratio of 2,500.000.",
            id="a month that is over",
        ),
        pytest.param(
            [("c", 8.0), ("r", -4.0)],
            "AAA has had a net outflow of 4 shares so far in December 2030, 4 sessions, against a "
            "net inflow of 8 shares in November 2030 as a whole: a ratio of -0.500.",
            id="an outflow after an inflow",
        ),
        pytest.param(
            [("c", 1e9), ("r", -1.0)],
            "AAA has had a net outflow of 1 share so far in December 2030, 4 sessions, against a "
            "net inflow of 1,000,000,000 shares in November 2030 as a whole: a ratio of 0.000.",
            id="next to nothing is not minus nothing",
        ),
        pytest.param(
            [("c", -8.0), ("r", 4.0)],
            "AAA has had a net inflow of 4 shares so far in December 2030, 4 sessions, against a "
            "net outflow of 8 shares in November 2030 as a whole: no ratio, for that was no "
            "inflow.",
            id="an inflow after an outflow",
        ),
        pytest.param(
            [("c", 0.0), ("r", 0.0)],
            "AAA has had no net flow, counted in shares, so far in December 2030, 4 sessions, "
            "against no net flow in November 2030 as a whole: no ratio, for that was no inflow.",
            id="nothing after nothing",
        ),
    ],
)
def test_a_month_is_stated(ask: Ask, given_periods: Periods, sentence: str) -> None:
    [fact] = stated(ask, given_periods)

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


def test_a_week_is_stated(ask: Ask) -> None:
    [fact] = stated(ask, [("c", 8.0), ("r", 4.0)], "week", MONDAY, sessions=1)

    assert fact["statement"] == (
        "AAA has had a net inflow of 4 shares so far in 2030-W50 (from 2030-12-09), 1 session, "
        "against a net inflow of 8 shares in 2030-W49 (from 2030-12-02) as a whole: a ratio of "
        "0.500."
    )
    assert (fact["measure"], fact["previous_at"]) == ("shares_week", MONDAY)


def test_a_month_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask, [("f", 1.0), ("c", 8.0), ("r", 4.0)])

    assert (fact["measure"], fact["as_of"]) == ("shares_month", date(2031, 1, 4))
    assert (fact["value"], fact["unit"]) == (0.5, "ratio; previous_value in shares")
    assert (fact["previous_value"], fact["previous_at"]) == (8.0, date(2030, 12, 1))
    assert (fact["complete"], fact["view"]) == (False, "periods_to_date")


def test_labels_travel_with_a_month(ask: Ask) -> None:
    amounts = {"net_flow_usd": 5.0, "net_flow_ounces": 2.0}
    facts = stated(ask, [("c", 8.0), ("c", 4.0)], **amounts)

    assert [(fact["measure"], fact["labels"]) for fact in facts] == [
        ("ounces_month", ["ounces estimated, +/- 0.1 %", "by book date", "a caveat"]),
        ("shares_month", ["by book date", "a caveat"]),
        ("usd_month", ["notional at NAV; creations are in kind", "by book date", "a caveat"]),
    ]
    assert all(fact["complete"] for fact in facts)


@pytest.mark.parametrize(
    "given_periods",
    [
        pytest.param([("f", 1.0)], id="the first month alone"),
        pytest.param([("f", 1.0), ("r", 1.0)], id="the month before is the first"),
        pytest.param([("c", 1.0), ("?", 1.0), ("r", 1.0)], id="the month before is untold"),
        pytest.param([("c", 1.0), ("?", 1.0)], id="the month itself is untold"),
        pytest.param([("c", 1.0), ("r", None)], id="the month's flow is not known"),
        pytest.param([("c", None), ("r", 1.0)], id="that of the month before is not known"),
    ],
)
def test_what_cannot_be_compared_is_not_stated(ask: Ask, given_periods: Periods) -> None:
    assert stated(ask, given_periods) == []


def compared(wholes: list[Whole]) -> list[tuple[Any, ...]]:
    """Compare each period with the one before by hand."""
    told = [whole.shares if whole.state in {"complete", "running"} else None for whole in wholes]
    found = []
    for whole, flow, before in zip(wholes, told, [None, *told], strict=False):
        ratio = None if flow is None or before is None or before <= 0 else flow / before
        found.append((whole.starts_on, flow, before, ratio))
    return found


def laid(subject: str, period: Period, wholes: list[Whole]) -> pl.DataFrame:
    told = {state: letter for letter, state in STATES.items()}
    given_periods = [(told[whole.state], whole.shares) for whole in wholes]
    return periods(given_periods, period, wholes[0].starts_on, subject=subject)


@settings(max_examples=25)
@given(funds=st.lists(histories(), min_size=1, max_size=5))
def test_periods_and_facts_are_those_of_plain_python(
    ask: Ask, funds: list[tuple[list[Count], Split | None, date]]
) -> None:
    every: dict[tuple[str, Period], list[Whole]] = {}
    for number, (counts, split, launched_on) in enumerate(funds):
        flows = arithmetic.flows(counts, split, CALENDAR, launched_on)
        for period in get_args(Period):
            if wholes := arithmetic.wholes(flows, period, CALENDAR):
                every[f"F{number}", period] = wholes
    frames = [laid(*key, wholes) for key, wholes in every.items()]
    none = periods([("f", 1.0)]).clear()
    found = ask("periods_to_date", net_flows_by_period=pl.concat([none, *frames])).sort("starts_on")
    facts = ask("period_vs_previous", periods_to_date=found, funds=frame(Funds, []))

    for (subject, period), wholes in every.items():
        expected = compared(wholes)
        ours = found.filter(subject=subject, period=period)
        if ours.is_empty():
            assert all(flow is None for _, flow, _, _ in expected)
        else:
            columns = ["starts_on", "net_flow", "previous_net_flow", "ratio"]
            assert ours.select(columns).rows() == expected
        one = facts.filter(subject=subject, measure=f"shares_{period}")
        _, flow, before, ratio = expected[-1]
        is_stated = flow is not None and before is not None
        assert one.select("value", "previous_value", "previous_at", "complete").rows() == (
            [(ratio, before, wholes[-2].starts_on, wholes[-1].state == "complete")]
            if is_stated
            else []
        )
