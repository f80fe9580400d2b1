"""What a person is told who asks something that cannot be answered."""

from pathlib import Path

import duckdb
import pytest

from warehouse.asking import QueryError, ask

STREAKS = "streaks(rel, entity, period, value), see `silverstreak describe streaks`"


def told(warehouse: duckdb.DuckDBPyConnection, query: str) -> str:
    """Ask, and give the one line that comes instead of an answer."""
    with pytest.raises(QueryError) as error:
        ask(warehouse, query)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        pytest.param(
            "select clos from bars",
            "there is no column clos in bars: did you mean close or adj_close? "
            "see `silverstreak describe bars`",
            id="of one view",
        ),
        pytest.param(
            "select f.netflow_usd from bars as b join monthly_net_flows as f on true",
            "there is no column netflow_usd in monthly_net_flows: did you mean net_flow_usd, "
            "net_flow_ounces or net_flow_shares? see `silverstreak describe monthly_net_flows`",
            id="of the view that is meant, among two",
        ),
        pytest.param(
            "select B.Clos from Bars as B",
            "there is no column Clos in bars: did you mean close or adj_close? "
            "see `silverstreak describe bars`",
            id="however it is written",
        ),
        pytest.param(
            "select count(*) from bars group by instrumnt",
            "there is no column instrumnt in bars: did you mean instrument? "
            "see `silverstreak describe bars`",
            id="that is grouped by",
        ),
        pytest.param(
            "select closs from history.bars",
            "there is no column closs in bars: did you mean close? "
            "see `silverstreak describe bars`",
            id="of a table",
        ),
        pytest.param(
            "from streaks(monthly_net_flows, subjekt, month, net_flow_usd)",
            "there is no column subjekt in monthly_net_flows: did you mean subject? "
            "see `silverstreak describe monthly_net_flows`",
            id="that a macro is told to take",
        ),
        pytest.param(
            "with sums as (select sum(close) as total from bars) select totl from sums",
            "there is no column totl: did you mean total?",
            id="of the query's own",
        ),
        pytest.param(
            "describe select clos from bars",
            "there is no column clos in bars: did you mean close or adj_close? "
            "see `silverstreak describe bars`",
            id="of what is described",
        ),
        pytest.param(
            "explain select clos from bars",
            "there is no column clos: did you mean close?",
            id="where DuckDB does not say what is read",
        ),
    ],
)
def test_a_column_that_there_is_none_of(
    shared: duckdb.DuckDBPyConnection, query: str, line: str
) -> None:
    assert told(shared, query) == line


def test_a_column_like_no_other_leaves_duckdb_to_suggest_and_quotes_to_think_of(
    shared: duckdb.DuckDBPyConnection,
) -> None:
    line = told(shared, 'select nav from funds where fund = "SLV"')

    assert "Candidate bindings: " in line
    assert line.endswith("see `silverstreak describe funds`; text is written with 'single quotes'")


@pytest.mark.parametrize(
    ("query", "line"),
    [
        pytest.param(
            "from bar",
            "there is no view or table bar: did you mean bars? `silverstreak describe` lists all",
            id="a view",
        ),
        pytest.param(
            "from streaks(monthly_net_flow, subject, month, net_flow_usd)",
            "there is no view or table monthly_net_flow: did you mean monthly_net_flows, "
            "daily_net_flows or weekly_net_flows? `silverstreak describe` lists all",
            id="a view that a macro is to work on",
        ),
        pytest.param("from streaks", f"streaks is a macro, not a view: {STREAKS}", id="a macro"),
        pytest.param(
            "from streeks(monthly_net_flows, subject, month, net_flow_usd)",
            f"there is no function streeks: did you mean streaks? {STREAKS}",
            id="a macro that is misspelt",
        ),
        pytest.param(
            "from streaks(monthly_net_flows, subject, month)",
            f"streaks is called with other arguments: {STREAKS}",
            id="a macro's arguments",
        ),
        pytest.param(
            "select nht(3, 'largest')",
            "there is no function nht: did you mean nth? "
            "nth(n, superlative), see `silverstreak describe nth`",
            id="a turn of phrase",
        ),
        pytest.param(
            "select cuont(*) from bars",
            "there is no function cuont: did you mean count or counted?",
            id="a function of DuckDB's own",
        ),
        pytest.param(
            "bars",
            'bars alone is no query: silverstreak sql "from bars" asks for all of it',
            id="a view for a query",
        ),
    ],
)
def test_a_view_macro_or_function_that_there_is_none_of(
    shared: duckdb.DuckDBPyConnection, query: str, line: str
) -> None:
    assert told(shared, query) == line


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        pytest.param("from zzz", "`silverstreak describe` lists all", id="a view like no other"),
        pytest.param("select zzz(1)", "`silverstreak describe` lists all", id="a function"),
        pytest.param(
            "select session from bars as a join bars as b on true",
            'use: "a.session" or "b.session"',
            id="a column of two views",
        ),
        pytest.param("select 'x'::integer", "Could not convert string 'x'", id="a bad cast"),
        pytest.param("select date '2030-13-01'", "out of range", id="a day that is none"),
        pytest.param("select *\nfrom bars\nwehre x y", "(line 3)", id="which line is wrong"),
        pytest.param("select sum(fund) from funds", "sum(VARCHAR)", id="a sum of words"),
        pytest.param("select 1; select 2", "one query at a time: these are 2", id="two queries"),
        pytest.param("-- nothing", "nothing is asked", id="no query"),
    ],
)
def test_other_mistakes_say_what_to_do(
    shared: duckdb.DuckDBPyConnection, query: str, hint: str
) -> None:
    assert hint in told(shared, query)


def test_of_many_candidates_the_first_are_told(shared: duckdb.DuckDBPyConnection) -> None:
    line = told(shared, "select 1.5 + fund from funds")

    assert line.count(" -> ") == 3
    assert line.endswith(" more")


@pytest.mark.parametrize(
    "query",
    [
        "delete from history.bars",
        "update bars set close = 1",
        "create table mine as select 1",
        "copy bars to 'bars.csv'",
        "attach 'other.duckdb'",
        "install httpfs",
    ],
)
def test_what_is_no_question_is_refused_before_anything_is_done(
    shared: duckdb.DuckDBPyConnection, query: str
) -> None:
    line = told(shared, query)

    assert line.startswith("the published file is read-only")
    assert "--output FILE" in line


def test_a_file_instead_of_a_query_is_told_apart(
    shared: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "mine.sql"
    asks = f'a query is wanted, not a file: silverstreak sql "$(cat {file})" asks it'

    assert told(shared, f"{file}") == f"there is no file {file}, and {asks}"

    file.write_text("from bars")
    assert told(shared, f"{file}") == asks


def test_a_file_in_a_query_leads_to_the_client(shared: duckdb.DuckDBPyConnection) -> None:
    with duckdb.connect() as locked:
        locked.execute("set enable_external_access = false")
        written = told(locked, "from 'prices.csv'")

    assert written.endswith(
        "`silverstreak shell` is DuckDB's own client, which reads files of yours"
    )
    assert "silverstreak shell" in told(shared, "from '/no/such/prices'")
