"""Corrections: what a person knows better is shown, what was served is kept."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.tables.asset_caps import AssetCaps
from schemas.tables.bars import Bars
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.tables.rates import Rates
from schemas.tables.reference import Corrections, Funds, Instruments
from schemas.tables.reported_flows import ReportedFlows
from tests.warehouse.market import LONG_AGO, answer, correction, evening, lay, put
from warehouse import checks, tables
from warehouse.connection import FILE, connect
from warehouse.corrections import OBSERVATIONS

DAY = date(2030, 3, 4)
NEXT = date(2030, 3, 5)
BAR = {"instrument": "SI=F", "session": DAY}
WRONG = BAR | {"close": 630.0, "high": 640.0}
SLIP = correction(Bars, BAR, "close", 630, "63.0")
SHOWN = "select close, correction from bars_by_source order by session"
STATE = "select believed, state from correction_states"


@pytest.fixture(scope="module")
def once_corrected(
    corrected_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse in which something was corrected once, and is no more."""
    file = shutil.copy(corrected_template, tmp_path_factory.mktemp("corrected") / FILE)
    with connect(Path(file)) as warehouse:
        yield warehouse


@pytest.fixture
def market(once_corrected: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    shared = once_corrected
    shared.begin()
    lay(shared, Instruments, [{"instrument": "SI=F", "sources": "bank:SI=F other:X"}])
    lay(shared, Funds, [{"fund": "AAA"}])
    lay(shared, Bars, [WRONG, BAR | {"session": NEXT, "close": 630.0}])
    yield shared
    shared.execute("reset variable as_of; reset variable known_at")
    shared.rollback()


def test_the_right_value_is_shown_with_what_was_wrong_and_why(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Corrections, [SLIP])

    shown = [(63.0, "close: 630 -> 63.0 (a slip)"), (630.0, None)]
    assert answer(market, SHOWN) == shown
    assert answer(market, SHOWN.replace("_by_source", "")) == shown
    assert answer(market, STATE) == [("630.0", "applies")]


def test_what_was_served_is_kept(market: duckdb.DuckDBPyConnection) -> None:
    before = answer(market, "from history.bars")
    lay(market, Corrections, [SLIP])

    assert answer(market, "from history.bars") == before


MOMENT = datetime(2030, 3, 4, 12, tzinfo=UTC)
ROWS: dict[Any, tuple[dict[str, Any], dict[str, Any], str, object]] = {
    AssetCaps: ({"asset": "gold", "as_of": DAY}, {"market_cap": 7.0}, "market_cap", 7),
    Coins: (
        {"coin": "btc", "observed_at": MOMENT},
        {"as_of": DAY, "price": 7.0},
        "price",
        7,
    ),
    CoinMarket: (
        {"observed_at": MOMENT},
        {"as_of": DAY, "market_cap": 7.0},
        "market_cap",
        7,
    ),
    MonthlyAverages: (
        {"series": "S", "as_of": DAY},
        {"month": DAY, "average": 7.0},
        "average",
        7,
    ),
    Rates: ({"series": "S", "as_of": DAY}, {"value": 7.0}, "value", 7),
    ReportedFlows: ({"fund": "X", "as_of": DAY}, {"net_flow_usd": 7.0}, "net_flow_usd", 7),
    Bars: ({"instrument": "X", "session": DAY}, {"close": 7.0}, "close", 7),
    CorporateActions: (
        {"instrument": "X", "ex_date": DAY, "kind": "split"},
        {"ratio": 7.0},
        "ratio",
        7,
    ),
    FundValuations: ({"fund": "X", "as_of": DAY}, {"nav": 7.0}, "nav", 7),
    Holdings: ({"fund": "X", "as_of": DAY, "holding": "a \"b\" 'c'"}, {"weight": 7.0}, "weight", 7),
}


def test_a_name_can_be_corrected(once_corrected: duckdb.DuckDBPyConnection) -> None:
    row = {"category": "stablecoins", "coin": "dai", "as_of": DAY}
    once_corrected.begin()
    lay(once_corrected, CoinCategories, [row | {"name": "Day"}])
    lay(once_corrected, Corrections, [correction(CoinCategories, row, "name", "Day", "Dai")])
    shown = answer(once_corrected, "select name, correction from coin_categories")
    once_corrected.rollback()

    assert shown == [("Dai", "name: Day -> Dai (a slip)")]


@pytest.mark.parametrize(
    "schema", [schema for schema in OBSERVATIONS if schema is not CoinCategories], ids=tables.name
)
def test_every_table_with_numbers_can_be_corrected(
    schema: Any, once_corrected: duckdb.DuckDBPyConnection
) -> None:
    row, rest, column, expected = ROWS[schema]
    shared = once_corrected
    shared.begin()
    lay(shared, schema, [row | rest, row | rest | {"source": "other"}])
    lay(shared, Corrections, [correction(schema, row, column, expected, 8)])
    query = f"select source, {column}, correction from {tables.view_name(schema)} order by source"
    shown, state = answer(shared, query), answer(shared, STATE)
    shared.rollback()

    assert shown == [("bank", 8.0, f"{column}: 7 -> 8 (a slip)"), ("other", 7.0, None)]
    assert state == [("7.0", "applies")]


def test_a_correction_of_fund_valuations_is_seen_in_what_is_built_on_them(
    market: duckdb.DuckDBPyConnection,
) -> None:
    row = {"fund": "AAA", "as_of": DAY}
    lay(market, FundValuations, [row])
    lay(market, Corrections, [correction(FundValuations, row, "nav", 10, 11)])

    query = "select nav, correction from fund_valuations"
    assert answer(market, query) == [(11.0, "nav: 10 -> 11 (a slip)")]


@pytest.mark.parametrize(
    ("served", "expected", "applies"),
    [
        pytest.param(63.099998474121094, "63.1", True, id="the text of what float32 widened"),
        pytest.param(63.099998474121094, "63.099998474121094", True, id="in full"),
        pytest.param(63.1, "63.10", True, id="however many zeros"),
        pytest.param(63.1, "63.1001", False, id="another value"),
    ],
)
def test_what_is_served_as_float32_is_compared_so(
    market: duckdb.DuckDBPyConnection,
    served: float,
    expected: str,
    applies: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    row = BAR | {"session": date(2030, 3, 6)}
    lay(market, Bars, [row | {"close": served}])
    lay(market, Corrections, [correction(Bars, row, "close", expected, 6.31)])

    assert answer(market, SHOWN)[-1][0] == (6.31 if applies else served)


def test_other_numbers_are_compared_in_full(market: duckdb.DuckDBPyConnection) -> None:
    row = {"fund": "AAA", "as_of": DAY}
    lay(market, FundValuations, [row | {"nav": 63.099998474121094}])
    lay(market, Corrections, [correction(FundValuations, row, "nav", "63.1", 6.31)])

    assert [state for _, state in answer(market, STATE)] == ["value is no longer there"]


@pytest.mark.parametrize(
    ("column", "expected", "corrected", "told"),
    [
        pytest.param("open", None, 5.0, "open: null -> 5.0 (a slip)", id="null is filled in"),
        pytest.param("high", 640, None, "high: 640 -> null (a slip)", id="a value is taken out"),
        pytest.param("currency", "USD", "USX", "currency: USD -> USX (a slip)", id="text"),
        pytest.param("is_final", "true", False, "is_final: true -> False (a slip)", id="a yes"),
    ],
)
def test_null_and_text_are_values_too(
    market: duckdb.DuckDBPyConnection, column: str, expected: object, corrected: object, told: str
) -> None:
    lay(market, Corrections, [correction(Bars, BAR, column, expected, corrected)])

    query = f"select {column}, correction from bars where session = date '{DAY}'"
    assert answer(market, query) == [(corrected, told)]


def test_several_columns_of_a_row_are_all_corrected_and_named(
    market: duckdb.DuckDBPyConnection,
) -> None:
    high = correction(Bars, BAR, "high", 640, 64)
    gone = correction(Bars, BAR, "low", 1, 2)
    lay(market, Corrections, [high, gone, SLIP])

    query = f"select high, low, close, correction from bars where session = date '{DAY}'"
    told = "high: 640 -> 64 (a slip); close: 630 -> 63.0 (a slip)"
    assert answer(market, query) == [(64.0, None, 63.0, told)]


def test_a_correction_to_the_same_value_confirms_it(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, Corrections, [correction(Bars, BAR, "close", "630", "630.00")])

    assert answer(market, SHOWN)[0] == (630.0, "close: 630 confirmed (a slip)")
    assert answer(market, STATE) == [("630.0", "confirms")]


def test_a_value_that_is_confirmed_is_shown_as_it_was_served(
    market: duckdb.DuckDBPyConnection,
) -> None:
    row = BAR | {"session": date(2030, 3, 6)}
    lay(market, Bars, [row | {"close": 63.099998474121094}])
    lay(market, Corrections, [correction(Bars, row, "close", "63.1", "63.1")])

    assert answer(market, SHOWN)[-1][0] == 63.099998474121094


@pytest.mark.parametrize(
    ("wrong", "state"),
    [
        pytest.param({"expected": "631"}, "value is no longer there", id="another value"),
        pytest.param({"expected": None}, "value is no longer there", id="null expected"),
        pytest.param({"relation": "trades"}, "no such table", id="no table"),
        pytest.param({"relation": "history.bars"}, "no such table", id="with its schema"),
        pytest.param({"relation": "instruments"}, "no such table", id="mended in its own file"),
        pytest.param({"column_name": "last"}, "no such column", id="no column"),
        pytest.param({"column_name": "session"}, "no such column", id="a column of the key"),
        pytest.param({"column_name": "known_at"}, "no such column", id="not the source's to say"),
        pytest.param({"key": "{"}, "cannot be read", id="a key cut off"),
        pytest.param({"key": "SI=F"}, "cannot be read", id="a key that is no JSON"),
        pytest.param({"key": "[1, 2, 3]"}, "cannot be read", id="a key without names"),
        pytest.param({"key": '{"instrument": "SI=F"}'}, "cannot be read", id="half a key"),
        pytest.param(
            {"key": SLIP["key"].replace("2030-03-04", "4 March")}, "cannot be read", id="a day"
        ),
        pytest.param(
            {"key": SLIP["key"].replace("}", ', "symbol": "X"}')}, "cannot be read", id="too much"
        ),
        pytest.param(
            {"key": SLIP["key"].replace("2030", "2031")}, "no such row", id="a row of another day"
        ),
        pytest.param(
            {"key": SLIP["key"].replace("bank", "other")}, "no such row", id="of another source"
        ),
        pytest.param({"expected": "much"}, "cannot be read", id="no number expected"),
        pytest.param({"corrected": "6,3"}, "cannot be read", id="a decimal comma"),
        pytest.param({"corrected": "inf"}, "cannot be read", id="infinity"),
        pytest.param({"corrected": "nan"}, "cannot be read", id="no number at all"),
        pytest.param({"corrected": "1e300"}, "cannot be read", id="more than the source can serve"),
        pytest.param({"corrected": None}, "cannot be read", id="null where the table has none"),
        pytest.param(
            {"column_name": "is_final", "expected": "true", "corrected": "perhaps"},
            "cannot be read",
            id="neither yes nor no",
        ),
    ],
)
def test_a_correction_that_does_not_apply_changes_nothing_and_says_why(
    market: duckdb.DuckDBPyConnection, wrong: dict[str, Any], state: str
) -> None:
    before = answer(market, "from bars order by all")
    lay(market, Corrections, [SLIP | wrong])

    assert answer(market, "from bars order by all") == before
    assert [told for _, told in answer(market, STATE)] == [state]
    assert failing(market) == ["every_correction_applies"]


def failing(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    found = checks.failure(warehouse, checks.FOLDER / "every_correction_applies.sql")
    return [found.check] if found.rows else []


def test_a_correction_that_cannot_be_read_keeps_none_of_the_others_out(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Corrections, [SLIP | {"key": "{"}, SLIP, SLIP | {"column_name": "x"}])

    assert answer(market, SHOWN)[0] == (63.0, "close: 630 -> 63.0 (a slip)")
    assert sorted(state for _, state in answer(market, STATE)) == [
        "applies",
        "cannot be read",
        "no such column",
    ]


def test_two_that_name_one_value_in_two_ways_do_not_apply(
    market: duckdb.DuckDBPyConnection,
) -> None:
    again = SLIP | {"key": SLIP["key"].replace(" ", ""), "corrected": "6.3"}
    lay(market, Corrections, [SLIP, again])

    assert answer(market, SHOWN)[0] == (630.0, None)
    assert answer(market, STATE) == [("630.0", "stated twice")] * 2


def test_corrections_that_apply_or_confirm_pass_the_check(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Corrections, [SLIP, correction(Bars, BAR, "high", 640, 640)])

    assert failing(market) == []


def test_when_a_source_mends_its_value_the_correction_steps_back_and_is_told(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, Bars, [WRONG], evening(DAY), subject="SI=F")
    put(warehouse, Corrections, [SLIP], evening(NEXT))
    assert failing(warehouse) == []

    mended = evening(NEXT) + timedelta(hours=1)
    put(warehouse, Bars, [BAR | {"close": 63.25}], mended, subject="SI=F")

    assert answer(warehouse, SHOWN) == [(63.25, None)]
    assert answer(warehouse, STATE) == [("63.25", "value is no longer there")]
    assert failing(warehouse) == ["every_correction_applies"]


def test_before_it_was_known_the_wrong_value_shows_again(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    put(warehouse, Bars, [WRONG], LONG_AGO, subject="SI=F")
    put(warehouse, Corrections, [SLIP], evening(DAY))
    put(warehouse, Corrections, [], evening(NEXT))
    shown = []
    for known_at in (LONG_AGO, evening(DAY), evening(NEXT)):
        warehouse.execute(f"set variable known_at = timestamptz '{known_at.isoformat()}'")
        shown += answer(warehouse, SHOWN)

    assert [close for close, _ in shown] == [630.0, 63.0, 630.0]


def test_a_correction_holds_for_every_market_day_one_looks_from(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay(market, Corrections, [SLIP], evening(date(2030, 6, 3)))
    market.execute(f"set variable as_of = date '{DAY}'")

    assert answer(market, SHOWN) == [(63.0, "close: 630 -> 63.0 (a slip)")]


def test_facts_are_told_from_the_right_value(market: duckdb.DuckDBPyConnection) -> None:
    rising = [
        {"instrument": "SI=F", "session": DAY + timedelta(number), "close": 40.0 + number}
        for number in range(2, 30)
    ]
    lay(market, Bars, rising)
    of = "fact = 'record_high' and measure = 'close'"
    fact = f"select value, rank, previous_value from facts where {of}"
    assert answer(market, fact) == [(69.0, 3, 630.0)]

    both = [SLIP, correction(Bars, BAR | {"session": NEXT}, "close", 630, 63)]
    lay(market, Corrections, both)

    assert answer(market, fact) == [(69.0, 1, 68.0)]


def test_filters_on_the_key_still_reach_the_scan(market: duckdb.DuckDBPyConnection) -> None:
    lay(market, Corrections, [SLIP])
    where = f"instrument = 'SI=F' and session >= date '{DAY}'"
    [[_, plan]] = answer(market, f"explain select close from bars_by_source where {where}")

    filters = plan.split("Filters:", 1)[1]
    assert "instrument='SI=F'" in filters
    assert f"session>='{DAY}'" in filters.replace("::DATE", "")


def test_until_something_is_corrected_no_view_looks_for_a_correction(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    query = "select sql from duckdb_views() where view_name = 'bars_by_source'"
    [[before]] = answer(warehouse, query)
    lay(warehouse, Bars, [WRONG])
    put(warehouse, Corrections, [SLIP])
    [[after]] = answer(warehouse, query)

    assert "corrections" not in before
    assert "corrections" in after
    assert answer(warehouse, "select close from bars_by_source") == [(63.0,)]
