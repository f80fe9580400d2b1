"""Flows by the day of their orders, where it is known how long these take."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest

from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import Funds, FundTerms
from tests.warehouse.market import answer, lay, open_calendar, sessions

DAYS = sessions(date(2030, 3, 1), date(2030, 3, 8))
"""Friday, then Monday to Friday."""
FRIDAY, MONDAY, TUESDAY, WEDNESDAY, *_ = DAYS
FLOWS = (
    "select book_date, as_of, net_flow_shares, net_flow_usd from fund_net_flows_by_order_date "
    "order by book_date"
)
Terms = tuple[date, int | None]


@pytest.fixture
def market(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    shared.begin()
    open_calendar(shared)
    yield shared
    shared.rollback()


def lay_fund(warehouse: duckdb.DuckDBPyConnection, *terms: Terms, **traits: Any) -> None:
    """Lay a fund that takes in 1, 2 and 3 shares from Monday on; its NAV rises from 10 by 1."""
    lay(warehouse, Funds, [{"fund": "AAA"}])
    rows = [
        {"fund": "AAA", "as_of": day, "shares_outstanding": shares, "nav": nav} | traits
        for day, shares, nav in zip(DAYS, (100, 101, 103, 106), (10, 11, 12, 13), strict=False)
    ]
    lay(warehouse, FundValuations, rows)
    spells = [
        {"fund": "AAA", "effective_from": day, "fee": 0.005, "order_lag_sessions": lag}
        for day, lag in terms
    ]
    lay(warehouse, FundTerms, spells)


LAUNCH = date(2020, 1, 2)


@pytest.mark.parametrize(
    ("terms", "flows"),
    [
        pytest.param([], [], id="without terms"),
        pytest.param([(LAUNCH, None)], [], id="while the lag is not established"),
        pytest.param(
            [(LAUNCH, 0)],
            [
                (MONDAY, MONDAY, 1.0, 11.0),
                (TUESDAY, TUESDAY, 2.0, 24.0),
                (WEDNESDAY, WEDNESDAY, 3.0, 39.0),
            ],
            id="orders booked on their day",
        ),
        pytest.param(
            [(LAUNCH, 1)],
            [
                (MONDAY, FRIDAY, 1.0, 10.0),
                (TUESDAY, MONDAY, 2.0, 22.0),
                (WEDNESDAY, TUESDAY, 3.0, 36.0),
            ],
            id="orders booked a session later, at the NAV of their own day",
        ),
        pytest.param(
            [(LAUNCH, None), (TUESDAY, 1), (WEDNESDAY, 0)],
            [(TUESDAY, MONDAY, 2.0, 22.0), (WEDNESDAY, WEDNESDAY, 3.0, 39.0)],
            id="the terms of the book date hold",
        ),
    ],
)
def test_flows_have_the_date_of_their_orders(
    market: duckdb.DuckDBPyConnection, terms: list[Terms], flows: list[tuple[Any, ...]]
) -> None:
    lay_fund(market, *terms)

    assert answer(market, FLOWS) == flows


def test_dollars_are_not_known_in_another_currency(market: duckdb.DuckDBPyConnection) -> None:
    lay_fund(market, (LAUNCH, 1), currency="EUR")

    assert answer(market, FLOWS)[0] == (MONDAY, FRIDAY, 1.0, None)


def test_dollars_are_not_known_without_a_nav_on_the_day_of_the_order(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Funds, [{"fund": "AAA"}])
    rows = [
        {"fund": "AAA", "as_of": day, "shares_outstanding": 100.0 + number, "nav": 10.0}
        for number, day in enumerate(DAYS)
        if day != TUESDAY
    ]
    lay(market, FundValuations, rows)
    terms = {"fund": "AAA", "effective_from": LAUNCH, "fee": 0.005, "order_lag_sessions": 1}
    lay(market, FundTerms, [terms])

    assert answer(market, FLOWS)[:2] == [
        (MONDAY, FRIDAY, 1.0, 10.0),
        (WEDNESDAY, TUESDAY, 2.0, None),
    ]


def test_a_split_between_order_and_booking_leaves_no_price(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay_fund(market, (LAUNCH, 1))
    split = {"instrument": "AAA", "ex_date": TUESDAY, "kind": "split", "ratio": 10.0}
    lay(market, CorporateActions, [split, split | {"source": "other"}])

    assert [usd for *_, usd in answer(market, FLOWS)] == [10.0, None, 36.0]


def test_what_is_booked_on_a_saturday_was_ordered_on_friday(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay_fund(market, (LAUNCH, 1))
    saturday = date(2030, 3, 9)
    lay(market, FundValuations, [{"fund": "AAA", "as_of": saturday, "shares_outstanding": 107.0}])

    assert answer(market, FLOWS)[-1][:3] == (saturday, DAYS[-1], 1.0)
