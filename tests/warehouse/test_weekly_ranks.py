"""Weeks ranked within their ISO year, and the sentence on the latest one (claim C7)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import FundGroups, Funds
from tests.warehouse import arithmetic
from tests.warehouse.arithmetic import Count
from tests.warehouse.conftest import Ask
from tests.warehouse.market import answer, lay, open_calendar, sessions
from tests.warehouse.test_facts import COMMON
from tests.warehouse.test_net_flows import CALENDAR, histories, lay_funds
from tests.warehouse.test_streaks import STATES

WEEK = timedelta(7)
JULY = date(2030, 7, 1)
"""A Monday: 2030-W27."""
NEW_YEAR = date(2029, 12, 31)
"""A Monday: 2030-W01."""
Weeks = list[tuple[str, float | None]]


def weekly(weeks: Weeks, first: date = JULY, **columns: Any) -> pl.DataFrame:
    """Lay weeks of a fund: state by its letter, and the net flow in shares."""
    mondays = [first + number * WEEK for number in range(len(weeks))]
    flows = [flow for _, flow in weeks]
    states = [STATES[state] for state, _ in weeks]
    return pl.DataFrame(
        {
            "subject": ["AAA"] * len(weeks),
            "week": mondays,
            "net_flow_shares": flows,
            "net_flow_usd": [None] * len(weeks),
            "net_flow_ounces": [None] * len(weeks),
            "flow_rate": [None] * len(weeks),
            "complete": [state == "complete" for state in states],
            "sessions": [5] * len(weeks),
            "state": states,
            "is_estimated": [True] * len(weeks),
            "last_as_of": [mondays[-1] + timedelta(3)] * len(weeks) if weeks else [],
        }
        | columns,
        schema_overrides={"week": pl.Date, "last_as_of": pl.Date}
        | dict.fromkeys(
            ("net_flow_shares", "net_flow_usd", "net_flow_ounces", "flow_rate"), pl.Float64
        ),
    )


def ranks(ask: Ask, weeks: Weeks, first: date = JULY) -> list[tuple[Any, ...]]:
    laid = weekly(weeks, first).reverse()  # no view promises an order
    found = ask("weekly_ranks", weekly_net_flows=laid).sort("week")
    return list(found.select("rank", "rank_if_counted", "of").iter_rows())


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        pytest.param(
            [("c", 5), ("c", -2), ("c", 9), ("c", 0)],
            [(2, None, 4), (4, None, 4), (1, None, 4), (3, None, 4)],
            id="the largest inflow is first, the largest outflow last",
        ),
        pytest.param(
            [("c", 5), ("c", 9), ("c", 5), ("c", 1)],
            [(2, None, 4), (1, None, 4), (2, None, 4), (4, None, 4)],
            id="ties share a rank",
        ),
        pytest.param(
            [("c", 5), ("c", 9), ("r", 7)],
            [(2, None, 2), (1, None, 2), (None, 2, 2)],
            id="a running week takes no rank from the others",
        ),
        pytest.param(
            [("c", 9), ("c", 5), *[("c", 9)] * 3, ("r", 9)],
            [(1, None, 5), (5, None, 5), *[(1, None, 5)] * 3, (None, 1, 5)],
            id="a running week shares a rank too",
        ),
        pytest.param(
            [("f", 99), ("c", 5), ("?", 50), ("c", 6)],
            [(None, None, 2), (2, None, 2), (None, None, 2), (1, None, 2)],
            id="the first week, and one that cannot be told, are not ranked",
        ),
        pytest.param(
            [("c", 5), ("c", None), ("c", 6), ("r", None)],
            [(2, None, 2), (None, None, 2), (1, None, 2), (None, None, 2)],
            id="nor is one whose flow is not known",
        ),
    ],
)
def test_complete_weeks_are_ranked(ask: Ask, weeks: Weeks, expected: list[tuple[Any, ...]]) -> None:
    assert ranks(ask, weeks) == expected


def test_a_week_belongs_to_its_iso_year(ask: Ask) -> None:
    weeks: Weeks = [("c", 9), ("c", 8), ("c", 7), ("r", 6)]

    assert ranks(ask, weeks, NEW_YEAR - 2 * WEEK) == [
        (1, None, 2),
        (2, None, 2),
        (1, None, 1),
        (None, 2, 1),
    ]


def test_a_measure_that_a_subject_does_not_have_is_not_ranked(ask: Ask) -> None:
    found = ask("weekly_ranks", weekly_net_flows=weekly([("c", 1)], net_flow_usd=[2.0]))

    assert set(found["measure"]) == {"shares", "usd"}
    assert found["is_estimated"].to_list() == [False, False]


def in_halves(history: Any) -> tuple[list[Count], None, date]:
    """Leave out the split, and what is no sum of halves: ties must be ties to the last digit."""
    counts, _, launched_on = history
    navs = [None if count.nav is None else round(2 * count.nav) / 2 for count in counts]
    return (
        [replace(count, nav=nav) for count, nav in zip(counts, navs, strict=True)],
        None,
        launched_on,
    )


@settings(max_examples=25)
@given(funds=st.lists(histories().map(in_halves), min_size=1, max_size=4))
def test_ranks_are_those_of_plain_python(
    calendar: duckdb.DuckDBPyConnection, funds: list[tuple[list[Count], None, date]]
) -> None:
    calendar.begin()
    lay_funds(calendar, funds)
    ours = answer(
        calendar,
        "select subject, measure, week, rank, rank_if_counted, of from weekly_ranks order by week",
    )
    calendar.rollback()

    for number, (counts, _, launched_on) in enumerate(funds):
        flows = arithmetic.flows(counts, None, CALENDAR, launched_on)
        weeks = arithmetic.wholes(flows, "week", CALENDAR)
        for measure, field in (("shares", "shares"), ("usd", "usd"), ("percent", "rate")):
            if any(getattr(week, field) is not None for week in weeks):
                found = [row[2:] for row in ours if row[:2] == (f"F{number}", measure)]
                assert found == arithmetic.ranked(weeks, field)


@pytest.fixture(scope="module")
def calendar(shared: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    open_calendar(shared)
    return shared


@pytest.fixture
def market(calendar: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    calendar.begin()
    yield calendar
    calendar.rollback()


def lay_counts(warehouse: duckdb.DuckDBPyConnection, fund: str, *shares: float) -> None:
    days = sessions(date(2030, 3, 1), date(2030, 8, 30))
    rows = [
        {"fund": fund, "as_of": day, "shares_outstanding": count}
        for day, count in zip(days, shares, strict=False)
    ]
    lay(warehouse, FundValuations, rows)


RATES = "select measure, net_flow from weekly_ranks where week = '2030-03-04' order by all"


def test_percent_is_of_the_shares_before_the_week(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, Funds, [{"fund": "AAA"}])
    lay_counts(market, "AAA", 1000, 1100, 1100, 1000, 1150, 1050)

    assert answer(market, RATES) == [("percent", 0.05), ("shares", 50.0), ("usd", 500.0)]


def test_what_came_and_went_is_nothing_in_percent_too(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, Funds, [{"fund": "AAA"}])
    lay_counts(market, "AAA", 1003, 1103, 1777, 999, 1301, 1003)

    assert answer(market, RATES) == [("percent", 0.0), ("shares", 0.0), ("usd", 0.0)]


def test_a_split_within_a_week_is_no_part_of_its_percent(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Funds, [{"fund": "AAA"}])
    days = sessions(date(2030, 3, 1), date(2030, 3, 6))
    served = [(1000, 10.0), (1100, 10.0), (11000, 1.0), (12000, 1.0)]
    rows = [
        {"fund": "AAA", "as_of": day, "shares_outstanding": shares, "nav": nav}
        for day, (shares, nav) in zip(days, served, strict=True)
    ]
    lay(market, FundValuations, rows)
    split = {"instrument": "AAA", "ex_date": days[2], "kind": "split", "ratio": 10.0}
    lay(market, CorporateActions, [split])

    assert answer(market, RATES)[0] == ("percent", 0.2)


def test_a_group_has_neither_shares_nor_percent(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, Funds, [{"fund": "AAA"}])
    lay(market, FundGroups, [{"fund_group": "metals", "fund": "AAA"}])
    lay_counts(market, "AAA", 1000, 1100, 1200)

    query = "select distinct measure from weekly_ranks where subject = 'metals'"
    assert answer(market, query) == [("usd",)]


def test_a_week_is_ranked_as_it_stood_when_looked_back_at(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Funds, [{"fund": "AAA"}])
    changes = [0, *[1] * 5, *[3] * 5, *[2] * 4, -8]
    lay_counts(market, "AAA", *[1000 + sum(changes[: n + 1]) for n in range(len(changes))])
    query = (
        "select rank, rank_if_counted, of from weekly_ranks "
        "where measure = 'shares' and week = '2030-03-18'"
    )

    market.execute("set variable as_of = date '2030-03-21'")
    on_thursday = answer(market, query)
    market.execute("set variable as_of = date '2030-03-22'")
    on_friday = answer(market, query)
    market.execute("reset variable as_of")

    assert on_thursday == [(None, 2, 2)]
    assert on_friday == [(3, None, 3)]


def ordered(flows: Sequence[float | None], first: date) -> pl.DataFrame:
    """Lay the flow of each week on its Wednesday, by order date; None: it is not known."""
    rows = [
        ("AAA", first + timedelta(2) + number * WEEK, flow, None)
        for number, flow in enumerate(flows)
        if flow is not None
    ]
    schema = {
        "fund": pl.String,
        "as_of": pl.Date,
        "net_flow_shares": pl.Float64,
        "net_flow_usd": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def stated(
    ask: Ask,
    weeks: Weeks,
    first: date = JULY,
    orders: Sequence[float | None] = (),
    **columns: Any,
) -> list[dict[str, Any]]:
    ranked = ask("weekly_ranks", weekly_net_flows=weekly(weeks, first, **columns))
    facts = ask(
        "nth_largest_week",
        weekly_ranks=ranked,
        fund_net_flows_by_order_date=ordered(orders, first),
    )
    return facts.sort("measure").rows(named=True)


SOME: Weeks = [("c", 5000), ("c", -70), ("c", 30), ("c", -10)]
FROM_NEW_YEAR = "2030-W05 (from 2030-01-28, 5 sessions)"


@pytest.mark.parametrize(
    ("flow", "sentence"),
    [
        pytest.param(
            6000,
            f"AAA had a net inflow of 6,000 shares in {FROM_NEW_YEAR}: counted in shares, the "
            "largest weekly inflow of 2030 so far (5 complete weeks).",
            id="the largest",
        ),
        pytest.param(
            31,
            f"AAA had a net inflow of 31 shares in {FROM_NEW_YEAR}: counted in shares, the second "
            "largest weekly inflow of 2030 so far (5 complete weeks).",
            id="the second",
        ),
        pytest.param(
            30,
            f"AAA had a net inflow of 30 shares in {FROM_NEW_YEAR}: counted in shares, the joint "
            "second largest weekly inflow of 2030 so far (5 complete weeks).",
            id="a tie",
        ),
        pytest.param(
            1,
            f"AAA had a net inflow of 1 share in {FROM_NEW_YEAR}: counted in shares, the third "
            "largest weekly inflow of 2030 so far (5 complete weeks).",
            id="one share",
        ),
        pytest.param(
            -100,
            f"AAA had a net outflow of 100 shares in {FROM_NEW_YEAR}: counted in shares, the "
            "largest weekly outflow of 2030 so far (5 complete weeks).",
            id="the last rank is the largest outflow",
        ),
        pytest.param(
            -5,
            f"AAA had a net outflow of 5 shares in {FROM_NEW_YEAR}: counted in shares, the third "
            "largest weekly outflow of 2030 so far (5 complete weeks).",
            id="a smaller outflow",
        ),
        pytest.param(
            0, f"AAA had no net flow, counted in shares, in {FROM_NEW_YEAR}.", id="no flow"
        ),
    ],
)
def test_a_finished_week_is_stated(ask: Ask, flow: float, sentence: str) -> None:
    [fact] = stated(ask, [*SOME, ("c", flow)], NEW_YEAR)

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


@pytest.mark.parametrize(
    ("flow", "sentence"),
    [
        pytest.param(
            31,
            "AAA has had a net inflow of 31 shares so far in 2030-W05 (from 2030-01-28, "
            "5 sessions): if the week ended now it would be, counted in shares, the second largest "
            "weekly inflow of 2030 so far (4 complete weeks).",
            id="an inflow",
        ),
        pytest.param(
            -10,
            "AAA has had a net outflow of 10 shares so far in 2030-W05 (from 2030-01-28, "
            "5 sessions): if the week ended now it would be, counted in shares, the joint second "
            "largest weekly outflow of 2030 so far (4 complete weeks).",
            id="an outflow",
        ),
        pytest.param(
            0,
            "AAA has had no net flow, counted in shares, so far in 2030-W05 (from 2030-01-28, "
            "5 sessions).",
            id="no flow",
        ),
    ],
)
def test_a_running_week_is_stated_as_such(ask: Ask, flow: float, sentence: str) -> None:
    [fact] = stated(ask, [*SOME, ("r", flow)], NEW_YEAR)

    assert fact["statement"] == sentence


@pytest.mark.parametrize(
    ("nth", "ordinal"),
    [
        *((4, "4th"), (10, "10th"), (11, "11th"), (12, "12th"), (13, "13th"), (20, "20th")),
        *((21, "21st"), (22, "22nd"), (23, "23rd"), (24, "24th"), (31, "31st"), (52, "52nd")),
    ],
)
def test_ordinals_are_english(ask: Ask, nth: int, ordinal: str) -> None:
    larger: Weeks = [("c", 100.0 + number) for number in range(nth - 1)]
    smaller: Weeks = [("c", 1.0)] * (51 - len(larger))
    [fact] = stated(ask, [*larger, *smaller, ("r", 50.0)], NEW_YEAR)

    assert f"the {ordinal} largest weekly inflow of 2030 so far" in fact["statement"]
    assert (fact["rank_if_counted"], fact["of"]) == (nth, 51)


@pytest.mark.parametrize(
    ("state", "reach"), [("c", "of 2030 (52 complete"), ("r", "of 2030 so far (51 complete")]
)
def test_a_year_is_over_with_its_last_week(ask: Ask, state: str, reach: str) -> None:
    [fact] = stated(ask, [*[("c", 1.0)] * 51, (state, 2.0)], NEW_YEAR)

    assert fact["statement"].endswith(f"the largest weekly inflow {reach} weeks).")


@pytest.mark.parametrize(
    ("weeks", "first", "of", "over"),
    [
        pytest.param([*SOME, ("c", 31)], JULY, 5, 31, id="a history that begins in July"),
        pytest.param([*SOME, ("?", 50), ("c", 31)], NEW_YEAR, 5, 6, id="a week that is untold"),
        pytest.param([("f", 9), *SOME, ("r", 31)], NEW_YEAR, 4, 5, id="the first week of all"),
    ],
)
def test_a_year_that_is_not_known_in_full_is_not_spoken_for(
    ask: Ask, weeks: Weeks, first: date, of: int, over: int
) -> None:
    [fact] = stated(ask, weeks, first)

    assert fact["statement"].endswith(
        f"the second largest weekly inflow among the {of} complete weeks known of 2030."
    )
    assert fact["labels"] == ["by book date", f"{of} of {over} finished weeks of 2030 ranked"]


def test_a_week_has_its_numbers(ask: Ask) -> None:
    before: Weeks = [("f", 99.0), ("c", 40.0), ("c", 3.0)]
    [fact] = stated(ask, [*before, *SOME, ("r", 31.0)], NEW_YEAR - 3 * WEEK)

    assert (fact["value"], fact["unit"], fact["complete"]) == (31.0, "shares", False)
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (None, 2, 4)
    assert (fact["previous_value"], fact["previous_at"]) == (5000.0, NEW_YEAR)
    assert (fact["since"], fact["as_of"]) == (NEW_YEAR, date(2030, 1, 31))
    assert (fact["observations"], fact["first_observed"]) == (6, NEW_YEAR - 2 * WEEK)


def test_a_like_week_is_looked_for_in_earlier_years_too(ask: Ask) -> None:
    [fact] = stated(ask, [("c", 7000), ("c", 1), *SOME, ("c", 6000)], NEW_YEAR - 2 * WEEK)

    assert (fact["rank"], fact["of"], fact["observations"]) == (1, 5, 7)
    assert fact["since"] == fact["previous_at"] == NEW_YEAR - 2 * WEEK
    assert "the largest weekly inflow of 2030 so far (5" in fact["statement"]


def test_a_week_without_a_like_has_no_previous_one(ask: Ask) -> None:
    [fact] = stated(ask, [*SOME, ("c", 6000)], NEW_YEAR)

    assert (fact["previous_value"], fact["previous_at"], fact["since"]) == (None, None, NEW_YEAR)


def test_an_outflow_is_compared_with_outflows(ask: Ask) -> None:
    [fact] = stated(ask, [*SOME, ("c", -50)], NEW_YEAR)

    assert (fact["rank"], fact["of"]) == (4, 5)
    assert (fact["previous_value"], fact["previous_at"]) == (-70, NEW_YEAR + WEEK)


def test_where_ranks_differ_by_unit_each_sentence_says_so(ask: Ask) -> None:
    usd, rates = [9.0, 8, 7, 6, 1.4], [0.01, 0.01, 0.01, 0.01, 0.0325]
    five = {"net_flow_usd": usd, "net_flow_ounces": usd, "flow_rate": rates}
    facts = {fact["measure"]: fact for fact in stated(ask, [*SOME, ("c", 31)], NEW_YEAR, **five)}
    differ = "ranks by unit: ounces 5, percent 1, shares 2, usd 5"

    assert [measure for measure, fact in facts.items() if differ in fact["labels"]] == [*facts]
    assert facts["usd"]["statement"].startswith(
        f"AAA had a net inflow of 1 dollar in {FROM_NEW_YEAR}: counted in dollars, the 5th largest"
    )
    assert facts["ounces"]["statement"].startswith(
        f"AAA had a net inflow of 1 ounce in {FROM_NEW_YEAR}: counted in ounces, the 5th largest"
    )
    assert facts["percent"]["statement"].startswith(
        f"AAA had a net inflow of 3.25 % of its prior shares in {FROM_NEW_YEAR}: counted in "
        "percent, the largest"
    )
    assert facts["ounces"]["labels"][0] == "ounces estimated, +/- 0.1 %"
    assert facts["usd"]["labels"][0] == "notional at NAV; creations are in kind"
    assert {fact["unit"] for fact in facts.values()} == {
        "shares", "USD", "troy ounces", "fraction of prior shares",
    }  # fmt: skip


def test_a_tiny_percentage_is_not_shown_as_none(ask: Ask) -> None:
    rates = [0.01, 0.01, 0.01, 0.01, -0.00001]
    [percent, _] = stated(ask, [*SOME, ("c", 31)], NEW_YEAR, flow_rate=rates)

    assert "a net outflow of less than 0.01 % of its prior shares in" in percent["statement"]


@pytest.mark.parametrize(
    "weeks",
    [
        pytest.param([], id="an empty history"),
        pytest.param([("f", 1)], id="the first week alone"),
        pytest.param([("f", 1), *SOME[:3]], id="three complete weeks"),
        pytest.param([("f", 1), *SOME[:3], ("r", 1)], id="three complete weeks and a running one"),
        pytest.param([*SOME, ("?", 1)], id="the latest week cannot be told"),
        pytest.param([*SOME, ("r", None)], id="the latest week's flow is not known"),
    ],
)
def test_a_week_that_has_no_place_is_not_stated(ask: Ask, weeks: Weeks) -> None:
    assert stated(ask, weeks) == []


def test_weeks_of_the_year_before_are_no_sample(ask: Ask) -> None:
    assert stated(ask, [*SOME, *SOME, ("c", 1)], NEW_YEAR - 6 * WEEK) == []


@pytest.mark.parametrize(
    ("state", "orders", "labels"),
    [
        pytest.param("c", [], [], id="no order date is known"),
        pytest.param("c", [5000, -70, 30, -10, 31], [], id="the same flows"),
        pytest.param("c", [5000, -70, 30, -10, 4000], [], id="another flow of the same rank"),
        pytest.param("c", [5000, -70, 32, -10, 31], [3], id="a week before is larger"),
        pytest.param("c", [5000, -70, 31, -10, 31], [], id="one that is equal shares the rank"),
        pytest.param("r", [5000, -70, 30, -10, 6000], [1], id="the running week is larger"),
        pytest.param("c", [5000, -70, 30, -10], [], id="the week is not known by order date"),
        pytest.param("c", [None, 98, 97, 96, 31], [], id="nor a week before it"),
    ],
)
def test_a_rank_that_depends_on_the_date_basis_is_marked(
    ask: Ask, state: str, orders: Sequence[float | None], labels: list[int]
) -> None:
    [fact] = stated(ask, [*SOME, (state, 31)], NEW_YEAR, orders)

    assert fact["labels"] == [
        "by book date",
        *(
            f"sensitive: by order date the rank would be {rank}, known to 2030-01-30"
            for rank in labels
        ),
    ]
