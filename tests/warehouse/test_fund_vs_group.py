"""One fund's flow in dollars against those of another group's funds (claim C11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.reference import FundGroups, Funds
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_facts import COMMON
from tests.warehouse.test_streaks import STATES

MONDAY = date(2030, 7, 1)
"""2030-W27."""
THURSDAY = date(2030, 7, 4)


@dataclass(frozen=True)
class Week:
    """A fund's latest week: its flow in dollars, its state by letter, how far it was observed."""

    flow: float | None
    state: str = "r"
    last_as_of: date = THURSDAY


Weeks = Mapping[str, Week]


def weekly(weeks: Weeks) -> pl.DataFrame:
    """Lay the latest week of each fund, and the complete one before it."""
    rows = [
        row
        for fund, week in weeks.items()
        for row in (
            (fund, monday(week), week.flow, STATES[week.state], week.last_as_of),
            (fund, monday(week) - timedelta(7), 1e9, "complete", week.last_as_of),
        )
    ]
    schema = {
        "subject": pl.String,
        "week": pl.Date,
        "net_flow_usd": pl.Float64,
        "state": pl.String,
        "last_as_of": pl.Date,
    }
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        complete=pl.col("state") == "complete", sessions=pl.lit(4)
    )


def monday(week: Week) -> date:
    return week.last_as_of - timedelta(week.last_as_of.weekday())


def rolling(weeks: Weeks, **columns: Any) -> pl.DataFrame:
    """Lay the last five sessions of each fund, which take in a dollar more than the week."""
    rows = [
        (fund, 5, week.last_as_of, week.last_as_of - timedelta(6), 0, week.flow, False)
        for fund, week in weeks.items()
    ]
    schema = {
        "subject": pl.String,
        "sessions": pl.Int64,
        "as_of": pl.Date,
        "from_as_of": pl.Date,
        "days_back": pl.Int64,
        "net_flow_usd": pl.Float64,
        "has_hole": pl.Boolean,
    }
    laid = pl.DataFrame(rows, schema=schema, orient="row")
    return laid.with_columns(pl.col("net_flow_usd") + 1).with_columns(
        **{name: pl.lit(x) for name, x in columns.items()}
    )


def stated(
    ask: Ask, weeks: Weeks, *groups: Mapping[str, Any], **columns: Any
) -> dict[tuple[str, str], dict[str, Any]]:
    """State the facts, by subject and measure."""
    facts = ask(
        "fund_vs_group",
        weekly_net_flows=weekly(weeks),
        rolling_net_flows=rolling(weeks, **columns),
        fund_groups=frame(FundGroups, groups),
        funds=frame(Funds, [{"fund": fund, "caveat": f"of {fund}"} for fund in weeks]),
    )
    return {(fact["subject"], fact["measure"]): fact for fact in facts.rows(named=True)}


def member(fund: str, fund_group: str, **spell: date) -> dict[str, Any]:
    return {"fund": fund, "fund_group": fund_group} | spell


SILVER = member("AAA", "silver")
GOLD = [member("BBB", "gold"), member("CCC", "gold")]
AGAINST_GOLD = ("AAA", "usd_week:gold")
IN_WEEK = "in 2030-W27 (from 2030-07-01, 4 sessions, running)"


@pytest.mark.parametrize(
    ("flow", "others", "sentence", "rank"),
    [
        pytest.param(
            951e6,
            (-77e6, 184e6),
            f"AAA took in 951,000,000 dollars {IN_WEEK}, more than every fund of gold "
            "(CCC 184,000,000; BBB -77,000,000).",
            1,
            id="more than all",
        ),
        pytest.param(
            5.0,
            (6.0, 7.0),
            f"AAA took in 5 dollars {IN_WEEK}, less than every fund of gold (CCC 7; BBB 6).",
            3,
            id="less than all",
        ),
        pytest.param(
            5.0,
            (5.0, 4.0),
            f"AAA took in 5 dollars {IN_WEEK}, at least as much as every fund of gold "
            "(BBB 5; CCC 4).",
            1,
            id="as much as the largest",
        ),
        pytest.param(
            5.0,
            (5.0, 6.0),
            f"AAA took in 5 dollars {IN_WEEK}, at most as much as every fund of gold "
            "(CCC 6; BBB 5).",
            2,
            id="as much as the smallest",
        ),
        pytest.param(
            1.0,
            (6.0, 0.0),
            f"AAA took in 1 dollar {IN_WEEK}, more than 1 of the 2 funds of gold (BBB 6; CCC 0).",
            2,
            id="in between",
        ),
        pytest.param(
            -5.0,
            (-6.0, 3.0),
            f"AAA had a net outflow of 5 dollars {IN_WEEK}, above 1 of the 2 funds of gold "
            "(CCC 3; BBB -6).",
            2,
            id="an outflow is above a larger one",
        ),
        pytest.param(
            0.0,
            (2.0, 3.0),
            f"AAA had no net flow {IN_WEEK}, below every fund of gold (CCC 3; BBB 2).",
            3,
            id="no net flow",
        ),
    ],
)
def test_a_running_week_is_compared(
    ask: Ask, flow: float, others: tuple[float, float], sentence: str, rank: int
) -> None:
    weeks = {"AAA": Week(flow), "BBB": Week(others[0]), "CCC": Week(others[1])}
    fact = stated(ask, weeks, SILVER, *GOLD)[AGAINST_GOLD]

    assert fact["statement"] == sentence
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (None, rank, 3)
    assert (fact["complete"], fact["value"], fact["as_of"]) == (False, flow, THURSDAY)
    assert list(fact) == COMMON


WEEKS = {"AAA": Week(9.0), "BBB": Week(7.0), "CCC": Week(8.0)}


def test_a_week_that_is_over_has_a_rank(ask: Ask) -> None:
    friday = date(2030, 7, 5)
    weeks = {fund: Week(week.flow, "c", friday) for fund, week in WEEKS.items()}
    fact = stated(ask, weeks, SILVER, *GOLD)[AGAINST_GOLD]

    assert "9 dollars in 2030-W27 (from 2030-07-01, 4 sessions), more" in fact["statement"]
    assert (fact["rank"], fact["rank_if_counted"], fact["complete"]) == (1, None, True)
    assert (fact["unit"], fact["view"]) == ("USD", "weekly_net_flows")


def test_the_last_five_sessions_are_compared_too(ask: Ask) -> None:
    fact = stated(ask, WEEKS, SILVER, *GOLD)["AAA", "usd_5_sessions:gold"]

    assert fact["statement"] == (
        "AAA took in 10 dollars over the last 5 sessions (2030-06-28 to 2030-07-04), more than "
        "every fund of gold (CCC 9; BBB 8)."
    )
    assert fact["labels"] == [
        "notional at NAV; creations are in kind", "by book date", "window chosen afterwards",
        "BBB: of BBB", "CCC: of CCC", "of AAA",
    ]  # fmt: skip
    assert (fact["rank"], fact["of"], fact["complete"]) == (1, 3, True)
    assert (fact["value"], fact["view"]) == (10.0, "rolling_net_flows")


def test_each_fund_is_compared_with_each_other_group(ask: Ask) -> None:
    facts = stated(ask, WEEKS, SILVER, *GOLD, member("CCC", "metals"))
    asked = {(fund, measure.partition(":")[2]) for fund, measure in facts}

    assert asked == {
        ("AAA", "gold"), ("AAA", "metals"),
        ("BBB", "silver"), ("BBB", "metals"),
        ("CCC", "silver"),
    }  # fmt: skip
    assert len(facts) == 2 * len(asked)


def test_membership_is_that_of_the_day(ask: Ask) -> None:
    former = member("BBB", "gold", member_until=THURSDAY - timedelta(1))
    later = member("DDD", "gold", member_from=THURSDAY + timedelta(1))
    facts = stated(ask, WEEKS | {"DDD": Week(99.0)}, SILVER, former, later, GOLD[1])

    assert facts[AGAINST_GOLD]["statement"].endswith("more than every fund of gold (CCC 8).")
    assert {fund for fund, _ in facts} == {"AAA", "CCC"}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"CCC": Week(None)}, id="a flow of the group is not known"),
        pytest.param({"CCC": Week(8.0, "?")}, id="a week of the group cannot be told"),
        pytest.param({"CCC": Week(8.0, "f")}, id="it is a fund's first week"),
        pytest.param(
            {"CCC": Week(8.0, "c", date(2030, 5, 24))}, id="a fund of the group is not observed"
        ),
        pytest.param(
            {"CCC": Week(8.0, "r", date(2030, 7, 3))}, id="one is not observed as far"
        ),
        pytest.param(
            {"CCC": Week(8.0, "c", date(2030, 7, 5))}, id="one is observed further"
        ),
        pytest.param({"AAA": Week(None)}, id="the fund's own flow is not known"),
        pytest.param({"AAA": Week(9.0, "?")}, id="its own week cannot be told"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_not_compared(ask: Ask, changed: dict[str, Week]) -> None:
    assert AGAINST_GOLD not in stated(ask, WEEKS | changed, SILVER, *GOLD)


def test_sessions_over_a_hole_are_not_compared(ask: Ask) -> None:
    facts = stated(ask, WEEKS, SILVER, *GOLD, has_hole=True)

    assert {measure.partition(":")[0] for _, measure in facts} == {"usd_week"}


@pytest.mark.parametrize(
    ("weeks", "groups"),
    [
        pytest.param({}, [SILVER, *GOLD], id="an empty history"),
        pytest.param(WEEKS, [], id="no groups"),
        pytest.param(WEEKS, [SILVER], id="one group"),
        pytest.param({"AAA": Week(9.0)}, [SILVER, *GOLD], id="one fund"),
    ],
)
def test_nothing_is_compared_with_nothing(
    ask: Ask, weeks: Weeks, groups: list[Mapping[str, Any]]
) -> None:
    assert stated(ask, weeks, *groups) == {}


FUNDS = ["AAA", "BBB", "CCC", "DDD", "EEE"]


@st.composite
def latest_weeks(draw: st.DrawFn) -> Week:
    flow = draw(st.sampled_from([None, -2.0, -1.0, 0.0, 0.0, 1.0, 2.0, 3.0]))
    state = draw(st.sampled_from("rrrrrr?f"))
    return Week(flow, state, draw(st.sampled_from([*[THURSDAY] * 6, MONDAY])))


def compared(weeks: Weeks, groups: Mapping[str, list[str]]) -> dict[tuple[str, str], Any]:
    """Compare each fund's week with the other groups by hand."""
    found = {}
    for fund, week in weeks.items():
        is_in_a_group = any(fund in funds for funds in groups.values())
        if week.flow is None or week.state != "r" or not is_in_a_group:
            continue
        for group, funds in groups.items():
            others = [weeks.get(other) for other in funds]
            flows = [
                other.flow
                for other in others
                if other and other.state == "r" and other.last_as_of == week.last_as_of
            ]
            known = [flow for flow in flows if flow is not None]
            if fund not in funds and funds and len(known) == len(funds):
                place = 1 + sum(flow > week.flow for flow in known)
                found[fund, f"usd_week:{group}"] = (week.flow, place, 1 + len(funds))
    return found


@settings(max_examples=25)
@given(
    weeks=st.dictionaries(st.sampled_from(FUNDS), latest_weeks()),
    groups=st.dictionaries(
        st.sampled_from(["gold", "metals", "silver"]),
        st.lists(st.sampled_from(FUNDS), unique=True, max_size=3),
    ),
)
def test_comparisons_are_those_of_plain_python(
    ask: Ask, weeks: dict[str, Week], groups: dict[str, list[str]]
) -> None:
    members = [member(fund, group) for group, funds in groups.items() for fund in funds]
    facts = stated(ask, weeks, *members)

    assert {
        key: (fact["value"], fact["rank_if_counted"], fact["of"])
        for key, fact in facts.items()
        if "week" in key[1]
    } == compared(weeks, groups)
