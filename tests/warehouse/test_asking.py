from datetime import UTC, date, datetime, timedelta, timezone

import duckdb
import polars as pl
import pytest

from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import Instruments
from tests.warehouse.market import put
from warehouse.asking import QueryError, ask, nothing_known_before, standpoint, travel

NOW = datetime(2030, 7, 1, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("endless", "kind"),
    [
        pytest.param("timestamptz 'infinity'", pl.Datetime("us", "UTC"), id="an instant"),
        pytest.param("timestamp '-infinity'", pl.Datetime("us"), id="a naive instant"),
        pytest.param("date 'infinity'", pl.Date, id="a day"),
        pytest.param("timestamp_ns 'infinity'", pl.Datetime("ns"), id="a finer instant"),
    ],
)
def test_what_has_no_end_is_null(
    shared: duckdb.DuckDBPyConnection, endless: str, kind: pl.DataType
) -> None:
    answer = ask(shared, f"select {endless} as until, 1 as n")

    assert answer.schema["until"] == kind
    assert answer.rows() == [(None, 1)]


def test_what_has_no_end_is_null_in_a_list_too(shared: duckdb.DuckDBPyConnection) -> None:
    query = "select [date '2030-01-02', date 'infinity'] as days, [null::timestamptz] as instants"

    assert ask(shared, query).rows() == [([date(2030, 1, 2), None], [None])]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("timestamp '2030-01-02 03:00' - timestamp '2030-01-01'", "1 day 03:00:00"),
        pytest.param("'ab'::blob", "ab"),
        pytest.param("'101'::bit", "101"),
        pytest.param("timetz '10:11:12+02'", "10:11:12+02"),
        pytest.param("union_value(number := 2)", "2"),
    ],
)
def test_what_polars_does_not_know_is_text(
    shared: duckdb.DuckDBPyConnection, value: str, text: str
) -> None:
    assert ask(shared, f"select {value} as x, [x] as listed").rows()[0][0] == text


def test_of_a_long_answer_no_more_is_computed_than_is_wanted(
    shared: duckdb.DuckDBPyConnection,
) -> None:
    assert ask(shared, "from range(1000000000000000)", most=3)["range"].to_list() == [0, 1, 2]
    assert ask(shared, "from range(9) order by range desc", most=2)["range"].to_list() == [8, 7]


def test_a_table_is_turned_in_one_query(shared: duckdb.DuckDBPyConnection) -> None:
    turned = ask(shared, "pivot (values ('a', 1), ('b', 2)) as t (k, n) on k using sum(n)")

    assert turned.columns == ["a", "b"]


def test_days_and_instants_that_end_are_kept(shared: duckdb.DuckDBPyConnection) -> None:
    query = "select date '2030-01-02' as day, timestamptz '2030-01-02 03:04:05+00' as instant"

    assert ask(shared, query).rows() == [
        (date(2030, 1, 2), datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        pytest.param("select count(*) from funds", ["count_star()"], id="an unnamed column"),
        pytest.param('select 1 as "A b"', ["A b"], id="a name with a blank"),
        pytest.param("""select 1 as "say ""x\"""", ['say "x'], id="a name with a quote"),
        pytest.param('select 1 as "a.b"', ["a.b"], id="a name with a dot"),
        pytest.param("select 1 as a, 2 as a", ["a", "a_1"], id="the same name twice"),
        pytest.param("from fund_groups select fund", ["fund"], id="from first"),
        pytest.param("describe funds", None, id="a description"),
        pytest.param("set variable x = 1", [], id="a statement without answer"),
    ],
)
def test_any_query_can_be_asked(
    shared: duckdb.DuckDBPyConnection, query: str, columns: list[str] | None
) -> None:
    answer = ask(shared, query)

    assert columns is None or answer.columns == columns


@pytest.mark.parametrize(
    ("query", "told"),
    [
        pytest.param("select 1 from fund", "did you mean funds", id="with a suggestion"),
        pytest.param("select\n nav\n from funds", 'Referenced column "nav"', id="unknown column"),
        pytest.param("selec 1", "syntax error", id="bad syntax"),
        pytest.param("select 'x'::integer", "Could not convert", id="found while running"),
        pytest.param("", "nothing is asked", id="nothing"),
    ],
)
def test_an_error_is_one_line(shared: duckdb.DuckDBPyConnection, query: str, told: str) -> None:
    with pytest.raises(QueryError) as error:
        ask(shared, query)

    assert told in str(error.value)
    assert "\n" not in str(error.value)
    assert "LINE 1" not in str(error.value)


def test_one_travels_to_a_day_and_to_a_moment_in_any_zone(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    tokyo = timezone(timedelta(hours=9))
    travel(warehouse, date(2030, 6, 28), datetime(2030, 7, 2, 8, 0, 0, 1, tzinfo=tokyo))

    answer = ask(warehouse, "select getvariable('as_of') as d, getvariable('known_at') as t")
    assert answer.rows() == [(date(2030, 6, 28), NOW + timedelta(microseconds=1))]


def test_without_a_day_or_moment_one_stays(warehouse: duckdb.DuckDBPyConnection) -> None:
    travel(warehouse, None, None)

    answer = ask(warehouse, "select getvariable('as_of') as d, getvariable('known_at') as t")
    assert answer.rows() == [(None, None)]


def test_before_the_first_load_nothing_was_known(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert nothing_known_before(warehouse, NOW) is None
    put(warehouse, FundValuations, [{"fund": "AAA", "as_of": date(2030, 6, 28)}], NOW)

    assert nothing_known_before(warehouse, NOW - timedelta(microseconds=1)) == NOW
    assert nothing_known_before(warehouse, NOW) is None
    assert nothing_known_before(warehouse, None) is None


def test_one_knows_where_one_stands(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert standpoint(warehouse) == ("synthetic", None, None)

    put(warehouse, Instruments, [{"instrument": "SI=F"}], NOW - timedelta(hours=1))
    bars = [{"instrument": "SI=F", "session": date(2030, 6, day), "close": 9.0} for day in (27, 28)]
    put(warehouse, Bars, bars, NOW)
    assert standpoint(warehouse) == ("synthetic", date(2030, 6, 28), NOW)

    travel(warehouse, date(2030, 6, 27), NOW + timedelta(hours=1))
    assert standpoint(warehouse) == ("synthetic", date(2030, 6, 27), NOW + timedelta(hours=1))
