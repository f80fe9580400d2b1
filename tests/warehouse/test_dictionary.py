"""The dictionary: what each view means, and what its columns are made of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Asked
from warehouse import definitions, dictionary, lineage
from warehouse.definitions import View
from warehouse.dictionary import Dictionary

PAGE = Path(__file__).parents[2] / "docs" / "dictionary.md"


@pytest.fixture(scope="module")
def opened() -> Iterator[Dictionary]:
    with dictionary.opened() as found:
        yield found


def made_of(opened: Dictionary, query: str) -> dict[str, list[str]]:
    found = lineage.sources(View(query, "", {}), opened.columns)
    return {column: sorted(sources) for column, sources in found.items()}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param(
            "select instrument, high - low as reach from bars",
            {"instrument": ["bars.instrument"], "reach": ["bars.high", "bars.low"]},
            id="an expression is made of all its columns",
        ),
        pytest.param(
            "with a as (select close as x from bars), b as (select 2 * x as y from a) from b",
            {"y": ["bars.close"]},
            id="through parts of the query",
        ),
        pytest.param(
            "select bars.close, funds.name from bars join funds on bars.instrument = funds.fund",
            {"close": ["bars.close"], "name": ["funds.name"]},
            id="over a join",
        ),
        pytest.param(
            "select nav from fund_valuations union all select close from bars",
            {"nav": ["bars.close", "fund_valuations.nav"]},
            id="over a union",
        ),
        pytest.param(
            "select streak, amount from streaks(bars, instrument, session, close - open)",
            {
                "streak": ["bars.close", "bars.open"],
                "amount": ["bars.close", "bars.open"],
            },
            id="through a macro and its arguments",
        ),
        pytest.param(
            "select mean from ratio_to_sma(bars, instrument, session, close, length := 3)",
            {"mean": ["bars.close"]},
            id="through a macro that has defaults and calls others",
        ),
        pytest.param(
            "with mine as (select *, close / open as x from bars) "
            "select rank from nth_largest(mine, instrument, session, x, counts := is_final)",
            {"rank": ["bars.close", "bars.instrument", "bars.is_final", "bars.open"]},
            id="through a macro over a part of the query",
        ),
        pytest.param("select 'a word' as word", {"word": []}, id="made of nothing"),
        pytest.param(
            "select relation from ops.loads",
            {"relation": ["ops.loads.relation"]},
            id="another schema is named",
        ),
    ],
)
def test_a_column_is_made_of(
    opened: Dictionary, query: str, expected: dict[str, list[str]]
) -> None:
    assert made_of(opened, query) == expected


def test_a_view_rests_on_the_tables_below_the_views_it_reads(opened: Dictionary) -> None:
    entry = opened.entry("bars")

    assert entry.kind == "view"
    assert entry.tables == ["bars_by_source", "instruments"]
    [close] = [column for column in entry.columns if column.name == "close"]
    assert (close.type, close.sources) == ("double", ["bars_by_source.close"])
    assert "adjusted for splits only" in close.comment


def test_every_column_of_a_record_is_traced(opened: Dictionary) -> None:
    sources = {column.name: column.sources for column in opened.entry("record_highs").columns}

    assert sources["value"] == ["bars.close", "bars.high", "instruments.quote_decimals"]


def test_the_page_in_the_repository_is_the_one_that_the_sql_files_give() -> None:
    page = dictionary.page()

    assert PAGE.read_text() == page, "run `make docs`"
    for name in (*definitions.definitions(), *definitions.macros()):
        assert f"### {name}" in page
    assert "lineage cannot be told" not in page


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "inflow_streaks",
            ["(view)", "Grain ", "streak  bigint", "from monthly_net_flows.complete"],
        ),
        ("record_high", ["(fact)", "Method ", "statement  varchar", "Rests on bars_by_source"]),
        ("bars_by_source", ["(table)", "close  double"]),
        ("streaks", ["(macro)", "entity", "from streaks(monthly_net_flows"]),
        ("facts", ["(fact)", "rank_if_counted  bigint"]),
        ("league", ["(fact)", "(macro)", "statement  varchar", "stale_days := 5"]),
    ],
)
def test_describe_says_what_a_view_means(name: str, told: list[str], asked: Asked) -> None:
    ended = asked("describe", name)

    assert ended.returncode == 0, ended.stderr
    for words in told:
        assert words in ended.stdout


def test_describe_lists_everything_in_one_line_each(asked: Asked) -> None:
    lines = asked("describe").stdout.splitlines()

    assert len(lines) == len(definitions.definitions()) + len(definitions.macros())
    assert any(line.startswith("fact   record_high ") for line in lines)


def test_describe_of_an_unknown_name_suggests_one(asked: Asked) -> None:
    ended = asked("describe", "inflow_streks")

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert "there is no view, table or macro inflow_streks: did you mean inflow_streak" in line
