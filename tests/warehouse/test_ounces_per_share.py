from collections.abc import Iterator
from datetime import date
from math import exp

import duckdb
import pytest

from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import Funds, FundTerms
from tests.warehouse.market import answer, lay, open_calendar

LAUNCH, CHANGE, DAY = date(2020, 1, 2), date(2025, 1, 2), date(2030, 3, 4)


@pytest.fixture
def market(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    shared.begin()
    open_calendar(shared)
    at_launch = {"ounces_per_share_at_launch": 10.0}
    lay(shared, Funds, [{"fund": "SSS", "metal": "silver"} | at_launch, {"fund": "IDX"}])
    lay(shared, FundTerms, [{"fund": "SSS", "effective_from": LAUNCH, "fee": 0.005}])
    yield shared
    shared.rollback()


def lay_count(market: duckdb.DuckDBPyConnection, as_of: date, **values: object) -> None:
    plain = {"fund": "SSS", "as_of": as_of, "shares_outstanding": 100.0}
    lay(market, FundValuations, [plain | values])


def ounces(market: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    query = "select ounces_per_share, is_estimated from ounces_per_share order by fund, as_of"
    return answer(market, query)


def test_published_ounces_are_divided_by_the_shares_of_the_same_day(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay_count(market, DAY, ounces=931.5)

    assert ounces(market) == [(9.315, False)]


def test_where_none_are_published_the_fee_is_accrued_since_the_launch(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay_count(market, LAUNCH)
    lay_count(market, DAY)

    years = (DAY - LAUNCH).days / 365
    assert ounces(market) == [(10.0, True), (pytest.approx(10 * exp(-0.005 * years)), True)]


def test_a_change_of_the_fee_counts_from_its_day_on(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, FundTerms, [{"fund": "SSS", "effective_from": CHANGE, "fee": 0.002}])
    lay_count(market, DAY)

    fees = 0.005 * (CHANGE - LAUNCH).days / 365 + 0.002 * (DAY - CHANGE).days / 365
    assert ounces(market) == [(pytest.approx(10 * exp(-fees)), True)]


def test_a_fee_agreed_before_the_launch_accrues_from_the_launch_on(
    market: duckdb.DuckDBPyConnection,
) -> None:
    before = {"fund": "NEW", "effective_from": date(2019, 1, 2), "fee": 0.005}
    lay(market, Funds, [{"fund": "NEW", "metal": "gold", "ounces_per_share_at_launch": 1.0}])
    lay(market, FundTerms, [before])
    lay_count(market, LAUNCH, fund="NEW")

    assert ounces(market) == [(1.0, True)]


def test_a_day_before_the_change_knows_nothing_of_it(market: duckdb.DuckDBPyConnection) -> None:
    lay_count(market, date(2024, 12, 31))
    before = ounces(market)
    lay(market, FundTerms, [{"fund": "SSS", "effective_from": CHANGE, "fee": 0.002}])

    assert ounces(market) == before


@pytest.mark.parametrize(
    "count",
    [
        pytest.param({"fund": "IDX"}, id="a fund that holds no metal"),
        pytest.param({"shares_outstanding": None}, id="an unknown share count"),
        pytest.param({"shares_outstanding": 0.0}, id="no shares"),
    ],
)
def test_there_are_none_for(market: duckdb.DuckDBPyConnection, count: dict[str, object]) -> None:
    lay_count(market, DAY, ounces=5.0, **count)

    assert ounces(market) == []


def test_flows_in_ounces_are_shares_times_ounces_per_share(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay_count(market, DAY, ounces=900.0)
    lay_count(market, date(2030, 3, 5), shares_outstanding=110.0, ounces=1100.0)

    query = "select net_flow_shares, net_flow_ounces, is_estimated from daily_net_flows"
    assert answer(market, query) == [(10.0, 100.0, False)]
