"""Each check catches its fault, in whatever table it stands."""

import math
import operator
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables import TABLES
from schemas.tables.bars import Bars
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.model import key, metadata
from schemas.tables.rates import Rates
from schemas.tables.reference import Corrections, FundGroups, Funds, Instruments, Series
from schemas.tables.sessions import Sessions
from schemas.tables.stated_facts import StatedFacts
from tests.diary import begin
from tests.warehouse.market import HOLIDAYS, correction, evening, lay, open_calendar, put, sessions
from warehouse import checks, tables
from warehouse.connection import FILE, connect

CHECKS = sorted(checks.FOLDER.glob("*.sql"))
HISTORY = Path(__file__).parents[3] / "shared" / "history"

NOW = datetime(2030, 7, 1, 23, tzinfo=UTC)
VALUES: dict[Any, Any] = {
    pl.Boolean: True,
    pl.Date: date(2030, 6, 28),
    pl.Datetime: NOW,
    pl.Float64: 1.0,
    pl.Int64: 1,
    pl.String: "X",
}


def lay_version(
    warehouse: duckdb.DuckDBPyConnection,
    schema: Any,
    known_at: datetime,
    superseded_at: datetime | str,
    **values: Any,
) -> None:
    columns = schema.to_schema().columns
    row = {name: VALUES[spec.dtype.type.base_type()] for name, spec in columns.items()} | values
    row |= {"known_at": known_at, "superseded_at": superseded_at}
    places = ", ".join("?" for _ in row)
    statement = f"insert into history.{tables.name(schema)} values ({places})"
    warehouse.execute(statement, list(row.values()))


def failing(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, bool]]:
    """Run all checks, which takes a while: name those that find something."""
    return [(failure.check, failure.blocks) for failure in checks.failing(warehouse)]


def failure(warehouse: duckdb.DuckDBPyConnection, check: str) -> checks.Failure:
    """Run one check."""
    return checks.failure(warehouse, checks.FOLDER / f"{check}.sql")


def found(warehouse: duckdb.DuckDBPyConnection, check: str) -> int:
    """Count the rows that one check finds."""
    return failure(warehouse, check).rows


@pytest.fixture
def market(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a warehouse with the calendar TEST, an instrument X and a fund X; undone afterwards."""
    shared.begin()
    lay_market(shared)
    yield shared
    shared.rollback()


@pytest.fixture
def recorded(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Give the same market in a warehouse of its own: `put` needs its own transactions."""
    lay_market(warehouse)
    return warehouse


@pytest.fixture
def corrected(corrected_template: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the same market where something was corrected once, so that all views look for it."""
    with connect(Path(shutil.copy(corrected_template, tmp_path / FILE))) as warehouse:
        lay_market(warehouse)
        yield warehouse


def lay_market(warehouse: duckdb.DuckDBPyConnection) -> None:
    open_calendar(warehouse)
    lay(warehouse, Instruments, [{"instrument": "X", "first_session": FIRST}])
    lay(warehouse, Funds, [{"fund": "X", "first_session": FIRST}])


@pytest.mark.parametrize("file", CHECKS, ids=lambda file: file.stem)
def test_a_check_says_what_it_defends_and_how_severely(file: Path) -> None:
    text = file.read_text()
    claim, _, rest = text.partition("\n--\n")

    assert claim.startswith("-- ")
    assert len(claim) > 40
    assert rest.startswith("-- Severity  ")
    assert checks.severity(file.stem, text) in {"error", "warning"}


def test_a_check_without_a_severity_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="check two_is_one: its header has no line"):
        checks.severity("two_is_one", "-- Two is one. Severity  error\n\nselect 1 where 2 <> 1")


@pytest.mark.parametrize("file", CHECKS, ids=lambda file: file.stem)
def test_a_check_runs_on_an_empty_warehouse_and_finds_nothing(
    file: Path, shared: duckdb.DuckDBPyConnection
) -> None:
    assert checks.failure(shared, file).rows == 0


def test_a_warning_blocks_nothing() -> None:
    assert checks.Failure("a_claim", "error", 1).blocks
    assert not checks.Failure("a_claim", "warning", 1).blocks


def test_a_fresh_warehouse_passes_every_check(shared: duckdb.DuckDBPyConnection) -> None:
    assert failing(shared) == []


def test_a_warehouse_filled_and_revised_passes_every_check(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    day = date(2030, 6, 28)
    for hours, value in enumerate((1.0, 2.0, 1.0)):
        known_at = NOW + timedelta(hours=hours)
        put(warehouse, Bars, [{"instrument": "X", "session": day, "close": value}], known_at)
        put(warehouse, FundValuations, [{"fund": "X", "as_of": day, "nav": value}], known_at)
        metals = ["gold", "tin"][: 1 + hours % 2]
        held = [{"fund": "X", "as_of": day, "holding": metal} for metal in metals]
        put(warehouse, Holdings, held, known_at)

    assert failing(warehouse) == []


TWICE = "one_believed_row_per_key"


@pytest.mark.parametrize("schema", TABLES, ids=tables.name)
def test_two_believed_rows_of_a_key_are_caught(
    schema: Any, shared: duckdb.DuckDBPyConnection
) -> None:
    shared.begin()
    lay_version(shared, schema, NOW, "infinity")
    alone = found(shared, TWICE)
    lay_version(shared, schema, NOW + timedelta(1), "infinity")
    twice = failing(shared)
    shared.rollback()

    assert alone == 0
    assert [check for check, blocks in twice if blocks] == [TWICE]


@pytest.mark.parametrize("schema", TABLES, ids=tables.name)
def test_rows_of_two_keys_are_no_duplicates(schema: Any, shared: duckdb.DuckDBPyConnection) -> None:
    column = key(schema)[-1]
    other = {pl.String: "Y", pl.Date: date(2030, 6, 27)}[
        schema.to_schema().columns[column].dtype.type.base_type()
    ]
    shared.begin()
    lay_version(shared, schema, NOW, "infinity")
    lay_version(shared, schema, NOW, "infinity", **{column: other})
    rows = found(shared, TWICE)
    shared.rollback()

    assert rows == 0


HOUR = timedelta(hours=1)
FOLLOWING = "versions_follow_each_other"


@pytest.mark.parametrize("schema", [Bars, Holdings, Funds], ids=tables.name)
@pytest.mark.parametrize(
    ("versions", "caught"),
    [
        pytest.param([(0, 1), (1, 2), (2, None)], False, id="one after the other"),
        pytest.param([(0, 1), (2, None)], False, id="gone for a while"),
        pytest.param([(1, 1)], True, id="superseded when it became known"),
        pytest.param([(1, 0)], True, id="superseded before"),
        pytest.param([(0, 2), (1, None)], True, id="two believed at once"),
        pytest.param([(0, 2), (0, 1)], True, id="two known at once"),
    ],
)
def test_versions_that_do_not_follow_each_other_are_caught(
    schema: Any,
    shared: duckdb.DuckDBPyConnection,
    versions: list[tuple[int, int | None]],
    caught: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    shared.begin()
    for known, superseded in versions:
        end = "infinity" if superseded is None else NOW + superseded * HOUR
        lay_version(shared, schema, NOW + known * HOUR, end)
    told = failure(shared, FOLLOWING)
    shared.rollback()

    assert told.blocks
    assert bool(told.rows) == caught


DATED = [schema for schema in TABLES if "as_of" in metadata(schema)]
AHEAD = {Bars: 1, CoinMarket: 1, Coins: 1, CorporateActions: 1, Rates: 1, StatedFacts: 1}


@pytest.mark.parametrize("days", [0, 1], ids=["as far ahead as it may be", "a day further"])
@pytest.mark.parametrize("schema", DATED, ids=tables.name)
def test_knowledge_from_the_future_is_caught_in_every_table_with_a_market_day(
    schema: Any, days: int, shared: duckdb.DuckDBPyConnection
) -> None:
    day = NOW.date() + timedelta(AHEAD.get(schema, 0) + days)
    shared.begin()
    shared.execute("set timezone = 'Asia/Tokyo'")
    lay_version(shared, schema, NOW, "infinity", **{metadata(schema)["as_of"]: day})
    rows = found(shared, "no_knowledge_from_the_future")
    shared.execute("set timezone = 'UTC'")
    shared.rollback()

    assert rows == days


def test_knowledge_from_the_future_blocks_and_names_its_row(
    shared: duckdb.DuckDBPyConnection,
) -> None:
    day = NOW.date() + timedelta(2)
    shared.begin()
    lay_version(shared, Rates, NOW, "infinity", as_of=day)
    [told] = checks.failing(shared)
    shared.rollback()

    assert told.blocks
    assert told.examples == (f"relation rates, series X, as_of {day}, source X, known_at {NOW}",)


def test_reference_data_and_sessions_may_be_of_days_to_come(
    shared: duckdb.DuckDBPyConnection,
) -> None:
    ahead = date(2031, 1, 2)
    shared.begin()
    lay_version(shared, Sessions, NOW, "infinity", session=ahead)
    lay_version(shared, Funds, NOW, "infinity", launched_on=ahead, first_session=ahead)
    rows = found(shared, "no_knowledge_from_the_future")
    shared.rollback()

    assert rows == 0


FIRST, TODAY = date(2030, 6, 3), date(2030, 6, 28)
OPEN_DAYS = sessions(FIRST, TODAY)
HELD = {"holding": "tin", "weight": 1.0}
BEFORE = "no_value_is_known_before_its_session"


@pytest.mark.parametrize(
    ("schema", "row", "known", "caught"),
    [
        pytest.param(Bars, {"close": 1.0}, time(14, 29), True, id="a bar before the opening"),
        pytest.param(Bars, {"close": 1.0}, time(14, 30), False, id="a bar at the opening"),
        pytest.param(FundValuations, {}, time(20, 59), True, id="a valuation before the close"),
        pytest.param(FundValuations, {}, time(21), False, id="a valuation at the close"),
        pytest.param(Holdings, HELD, time(20, 59), True, id="a holding before the close"),
        pytest.param(Holdings, HELD, time(21), False, id="a holding at the close"),
    ],
)
def test_what_is_known_before_its_session_is_caught(
    market: duckdb.DuckDBPyConnection,
    schema: Any,
    row: dict[str, Any],
    known: time,
    caught: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    subject, day = key(schema)[0], metadata(schema)["as_of"]
    known_at = datetime.combine(TODAY, known, UTC)
    lay(market, schema, [{subject: "X", day: TODAY} | row], known_at)
    lay(market, schema, [{subject: "UNKNOWN", day: TODAY} | row], known_at)

    told = failure(market, BEFORE)
    assert told.blocks
    assert told.rows == caught


@pytest.mark.parametrize("schema", [Bars, FundValuations], ids=tables.name)
def test_a_day_without_session_has_no_close_to_wait_for(
    market: duckdb.DuckDBPyConnection, schema: Any
) -> None:
    [day] = {date(2030, 7, 4)} & HOLIDAYS
    row = {key(schema)[0]: "X", metadata(schema)["as_of"]: day}
    lay(market, schema, [{"close": 1.0} | row] if schema is Bars else [row], evening(day))

    assert found(market, BEFORE) == 0


def test_what_a_later_version_has_put_right_is_caught_no_more(
    recorded: duckdb.DuckDBPyConnection,
) -> None:
    early = datetime.combine(TODAY, time(9), UTC)
    valuation = {"fund": "X", "as_of": TODAY, "currency": "USD"}
    put(recorded, FundValuations, [valuation | {"nav": 10.0}], early)
    assert found(recorded, BEFORE) == 1

    put(recorded, FundValuations, [valuation | {"nav": 10.1}], evening(TODAY))
    assert found(recorded, BEFORE) == 0


@pytest.mark.parametrize(
    ("again", "rows"),
    [
        pytest.param({"as_of": TODAY}, 0, id="it has been confirmed"),
        pytest.param({"as_of": OPEN_DAYS[-2]}, 1, id="the later answer is about another day"),
    ],
)
def test_what_an_answer_after_the_close_has_confirmed_is_caught_no_more(
    recorded: duckdb.DuckDBPyConnection, again: dict[str, Any], rows: int
) -> None:
    early = datetime.combine(TODAY, time(9), UTC)
    put(recorded, FundValuations, [{"fund": "X", "as_of": TODAY, "nav": 10.0}], early)
    put(recorded, FundValuations, [{"fund": "X", "nav": 10.0} | again], evening(TODAY))

    assert found(recorded, BEFORE) == rows


def test_the_first_rows_that_a_check_finds_are_shown(market: duckdb.DuckDBPyConnection) -> None:
    early = datetime.combine(TODAY, time(9), UTC)
    funds = [f"X{number}" for number in range(5)]
    for fund in funds:
        lay(market, Funds, [{"fund": fund}])
        lay(market, FundValuations, [{"fund": fund, "as_of": TODAY}], early)

    told = failure(market, BEFORE)
    assert told.rows == 5
    assert len(told.examples) == checks.EXAMPLES
    assert all(example.startswith("relation fund_valu") for example in told.examples)


JUMP = "no_jump_is_unexplained"
OUNCE = 31.1034768  # grams
ERRORS = [100, 1 / 100, OUNCE, 1 / OUNCE, 1000, 1 / 1000]
BOUNDED: dict[str, Any] = {
    "close": Bars,
    "nav": FundValuations,
    "shares_outstanding": FundValuations,
}
# Past `launch_days`, so that every column is judged.
BEGINNING = FIRST - timedelta(60)


def lay_series(
    warehouse: duckdb.DuckDBPyConnection,
    column: str,
    series: Sequence[tuple[date, float | None]],
    source: str = "bank",
) -> None:
    schema = BOUNDED[column]
    subject, day = key(schema)[0], metadata(schema)["as_of"]
    rows = [{subject: "X", day: at, "source": source, column: value} for at, value in series]
    lay(warehouse, schema, rows, NOW + timedelta(400))


def lay_split(warehouse: duckdb.DuckDBPyConnection, day: date, ratio: float) -> None:
    split = {"instrument": "X", "ex_date": day, "kind": "split", "ratio": ratio}
    lay(warehouse, CorporateActions, [split])
    lay(warehouse, CorporateActions, [split | {"source": "other"}])
    lay(warehouse, CorporateActions, [split | {"instrument": "Y"}])


def quiet(first: date = BEGINNING, last: date = TODAY, value: float = 50.0) -> dict[date, float]:
    """Give a series without a jump: it rises by a tenth, then falls back, and so on."""
    return {day: value * (1 + n % 2 / 10) for n, day in enumerate(sessions(first, last))}


def test_the_bounded_columns_are_those_of_these_tests() -> None:
    assert {places["column"] for places in checks.bounded_columns()} == BOUNDED.keys()


@pytest.mark.parametrize("column", BOUNDED)
def test_a_series_without_a_jump_passes(market: duckdb.DuckDBPyConnection, column: str) -> None:
    lay_series(market, column, list(quiet().items()))
    lay_series(market, column, list(quiet(value=5000.0).items()), source="in cents")

    assert found(market, JUMP) == 0


@pytest.mark.parametrize("factor", ERRORS, ids="x {:.4g}".format)
@pytest.mark.parametrize("column", BOUNDED)
def test_an_error_of_units_is_caught_on_its_way_in_and_out(
    market: duckdb.DuckDBPyConnection, column: str, factor: float
) -> None:
    series = quiet()
    series[OPEN_DAYS[5]] *= factor
    lay_series(market, column, list(series.items()))

    told = failure(market, JUMP)
    assert told.blocks
    assert told.rows == 2


@pytest.mark.parametrize("factor", ERRORS, ids="x {:.4g}".format)
@pytest.mark.parametrize("column", BOUNDED)
def test_an_error_that_stays_is_caught_where_it_begins(
    market: duckdb.DuckDBPyConnection, column: str, factor: float
) -> None:
    series = quiet()
    wrong = {day: value * factor for day, value in series.items() if day >= OPEN_DAYS[5]}
    lay_series(market, column, list((series | wrong).items()))

    assert found(market, JUMP) == 1


SPLIT_ON = OPEN_DAYS[5]


def with_step(factor: float) -> list[tuple[date, float | None]]:
    return [(day, v * factor if day >= SPLIT_ON else v) for day, v in quiet().items()]


@pytest.mark.parametrize(
    ("factor", "split_on", "ratio", "rows"),
    [
        pytest.param(0.1, SPLIT_ON, 10.0, 0, id="a split on the day"),
        pytest.param(30.0, SPLIT_ON, 1 / 30, 0, id="a reverse split on the day"),
        pytest.param(1.0, SPLIT_ON, 10.0, 0, id="a split that the source has reckoned in"),
        pytest.param(0.1, SPLIT_ON - timedelta(1), 10.0, 0, id="a split on a day between"),
        pytest.param(0.1, SPLIT_ON - timedelta(7), 10.0, 1, id="a split of the week before"),
        pytest.param(0.1, SPLIT_ON + timedelta(1), 10.0, 1, id="a split of the next day"),
        pytest.param(10.0, SPLIT_ON, 10.0, 1, id="a split in the wrong direction"),
        pytest.param(0.1, SPLIT_ON, 4.0, 0, id="a split that leaves little to explain"),
        pytest.param(0.01, SPLIT_ON, 2.0, 1, id="a split too small to explain it"),
        pytest.param(10.0, SPLIT_ON, 1 / 10, 0, id="a split of ten into one"),
        pytest.param(0.1 * 100, SPLIT_ON, 10.0, 1, id="a split and cents for dollars"),
        pytest.param(0.1 / OUNCE, SPLIT_ON, 10.0, 1, id="a split and grams for ounces"),
    ],
)
@pytest.mark.parametrize("column", ["close", "nav"])
def test_a_split_explains_the_jump_it_makes_and_no_other(
    market: duckdb.DuckDBPyConnection,
    column: str,
    factor: float,
    split_on: date,
    ratio: float,
    rows: int,
) -> None:
    assert SPLIT_ON.weekday() == 0
    lay_series(market, column, with_step(factor))
    lay_split(market, split_on, ratio)

    assert found(market, JUMP) == rows


def test_two_splits_between_two_values_explain_it_together(
    market: duckdb.DuckDBPyConnection,
) -> None:
    lay_series(market, "close", with_step(1 / 100))
    lay_split(market, SPLIT_ON, 10.0)
    lay_split(market, SPLIT_ON - timedelta(1), 10.0)

    assert found(market, JUMP) == 0


def test_a_dividend_explains_nothing(market: duckdb.DuckDBPyConnection) -> None:
    lay_series(market, "close", with_step(1 / 100))
    dividend = {"instrument": "X", "ex_date": SPLIT_ON, "kind": "dividend", "ratio": 100.0}
    lay(market, CorporateActions, [dividend | {"amount": 49.5}])

    assert found(market, JUMP) == 1


@pytest.mark.parametrize(
    ("days", "factor", "rows"),
    [
        pytest.param(10, 6, 1, id="ten days excuse nothing"),
        pytest.param(31, 6, 1, id="nor does a month"),
        pytest.param(62, 6, 0, id="in two months it may have moved by more"),
        pytest.param(62, OUNCE, 1, id="but not by an ounce's grams"),
        pytest.param(365, 100, 1, id="nor in a year a hundredfold"),
        pytest.param(3650, 500, 0, id="what ten years may have done"),
    ],
)
def test_a_value_after_a_hole_is_judged_by_the_one_before_it(
    market: duckdb.DuckDBPyConnection, days: int, factor: float, rows: int
) -> None:
    lay_series(market, "close", [(FIRST, 20.0), (FIRST + timedelta(days), 20.0 * factor)])

    assert found(market, JUMP) == rows


def test_a_count_not_published_is_passed_over(market: duckdb.DuckDBPyConnection) -> None:
    unknown = dict.fromkeys(OPEN_DAYS[5:7])
    hundredfold = {day: count * 100 for day, count in quiet().items() if day >= OPEN_DAYS[7]}
    lay_series(market, "shares_outstanding", list((quiet() | unknown | hundredfold).items()))

    assert found(market, JUMP) == 1


@pytest.mark.parametrize(("day", "rows"), [(30, 0), (31, 0), (32, 1)])
def test_a_new_funds_shares_may_multiply_for_a_month(
    market: duckdb.DuckDBPyConnection, day: int, rows: int
) -> None:
    launch = {FIRST + timedelta(n): 1e5 if n < day else 1e7 for n in range(40)}
    lay_series(market, "shares_outstanding", list(launch.items()))

    assert found(market, JUMP) == rows


def test_a_count_of_no_shares_is_a_jump(market: duckdb.DuckDBPyConnection) -> None:
    lay_series(market, "shares_outstanding", list((quiet() | {OPEN_DAYS[5]: 0.0}).items()))

    assert found(market, JUMP) == 2


def test_a_jump_that_is_believed_no_longer_is_no_fault(recorded: duckdb.DuckDBPyConnection) -> None:
    closes = quiet(first=FIRST)
    bars = [{"instrument": "X", "session": day, "close": close} for day, close in closes.items()]
    put(recorded, Bars, bars, NOW)
    put(recorded, Bars, [bars[-1] | {"close": closes[TODAY] * 100}], NOW + HOUR)
    assert found(recorded, JUMP) == 1

    put(recorded, Bars, [bars[-1]], NOW + 2 * HOUR)
    assert found(recorded, JUMP) == 0


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        pytest.param(100.0, 0, id="confirmed"),
        pytest.param(1.0, 0, id="corrected"),
        pytest.param(30.0, 0, id="corrected to what a person has looked at"),
        pytest.param(None, 2, id="nobody has looked"),
    ],
)
def test_a_leap_that_a_person_has_looked_at_blocks_no_more(
    corrected: duckdb.DuckDBPyConnection, value: float | None, rows: int
) -> None:
    leap = OPEN_DAYS[-5]
    closes = quiet(value=1.0) | {leap: 100.0}
    bars = [{"instrument": "X", "session": day, "close": close} for day, close in closes.items()]
    put(corrected, Bars, bars, NOW)
    if value:
        row = {"instrument": "X", "session": leap}
        put(corrected, Corrections, [correction(Bars, row, "close", 100.0, value)], NOW)

    assert found(corrected, JUMP) == rows


def test_to_correct_one_column_explains_no_other(corrected: duckdb.DuckDBPyConnection) -> None:
    leap = OPEN_DAYS[-5]
    closes = quiet(value=1.0) | {leap: 100.0}
    bars = [
        {"instrument": "X", "session": day, "close": close, "adj_close": 7.0}
        for day, close in closes.items()
    ]
    put(corrected, Bars, bars, NOW)
    row = {"instrument": "X", "session": leap}
    put(corrected, Corrections, [correction(Bars, row, "adj_close", 7.0, 8.0)], NOW)

    assert found(corrected, JUMP) == 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from([1, 1, 3, 10, 31, 40, 70]),
        st.sampled_from([0.01, 1 / OUNCE, 1 / 8, 0.5, 0.9, 1.0, 1.1, 2.0, 9.0, OUNCE, 100.0]),
        st.sampled_from([None, None, 8.0, 1 / 8]),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=25)
def test_jumps_are_those_that_plain_python_finds(
    shared: duckdb.DuckDBPyConnection, steps: list[tuple[int, float, float | None]]
) -> None:
    days = accumulate((days for days, _, _ in steps), initial=0)
    closes = accumulate((step for _, step, _ in steps), operator.mul, initial=1e9)
    series = [(FIRST + timedelta(n), close) for n, close in zip(days, closes, strict=True)]
    shared.begin()
    lay_series(shared, "close", series)
    for (day, _), (_, _, ratio) in zip(series[1:], steps, strict=True):
        if ratio:
            lay_split(shared, day, ratio)
    rows = found(shared, JUMP)
    shared.rollback()

    assert rows == sum(is_jump(*step) for step in steps)


def is_jump(days: int, step: float, ratio: float | None) -> bool:
    bound = math.log(5 * max(1, days / 31))
    return all(abs(math.log(step * basis)) > bound for basis in (1, ratio or 1))


def real_series() -> list[Any]:
    """Name the captured series of every bounded column; their files may not be copied here."""
    return [
        pytest.param(file, served, column, id=f"{file.stem} {served}")
        for folder, columns in {
            "prices": {"close": "close"},
            "funds": {"nav": "nav", "shares_outstanding": "shares_outstanding"},
        }.items()
        for file in sorted((HISTORY / folder).glob("*.csv"))
        for served, column in columns.items()
    ]


@pytest.mark.skipif(not HISTORY.exists(), reason="real history: ../shared is not there")
@pytest.mark.parametrize(("file", "served", "column"), real_series())
def test_no_real_series_jumps_and_its_errors_of_units_do(
    market: duckdb.DuckDBPyConnection, file: Path, served: str, column: str
) -> None:
    series = (
        pl.read_csv(file, try_parse_dates=True, infer_schema_length=None)
        .select("date", pl.col(served).cast(pl.Float64))
        .drop_nulls()
        .sort("date")
        .rows()
    )
    lay_series(market, column, series)
    assert found(market, JUMP) == 0

    places = range(60, len(series), 60)
    wrong = [
        (day, value * ERRORS[n // 60 % len(ERRORS)] if n in places else value)
        for n, (day, value) in enumerate(series)
    ]
    lay_series(market, column, wrong, source="wrong")
    assert found(market, JUMP) == 2 * len(places) - (places[-1] == len(series) - 1)


SUMS = "weights_add_up"


@pytest.mark.parametrize(
    ("weights", "caught"),
    [
        pytest.param([0.6, 0.4], False, id="the whole"),
        pytest.param([0.6, 0.3988], False, id="what rounding leaves"),
        pytest.param([0.6, 0.4002], False, id="what rounding adds"),
        pytest.param([0.6, 0.5, -0.1], False, id="a short position"),
        pytest.param([0.6, 0.4, None], False, id="a holding without a weight"),
        pytest.param([None, None], False, id="no weight at all"),
        pytest.param([0.6, 0.37], True, id="a holding left out"),
        pytest.param([0.6, 0.43], True, id="a holding too much"),
        pytest.param([60.0, 40.0], True, id="percentages"),
        pytest.param([0.006, 0.004], True, id="a percentage of a fraction"),
        pytest.param([0.0, None], True, id="nothing"),
    ],
)
def test_weights_that_do_not_add_up_are_told(
    market: duckdb.DuckDBPyConnection,
    weights: list[float | None],
    caught: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    held = {"fund": "X", "as_of": TODAY}
    rows = [held | {"holding": str(n), "weight": weight} for n, weight in enumerate(weights)]
    lay(market, Holdings, rows, NOW)
    whole = held | {"holding": "tin", "weight": 1.0}
    lay(market, Holdings, [whole | {"as_of": OPEN_DAYS[0]}, whole | {"source": "other"}], NOW)

    told = failure(market, SUMS)
    assert not told.blocks
    assert bool(told.rows) == caught


def test_weights_of_a_snapshot_that_is_believed_no_longer_do_not_count(
    recorded: duckdb.DuckDBPyConnection,
) -> None:
    held = {"fund": "X", "as_of": TODAY, "weight": 0.5}
    put(recorded, Holdings, [held | {"holding": "tin"}], NOW)
    assert found(recorded, SUMS) == 1

    put(recorded, Holdings, [held | {"holding": name} for name in ("tin", "zinc")], NOW + HOUR)
    assert found(recorded, SUMS) == 0


MISSING = "no_session_is_missing"


@pytest.mark.parametrize(
    ("stored", "rows"),
    [
        pytest.param([], [], id="nothing is stored yet"),
        pytest.param(OPEN_DAYS, [], id="all are stored"),
        pytest.param(OPEN_DAYS[:-3], [], id="the last three are late"),
        pytest.param(OPEN_DAYS[:4] + OPEN_DAYS[6:], [2], id="a hole"),
        pytest.param(OPEN_DAYS[:4] + OPEN_DAYS[6:-3], [2], id="a hole, and the last ones late"),
        pytest.param(OPEN_DAYS[5:], [5], id="the first ones"),
    ],
)
@pytest.mark.parametrize("schema", [Bars, FundValuations], ids=tables.name)
def test_a_session_missing_before_the_last_one_stored_is_told(
    market: duckdb.DuckDBPyConnection, schema: Any, stored: list[date], rows: list[int]
) -> None:
    begin(market, "run", datetime.combine(TODAY, time(23), UTC))
    lay_stored(market, schema, stored)

    dataset = "quotes" if schema is Bars else "valuations"
    assert missing(market) == [(dataset, "X", count) for count in rows]
    told = failure(market, MISSING)
    assert not told.blocks
    assert bool(told.rows) == bool(rows)


@pytest.mark.parametrize("schema", [Bars, FundValuations], ids=tables.name)
def test_what_a_fallback_lacks_is_not_told(market: duckdb.DuckDBPyConnection, schema: Any) -> None:
    begin(market, "run", datetime.combine(TODAY, time(23), UTC))
    market.execute("update history.instruments set sources = 'bank:1 other:1'")
    market.execute("update history.funds set sources = 'bank:1 other:1'")
    lay_stored(market, schema, OPEN_DAYS)
    lay_stored(market, schema, OPEN_DAYS[4:5], source="other")
    assert missing(market) == []

    lay_stored(market, schema, OPEN_DAYS[6:7], source="other")
    assert missing(market) == []


def test_what_a_fallback_has_fills_no_hole_of_the_first_source(
    market: duckdb.DuckDBPyConnection,
) -> None:
    begin(market, "run", datetime.combine(TODAY, time(23), UTC))
    market.execute("update history.funds set sources = 'bank:1 other:1'")
    lay_stored(market, FundValuations, OPEN_DAYS[:4] + OPEN_DAYS[6:])
    lay_stored(market, FundValuations, OPEN_DAYS, source="other")

    assert missing(market) == [("valuations", "X", 2)]


@pytest.mark.parametrize("stored", [OPEN_DAYS[:1], OPEN_DAYS[:-3], OPEN_DAYS[-1:]])
def test_a_fund_without_a_history_misses_none_of_it(
    market: duckdb.DuckDBPyConnection, stored: list[date]
) -> None:
    begin(market, "run", datetime.combine(TODAY, time(23), UTC))
    market.execute("update history.funds set first_session = null")
    lay_stored(market, FundValuations, stored)

    assert missing(market) == []


def lay_stored(
    warehouse: duckdb.DuckDBPyConnection, schema: Any, days: list[date], source: str = "bank"
) -> None:
    plain = {"source": source} | ({"close": 1.0} if schema is Bars else {})
    subject, day = key(schema)[0], metadata(schema)["as_of"]
    lay(warehouse, schema, [{subject: "X", day: at} | plain for at in days], NOW)


def missing(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    query = (checks.FOLDER / f"{MISSING}.sql").read_text()
    return [
        (dataset, subject, count)
        for dataset, subject, _, count in warehouse.execute(query).fetchall()
    ]


def test_a_session_confirmed_to_be_missing_is_not_told(recorded: duckdb.DuckDBPyConnection) -> None:
    begin(recorded, "run", datetime.combine(TODAY, time(23), UTC))
    bars = [{"instrument": "X", "session": day, "close": 1.0} for day in OPEN_DAYS]
    whole: dict[str, Any] = {"subject": "X", "dataset": "quotes", "asked": (FIRST, TODAY)}
    put(recorded, Bars, bars[:4], evening(OPEN_DAYS[3]), **whole)
    assert missing(recorded) == []

    put(recorded, Bars, bars[6:9], evening(OPEN_DAYS[6]), **whole, tag="b")
    assert missing(recorded) == [("quotes", "X", 2)]

    put(recorded, Bars, bars[:4] + bars[6:], evening(TODAY), **whole, tag="c")
    assert missing(recorded) == []


COVERED = "every_group_is_covered"


def lay_group(
    warehouse: duckdb.DuckDBPyConnection, last: dict[str, date], **spells: dict[str, date]
) -> None:
    """Lay the group `metals`: funds of 9,500 (BIG) and 500 shares that report up to a day."""
    for fund, until in last.items():
        lay(warehouse, Funds, [{"fund": fund, "first_session": FIRST}])
        lay(warehouse, FundGroups, [{"fund_group": "metals", "fund": fund} | spells.get(fund, {})])
        shares = 9500.0 if fund == "BIG" else 500.0
        counts = [
            {"fund": fund, "as_of": day, "shares_outstanding": shares}
            for day in OPEN_DAYS
            if day <= until
        ]
        lay(warehouse, FundValuations, counts, NOW)


EARLIER = OPEN_DAYS[-2]


@pytest.mark.parametrize(
    ("last", "hour", "coverage"),
    [
        pytest.param({"BIG": TODAY, "S": TODAY}, 23, None, id="all have reported"),
        pytest.param({"BIG": TODAY, "S": EARLIER}, 23, None, id="95 % have reported"),
        pytest.param({"BIG": TODAY, "S": EARLIER, "T": EARLIER}, 23, 0.905, id="90 % have"),
        pytest.param({"BIG": EARLIER, "S": TODAY}, 23, 0.05, id="the big one has not"),
        pytest.param({"BIG": EARLIER, "S": TODAY}, 21, None, id="it is not due yet"),
        pytest.param({"BIG": EARLIER, "S": EARLIER}, 23, 0, id="none has reported"),
        pytest.param({"BIG": BEGINNING, "S": BEGINNING}, 23, None, id="nothing was ever asked for"),
    ],
)
def test_a_group_of_which_too_little_reported_is_told(
    market: duckdb.DuckDBPyConnection, last: dict[str, date], hour: int, coverage: float | None
) -> None:
    begin(market, "run", datetime.combine(TODAY, time(hour), UTC))
    lay_group(market, last)

    told = market.execute((checks.FOLDER / f"{COVERED}.sql").read_text()).fetchall()
    if coverage is None:
        assert told == []
    else:
        assert told == [("metals", TODAY, pytest.approx(coverage, abs=0.001))]
        assert not failure(market, COVERED).blocks


def test_a_member_that_has_left_is_not_waited_for(market: duckdb.DuckDBPyConnection) -> None:
    begin(market, "run", datetime.combine(TODAY, time(23), UTC))
    left = {"member_until": EARLIER}
    lay_group(market, {"BIG": EARLIER, "S": TODAY}, BIG=left)

    assert found(market, COVERED) == 0


SHRINKS = "no_history_shrinks"


def three_days(*navs: float | None) -> list[dict[str, Any]]:
    days = sessions(date(2030, 6, 24), date(2030, 6, 26))
    return [
        {"fund": "AAA", "as_of": day, "nav": nav}
        for day, nav in zip(days, navs, strict=True)
        if nav is not None
    ]


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        pytest.param([(1, 1, 1), (1, None, 1)], 1, id="a hole where there was a row"),
        pytest.param([(1, 1, 1), (1, None, 1), (1, 1, 1)], 0, id="it was a hiccup"),
        pytest.param([(1, 1, 1), (1, None, 1), (1, None, 1)], 1, id="it stays away"),
        pytest.param([(1, 1, 1), (1, None, 1), (1, None, None)], 1, id="other days say nothing"),
        pytest.param([(1, None, 1), (1, 1, 1)], 0, id="it came late"),
        pytest.param([(1, 1, 1), (None, None, 1)], 1, id="all was asked for, and it begins later"),
        pytest.param([(1, 1, 1), (None, 1, 1), (1, 1, 1)], 0, id="and then it begins as before"),
        pytest.param([(1, 1, 1), (1, -1, 1)], 0, id="it is there, and a rejection"),
        pytest.param([(1, None, None), (None, 1, None)], 0, id="it serves a day at a time"),
    ],
)
def test_a_history_that_shrank_is_told_of(
    warehouse: duckdb.DuckDBPyConnection, answers: list[tuple[float | None, ...]], missing: int
) -> None:
    for hour, navs in enumerate(answers):
        put(warehouse, FundValuations, three_days(*navs), evening(date(2030, 7, 1)) + hour * HOUR)

    assert shrunk(warehouse) == missing


def test_an_answer_to_a_shorter_question_shrinks_nothing(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    days = (date(2030, 6, 24), date(2030, 6, 26))
    for hour, (navs, first) in enumerate([((1, 1, 1), days[0]), ((None, 1, 1), days[1])]):
        known_at = evening(date(2030, 7, 1)) + hour * HOUR
        put(warehouse, FundValuations, three_days(*navs), known_at, asked=(first, days[1]))

    assert shrunk(warehouse) == 0


def shrunk(warehouse: duckdb.DuckDBPyConnection) -> int:
    return found(warehouse, SHRINKS)


@pytest.mark.parametrize(
    ("calendar", "left_out", "holes"),
    [
        pytest.param("TEST", [], 0, id="every session"),
        pytest.param("TEST", [5, 6], 1, id="a hole of two sessions is one hole"),
        pytest.param("TEST", [5, 9], 2, id="two holes"),
        pytest.param("TEST", [0, -1], 0, id="the ends are no holes"),
        pytest.param(None, [5], 0, id="a series that names no calendar"),
    ],
)
def test_a_hole_in_the_days_of_a_rate_is_told_of(
    market: duckdb.DuckDBPyConnection, calendar: str | None, left_out: list[int], holes: int
) -> None:
    days = sessions(date(2030, 6, 3), date(2030, 6, 28))
    gone = {days[n] for n in left_out}
    lay(market, Series, [{"series": "RATE", "calendar": calendar}])
    rates = [{"series": "RATE", "as_of": day, "value": 4.0} for day in days if day not in gone]
    lay(market, Rates, rates)

    assert found(market, "no_day_of_a_rate_is_missing") == holes
