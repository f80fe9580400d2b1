"""The engine's parts, on any relation: against plain Python, on histories with gaps and ties."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse.market import answer
from warehouse import definitions

MACROS = sorted(definitions.macros().items())
TABLES = [(name, macro) for name, macro in MACROS if macro.columns]
DAY = date(2030, 3, 4)
History = list[tuple[str, date, float | None]]
Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    """Open a database of an analyst's own, with nothing in it but the macros."""
    connection = duckdb.connect()
    definitions.create_macros(connection)
    return connection


@st.composite
def histories(draw: st.DrawFn, least: float = -3) -> History:
    """Draw up to three entities' values on some days: with gaps, ties, zeros and unknowns."""
    values = st.none() | st.integers(int(least), 3).map(float)
    days = st.dictionaries(st.integers(0, 60), values, max_size=25)
    return [
        (entity, DAY + timedelta(number), value)
        for entity in draw(st.sets(st.sampled_from("abc")))
        for number, value in draw(days).items()
    ]


def relation(rows: History) -> pl.DataFrame:
    """Put rows in the columns of a table that is not ours, in no order."""
    schema = {"ticker": pl.String, "day": pl.Date, "x": pl.Float64}
    return pl.DataFrame(sorted(rows, key=str, reverse=True), schema=schema, orient="row")


def asked(engine: duckdb.DuckDBPyConnection, rows: History, query: str) -> list[tuple[Any, ...]]:
    engine.register("mine", relation(rows))
    return answer(engine, f"{query} order by all")


def by_entity(rows: History) -> dict[str, list[tuple[date, float | None]]]:
    entities = sorted({entity for entity, *_ in rows})
    return {e: sorted((day, x) for name, day, x in rows if name == e) for e in entities}


def known(rows: History) -> dict[str, list[tuple[date, float]]]:
    told = {
        e: [(day, x) for day, x in values if x is not None] for e, values in by_entity(rows).items()
    }
    return {entity: values for entity, values in told.items() if values}


@pytest.mark.parametrize(("name", "macro"), MACROS)
def test_a_macro_says_what_it_takes_and_gives(
    name: str, macro: definitions.Macro, shared: duckdb.DuckDBPyConnection
) -> None:
    for line in ("Grain   one ", "Method  ", "Caveat  "):
        assert line in macro.comment
    [(parameters, comment)] = answer(
        shared,
        f"select parameters, comment from duckdb_functions() where function_name = '{name}'",
    )
    assert parameters == list(macro.arguments)
    assert comment == macro.comment
    assert f"{name}(" in macro.example


@pytest.mark.parametrize(("name", "macro"), TABLES)
def test_a_macros_example_runs(
    name: str, macro: definitions.Macro, shared: duckdb.DuckDBPyConnection
) -> None:
    assert answer(shared, macro.example) == []


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("nth(1, 'largest')", "largest"),
        ("nth(2, 'largest')", "second largest"),
        ("nth(3, 'largest')", "third largest"),
        ("nth(4, 'largest')", "4th largest"),
        ("nth(11, 'largest')", "11th largest"),
        ("nth(13, 'largest')", "13th largest"),
        ("nth(21, 'largest')", "21st largest"),
        ("nth(22, 'largest')", "22nd largest"),
        ("nth(33, 'largest')", "33rd largest"),
        ("nth(111, 'largest')", "111th largest"),
        ("nth(1710, 'worst')", "1,710th worst"),
        ("counted(0, 'month')", "0 months"),
        ("counted(1, 'month')", "1 month"),
        ("counted(1234, 'session')", "1,234 sessions"),
        ("quantity(1.4, 'shares')", "1 share"),
        ("quantity(-15687402.3, 'ounces')", "-15,687,402 ounces"),
        ("quantity(2e9, 'usd')", "2,000,000,000 dollars"),
        ("percentage(0.12345)", "12.35 %"),
        ("percentage(-0.00001)", "0.00 %"),
        ("percentage(12.5, decimals := 0)", "1,250 %"),
        ("significant(67.326)", "67.33"),
        ("significant(0.034991)", "0.03499"),
        ("significant(1234.5)", "1,234.50"),
        ("significant(0.9999)", "0.9999"),
        ("significant(0.99996)", "1.000"),
        ("significant(9.9999)", "10.00"),
        ("significant(0.00099999)", "0.001000"),
        ("significant(0)", None),
        ("in_words(999994000000)", "999.99 billion"),
        ("in_words(999996000000)", "1.000 trillion"),
        ("in_words(999.996e6)", "1.000 billion"),
        ("in_words(812000000)", "812.00 million"),
        ("present(['a', null, 'b'])", ["a", "b"]),
        ("present([null])", []),
        ("nth(null, 'largest')", None),
        ("quantity(null, 'usd')", None),
        ("percentage(null)", None),
    ],
)
def test_a_phrase_is_english(
    engine: duckdb.DuckDBPyConnection, phrase: str, text: str | list[str] | None
) -> None:
    assert answer(engine, f"select {phrase}") == [(text,)]


@pytest.mark.parametrize(("name", "macro"), TABLES)
def test_a_macros_columns_are_those_its_header_explains(
    name: str, macro: definitions.Macro, engine: duckdb.DuckDBPyConnection
) -> None:
    engine.register("mine", relation([]))
    given = {"rel": "mine", "above": "mine", "below": "mine", "entity": "ticker"}
    given |= {"period": "day", "value": "x", "base": "date '2030-03-04'", "holding": "ticker"}
    arguments = ", ".join(given[name] for name in macro.arguments if name not in macro.defaults)

    assert engine.sql(f"from {name}({arguments})").columns == list(macro.columns)


def test_a_macro_reads_a_table_a_view_or_a_part_of_the_query(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    rows: History = [("a", DAY, 1.0), ("b", DAY, -1.0)]
    engine.register("mine", relation(rows))
    engine.execute("create or replace temp table own_table as from mine")
    engine.execute("create or replace temp view own_view as from mine")

    for named in ("own_table", "'own_table'", "own_view"):
        found = answer(engine, f"select streak from streaks({named}, ticker, day, x) order by 1")
        assert found == [(0,), (1,)]
    query = "with part as (from mine where x > 0) select streak from streaks(part, ticker, day, x)"
    assert answer(engine, query) == [(1,)]


def test_an_entity_may_be_of_several_columns_and_a_value_an_expression(
    engine: duckdb.DuckDBPyConnection,
) -> None:
    rows: History = [("a", DAY, -1.0), ("a", DAY + timedelta(1), -2.0)]
    query = "select subject.t, streak from streaks(mine, {'t': ticker}, day, -x)"

    assert asked(engine, rows, query) == [("a", 1), ("a", 2)]


def streaks_of(values: list[tuple[date, float | None]]) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    length: int | None = 0
    first, at_least = None, True
    for day, x in values:
        if x is None:
            length, first, at_least = None, None, False
        elif x <= 0:
            length, first, at_least = 0, None, False
        elif length is not None:
            length, first = length + 1, first or day
        told.append((day, length, first, at_least))
    return told


@given(rows=histories())
def test_streaks_are_those_of_a_loop(engine: duckdb.DuckDBPyConnection, rows: History) -> None:
    query = (
        "select subject, as_of, streak, first_as_of, at_least from streaks(mine, ticker, day, x)"
    )

    expected = [(e, *row) for e, values in by_entity(rows).items() for row in streaks_of(values)]
    assert asked(engine, rows, query) == expected


def records_of(values: list[tuple[date, float]]) -> list[tuple[Any, ...]]:
    told: list[tuple[Any, ...]] = []
    for number, (day, x) in enumerate(values):
        earlier = values[:number]
        if earlier and x >= (best := max(y for _, y in earlier)):
            set_at = min(d for d, y in earlier if y == best)
            since = set_at if set_at != values[0][0] or best == values[0][1] else None
            told.append((day, x, "matches" if x == best else "sets", best, since, number + 1))
    return told


@given(rows=histories())
def test_records_are_those_of_a_loop(engine: duckdb.DuckDBPyConnection, rows: History) -> None:
    query = (
        "select subject, as_of, amount, kind, previous_amount, previous_as_of, observations "
        "from records(mine, ticker, day, x)"
    )

    expected = [(e, *row) for e, values in known(rows).items() for row in records_of(values)]
    assert asked(engine, rows, query) == expected


@given(rows=histories(), counted=st.sampled_from(["true", "x > -2", "day < date '2030-03-20'"]))
def test_ranks_are_those_of_a_count(
    engine: duckdb.DuckDBPyConnection, rows: History, counted: str
) -> None:
    counts: dict[str, Callable[[date, float], bool]] = {
        "true": lambda _, __: True,
        "x > -2": lambda _, x: x > -2,
        "day < date '2030-03-20'": lambda day, _: day < date(2030, 3, 20),
    }
    query = (
        "select subject, as_of, rank, rank_if_counted, of, is_shared "
        f"from nth_largest(mine, ticker, day, x, counts := {counted})"
    )

    expected = []
    for entity, values in known(rows).items():
        field = [(day, x) for day, x in values if counts[counted](day, x)]
        for day, x in values:
            place = 1 + sum(y > x for _, y in field)
            places = (place, None) if (day, x) in field else (None, place)
            is_shared = any(y == x and other != day for other, y in field)
            expected.append((entity, day, *places, len(field), is_shared))
    assert asked(engine, rows, query) == expected


@given(rows=histories())
def test_since_is_the_latest_day_at_least_as_large(
    engine: duckdb.DuckDBPyConnection, rows: History
) -> None:
    query = (
        "select subject, as_of, since, since_amount, observations, first_as_of "
        "from since(mine, ticker, day, x)"
    )

    expected = []
    for entity, values in known(rows).items():
        for number, (day, x) in enumerate(values):
            like = [(d, y) for d, y in values[:number] if y >= x]
            found = like[-1] if like else (None, None)
            expected.append((entity, day, *found, number + 1, values[0][0]))
    assert asked(engine, rows, query) == expected


@given(
    rows=histories(least=1),
    base=st.integers(-2, 40),
    until=st.none() | st.integers(20, 70),
    stale=st.integers(0, 9),
)
def test_a_league_is_that_of_a_loop(
    engine: duckdb.DuckDBPyConnection, rows: History, base: int, until: int | None, stale: int
) -> None:
    first = DAY + timedelta(base)
    days = [day for values in known(rows).values() for day, _ in values]
    last = DAY + timedelta(until) if until is not None else max(days, default=DAY)
    upto = f"date '{last}'" if until is not None else "null"
    query = (
        "select subject, base_as_of, as_of, change, is_stale, rank, of from league(mine, ticker, "
        f"day, x, date '{first}', until := {upto}, stale_days := {stale})"
    )

    found: list[tuple[Any, ...]] = []
    for entity, values in known(rows).items():
        seen = [(day, x) for day, x in values if day <= last]
        if not (bases := [(day, x) for day, x in seen if day <= first]):
            continue
        [(based_on, begun), (ended_on, ended)] = bases[-1], seen[-1]
        is_stale = (first - based_on).days > stale or (last - ended_on).days > stale
        found.append((entity, based_on, ended_on, ended / begun - 1, is_stale))
    fresh = [change for *_, change, is_stale in found if not is_stale]
    assert asked(engine, rows, query) == [
        (
            *(entity, based_on, ended_on, None if is_stale else change, is_stale),
            None if is_stale else 1 + sum(other > change for other in fresh),
            len(fresh),
        )
        for entity, based_on, ended_on, change, is_stale in found
    ]


@given(rows=histories(), oldest=st.integers(0, 9))
def test_a_cross_rate_carries_the_last_value_below(
    engine: duckdb.DuckDBPyConnection, rows: History, oldest: int
) -> None:
    values = known(rows)
    query = (
        "with a as (select 'p' as p, day, x from mine where ticker = 'a'), "
        "b as (select 'p' as p, day, x from mine where ticker = 'b') "
        "select as_of, rate, denominator_as_of, age_days "
        f"from cross_rate(a, b, p, day, x, oldest := {oldest})"
    )

    expected = []
    for day, x in values.get("a", []):
        below = [(d, y) for d, y in values.get("b", []) if d <= day]
        if below and (age := (day - below[-1][0]).days) <= oldest:
            [(carried, y)] = below[-1:]
            expected.append((day, x / y if y else None, carried, age))
    assert asked(engine, rows, query) == expected


@given(rows=histories(), length=st.integers(1, 6))
def test_a_moving_average_is_that_of_a_loop(
    engine: duckdb.DuckDBPyConnection, rows: History, length: int
) -> None:
    query = (
        "select subject, as_of, mean, is_above, on_side, side_since, observations "
        f"from ratio_to_sma(mine, ticker, day, x, length := {length})"
    )

    expected: list[tuple[Any, ...]] = []
    for entity, values in known(rows).items():
        side, since, on_side = 0, None, 0
        for number, (day, x) in enumerate(values, start=1):
            if number < length:
                expected.append((entity, day, None, None, None, None, number))
                continue
            mean = sum(y for _, y in values[number - length : number]) / length
            now = (x > mean) - (x < mean)
            on_side, since = (on_side + 1, since) if now == side else (1, day)
            side = now
            told = (on_side, since) if now else (0, None)
            expected.append((entity, day, pytest.approx(mean), now > 0, *told, number))
    assert asked(engine, rows, query) == expected


@given(rows=histories(), unit=st.sampled_from(["week", "month", "quarter", "year"]))
def test_periods_to_date_are_those_of_a_loop(
    engine: duckdb.DuckDBPyConnection, rows: History, unit: str
) -> None:
    query = (
        "select subject, starts_on, amount, previous_amount, ratio, last_as_of, observations "
        f"from period_to_date(mine, ticker, day, x, unit := '{unit}')"
    )

    expected = []
    for entity, values in by_entity(rows).items():
        periods: dict[date, list[tuple[date, float | None]]] = {}
        for day, x in values:
            periods.setdefault(start(day, unit), []).append((day, x))
        sums = {
            begun: None if any(x is None for _, x in inside) else sum(x or 0 for _, x in inside)
            for begun, inside in periods.items()
        }
        for begun, inside in periods.items():
            before = sums.get(start(begun - timedelta(1), unit))
            total = sums[begun]
            ratio = total / before if total is not None and before and before > 0 else None
            expected.append((entity, begun, total, before, ratio, inside[-1][0], len(inside)))
    assert asked(engine, rows, query) == expected


def start(day: date, unit: str) -> date:
    """Give the first day of a day's period."""
    if unit == "week":
        return day - timedelta(day.weekday())
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    return date(day.year, 1 + (day.month - 1) // months * months, 1)
