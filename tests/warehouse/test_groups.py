"""Groups of funds: what is summed, who is expected, and when a group's month can be told."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import FundGroups, Funds
from tests.warehouse.market import answer, lay, open_calendar, sessions

FIRST, LAST = date(2030, 1, 2), date(2030, 5, 15)
LONG_BEFORE = date(2020, 1, 2)
JAN, FEB, MAR, APR, MAY = (date(2030, month, 1) for month in range(1, 6))


@pytest.fixture
def market(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    shared.begin()
    open_calendar(shared)
    yield shared
    shared.rollback()


def fund(
    warehouse: duckdb.DuckDBPyConnection,
    name: str,
    *,
    first: date = FIRST,
    last: date = LAST,
    silent: Sequence[date] = (),
    shares: float = 1000,
    step: float = 10,
    member_from: date = LONG_BEFORE,
    member_until: date | None = None,
    launched_on: date = LONG_BEFORE,
    **traits: Any,
) -> None:
    """Lay a fund that takes in `step` shares, at 10 USD, on each session, and its membership."""
    lay(warehouse, Funds, [{"fund": name, "launched_on": launched_on} | traits])
    spell = {"member_from": member_from, "member_until": member_until}
    lay(warehouse, FundGroups, [{"fund_group": "metals", "fund": name} | spell])
    counts = [
        {
            "fund": name,
            "as_of": day,
            "shares_outstanding": shares + step * number,
            "currency": traits.get("currency", "USD"),
        }
        for number, day in enumerate(sessions(FIRST, LAST))
        if first <= day <= last and day not in silent
    ]
    lay(warehouse, FundValuations, counts)


def months(warehouse: duckdb.DuckDBPyConnection) -> dict[date, str]:
    query = "select month, state from monthly_net_flows where subject = 'metals' order by month"
    return dict(answer(warehouse, query))


def net_flow(warehouse: duckdb.DuckDBPyConnection, month: date) -> Any:
    query = "select net_flow_usd from monthly_net_flows where subject = 'metals' and month = ?"
    [[usd]] = warehouse.execute(query, [month]).fetchall()
    return usd


WHOLE = {JAN: "first", FEB: "complete", MAR: "complete", APR: "complete", MAY: "running"}


def test_a_group_is_the_sum_of_its_members(market: duckdb.DuckDBPyConnection) -> None:
    fund(market, "AAA", step=10)
    fund(market, "BBB", step=-3)

    assert months(market) == WHOLE
    assert net_flow(market, FEB) == pytest.approx(20 * (10 - 3) * 10)
    assert answer(
        market,
        "select distinct net_flow_shares, net_flow_usd, coverage, spans_sessions "
        "from daily_net_flows where subject = 'metals'",
    ) == [(None, 70.0, 1.0, 1)]


@pytest.mark.parametrize(
    ("members", "states"),
    [
        pytest.param([{}], WHOLE, id="a group of one is as whole as its fund"),
        pytest.param(
            [{}, {"first": date(2030, 3, 11)}],
            {
                JAN: "first",
                FEB: "cannot be told",
                MAR: "cannot be told",
                APR: "complete",
                MAY: "running",
            },
            id="before a late member is first counted, its flows are not known",
        ),
        pytest.param(
            [{}, {"first": date(2030, 3, 11), "launched_on": date(2030, 3, 11)}],
            WHOLE,
            id="a member launched in the middle is known from its seed shares on",
        ),
        pytest.param(
            [{}, {"first": date(2030, 3, 12), "launched_on": date(2030, 3, 11)}],
            WHOLE | {MAR: "cannot be told"},
            id="one first counted after its launch is not: what came in before is not known",
        ),
        pytest.param(
            [{}, {"first": date(2031, 1, 2)}],
            {JAN: "first"} | dict.fromkeys([FEB, MAR, APR, MAY], "cannot be told"),
            id="with a member never seen nothing can be told",
        ),
        pytest.param(
            [{}, {"first": date(2031, 1, 2), "member_from": date(2030, 4, 10)}],
            WHOLE | {APR: "cannot be told", MAY: "cannot be told"},
            id="with one never seen nothing can be told from its membership on",
        ),
        pytest.param(
            [{}, {"member_from": date(2030, 3, 11)}],
            WHOLE,
            id="membership that begins in the middle leaves the month whole",
        ),
        pytest.param(
            [{}, {"member_until": date(2030, 3, 11), "last": date(2030, 3, 11)}],
            WHOLE,
            id="membership that ends in the middle leaves the month whole",
        ),
        pytest.param(
            [{}, {"member_until": date(2030, 3, 11), "last": date(2030, 3, 8)}],
            WHOLE | {MAR: "cannot be told"},
            id="a member silent before its membership ends makes the month untold",
        ),
        pytest.param(
            [{"last": date(2030, 4, 12)}, {"member_until": date(2030, 3, 11)}],
            {JAN: "first", FEB: "complete", MAR: "complete", APR: "running"},
            id="a former member that goes on reporting is not waited for",
        ),
        pytest.param(
            [{}, {"silent": [date(2030, 3, 12)]}],
            WHOLE | {MAR: "cannot be told"},
            id="a session on which half of the assets reported makes the month untold",
        ),
        pytest.param(
            [{}, {"silent": [date(2030, 3, 12)], "shares": 10, "step": 0.1}],
            WHOLE,
            id="a session on which 99 % of the assets reported does not",
        ),
        pytest.param(
            [{"silent": [date(2030, 3, 12)]}] * 2,
            WHOLE | {MAR: "cannot be told"},
            id="nor can a month with a session on which no member reported be told",
        ),
        pytest.param(
            [{}, {"last": date(2030, 3, 12), "shares": 10, "step": 0.1}],
            {
                JAN: "first",
                FEB: "complete",
                MAR: "cannot be told",
                APR: "cannot be told",
                MAY: "running",
            },
            id="a small member that falls silent for good makes what is over untold",
        ),
        pytest.param(
            [{"last": date(2030, 4, 1)}, {"last": date(2030, 3, 29)}],
            {JAN: "first", FEB: "complete", MAR: "complete", APR: "cannot be told"},
            id="a member a day behind leaves the month behind it complete",
        ),
        pytest.param(
            [{"member_from": MAR}],
            {MAR: "complete", APR: "complete", MAY: "running"},
            id="a group that begins with a month has a whole first month",
        ),
        pytest.param(
            [{"member_from": date(2030, 3, 11)}],
            {MAR: "first", APR: "complete", MAY: "running"},
            id="a group that begins within a month has not",
        ),
        pytest.param(
            [{}, {"currency": "EUR"}],
            WHOLE,
            id="a member in another currency is observed all the same",
        ),
    ],
)
def test_a_groups_month_can_be_told_when_all_members_expected_in_it_are_known(
    market: duckdb.DuckDBPyConnection, members: list[dict[str, Any]], states: dict[date, str]
) -> None:
    for number, traits in enumerate(members):
        fund(market, f"F{number}", **traits)

    assert months(market) == states


def test_a_partial_sum_is_never_shown_as_the_groups(market: duckdb.DuckDBPyConnection) -> None:
    fund(market, "AAA")
    fund(market, "BBB", currency="EUR")

    assert net_flow(market, FEB) is None
    assert answer(
        market, "select distinct net_flow_usd from daily_net_flows where subject = 'metals'"
    ) == [(None,)]


def test_a_day_on_which_a_members_nav_is_not_published_is_unknown_in_dollars(
    market: duckdb.DuckDBPyConnection,
) -> None:
    fund(market, "AAA")
    fund(market, "BBB")
    day = date(2030, 2, 13)
    market.execute(
        "update history.fund_valuations set nav = null where fund = 'BBB' and as_of = ?", [day]
    )
    unknown = "from daily_net_flows where net_flow_usd is null"

    assert answer(market, f"select subject, as_of, net_flow_shares {unknown} order by subject") == [
        ("BBB", day, 10.0),
        ("metals", day, None),
    ]
    assert net_flow(market, FEB) is None
    assert net_flow(market, MAR) is not None


def test_flows_outside_of_a_membership_are_not_the_groups(
    market: duckdb.DuckDBPyConnection,
) -> None:
    fund(market, "AAA", step=0)
    fund(market, "BBB", member_from=date(2030, 3, 11), member_until=date(2030, 3, 15))

    assert net_flow(market, FEB) == 0
    assert net_flow(market, MAR) == pytest.approx(5 * 10 * 10)


def test_a_week_in_which_a_member_was_not_observed_at_all_cannot_be_told(
    market: duckdb.DuckDBPyConnection,
) -> None:
    week = [date(2030, 3, 11) + timedelta(number) for number in range(5)]
    fund(market, "AAA")
    fund(market, "BBB", silent=week, shares=10, step=0.1)

    query = (
        "select week from weekly_net_flows where subject = 'metals' and state = 'cannot be told'"
    )
    assert answer(market, query) == [(week[0],)]


def test_coverage_is_the_share_of_last_known_assets_that_reported(
    market: duckdb.DuckDBPyConnection,
) -> None:
    day = date(2030, 3, 12)
    fund(market, "AAA", shares=3000, step=0)
    fund(market, "BBB", shares=1000, step=0, silent=[day])
    fund(market, "CCC", first=date(2031, 1, 2))

    query = (
        f"from group_coverage where session between '{day}' and '{day + timedelta(1)}' order by 2"
    )
    assert answer(market, query) == [
        ("metals", day, 0.75, 1, 2, 3),
        ("metals", day + timedelta(1), 1.0, 2, 2, 3),
    ]


def test_a_group_without_assets_that_reported_is_covered(
    market: duckdb.DuckDBPyConnection,
) -> None:
    fund(market, "AAA", shares=0, step=0)

    assert answer(market, "select distinct coverage from group_coverage") == [(1.0,)]
    assert months(market) == WHOLE
