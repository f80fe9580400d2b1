"""The recipes of docs/recipes.md, each asked of the demo, so that the page cannot rot."""

import re
import subprocess
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl
import pytest

from tests.end_to_end.conftest import ROOT
from warehouse import asking, definitions
from warehouse.connection import open_published

Demo = tuple[Path, subprocess.CompletedProcess[str]]

PAGE = (ROOT / "docs/recipes.md").read_text()
QUERY = re.compile(r"^```sql\n(.*?)^```\n", re.DOTALL | re.MULTILINE)


# What may be quoted in advice: what there is to ask, by what and with what, and values of `kind`.
NAMES = """
    select table_name from duckdb_columns()
    union select column_name from duckdb_columns()
    union select function_name from duckdb_functions() where not internal
    union select unnest(parameters) from duckdb_functions() where not internal
    union select measure from breadth
"""
KINDS = {"sets", "matches", "new", "gone"}


class Recipe(NamedTuple):
    """A question, what is said before its answer, the answer in SQL, and what to look at."""

    question: str
    context: str
    query: str
    advice: str


class Answer(NamedTuple):
    """What a recipe answered, and the variables `as_of` and `known_at` as it left them."""

    frame: pl.DataFrame
    variables: tuple[object, ...] | None


def recipe(section: str) -> Recipe:
    """Read a section of the page; it has exactly one query."""
    question, _, rest = section.partition("\n")
    context, query, advice = QUERY.split(rest)
    return Recipe(question, context.strip(), query, advice.strip())


_, *SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
RECIPES = [recipe(section) for section in SECTIONS]
FIRST_ROWS: dict[str, dict[str, object]] = {
    "Is silver at a record, and since when?": {
        "measure": "close",
        "value": 63.3,
        "previous_value": 61.9,
        "previous_at": date(2025, 12, 10),
        "first_observed": date(2000, 8, 30),
    },
    "How long is the inflow streak, and how rare is that?": {
        "first_month": date(2008, 3, 1),
        "completed": 11,
        "is_current": False,
        "stress_share": 1,
    },
    "Which were the ten largest weeks of the year?": {
        "week": date(2025, 7, 21),
        "rank": 1,
        "rank_if_counted": None,
        "of": 49,
        "sessions": 5,
        "as_large_before": date(2021, 1, 11),
    },
    "What did we know on the morning of 10 December, against now?": {
        "as_of": date(2025, 12, 5),
        "revised_by": 0,
    },
    "What was stated, and has been retracted?": {"as_of": date(2025, 12, 9)},
    "Which years were better than this one?": {
        "year": 2025,
        "rank": None,
        "rank_if_counted": 1,
        "of": 45,
    },
    "How low is the gold/silver ratio?": {
        "measure": "rate",
        "value": 67.8685,
        "since": date(2018, 1, 8),
    },
    "What is bitcoin worth in silver?": {
        "as_of": date(2025, 12, 11),
        "ounces": 1462.1038,
        "most_at": date(2024, 12, 24),
        "changed_from": date(2021, 12, 13),
    },
    "Which instruments are above their 200-day mean?": {
        "instrument": "SI=F",
        "close": 63.3,
        "side_since": date(2025, 5, 30),
    },
    "How have my instruments done since the end of the year?": {
        "rank": 1,
        "of": 5,
        "instrument": "SLV",
        "change": 57.32 / 26.21 - 1,
        "base_as_of": date(2024, 12, 31),
    },
    "Did the money follow the price in March 2020?": {
        "fund": "GLD",
        "sessions": 20,
        "as_of": date(2020, 3, 31),
        "net_flow_shares": 10_500_000,
        "is_opposite": False,
    },
    "Who holds this security, and who is adding?": {
        "fund": "IVV",
        "weight": 0.06,
        "kind": "added",
        "previous_as_of": date(2025, 12, 10),
    },
    "What did a fund buy and sell between two days?": {
        "kind": "cut",
        "before_as_of": date(2025, 12, 5),
        "after_as_of": date(2025, 12, 11),
    },
    "How much do two funds overlap, and in what?": {
        "security": "NORS",
        "shared": 0.0339,
        "overlap": 0.518908,
        "common": 40,
        "positions": 60,
        "other_positions": 43,
    },
    "How long are the streaks in a table of my own?": {
        "day": date(2025, 12, 8),
        "streak": 3,
        "first_as_of": date(2025, 12, 4),
        "at_least": False,
        "record": None,
    },
    "How does this month compare with the last one?": {
        "subject": "IVV",
        "starts_on": date(2025, 12, 1),
        "ratio": 1.406993,
        "sessions": 9,
    },
    "How broad is the fall of the coin market?": {"measure": "exclude_then_top20", "coins": 20},
    "Where do sources disagree?": {"relation": "bars", "sources": 3, "beyond_tolerance": 0},
    "What is estimated, and which labels must travel with a number?": {
        "label": "ounces estimated, +/- 0.1 %",
        "is_estimate": True,
        "which": ["inflow_streak", "nth_largest_week"],
    },
    "How fresh is it all, and which months cannot be told?": {
        "last_as_of": date(2025, 12, 11),
        "days_old": 1,
        "cannot_be_told": 0,
    },
}

parametrised = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.question)


@pytest.fixture(scope="module")
def answers(demo: Demo) -> Callable[[Recipe], Answer]:
    """Ask what the demo published as an analyst does: each recipe once, in its own session."""
    data, _ = demo
    published = (data / "published/silverstreak.duckdb").resolve()

    @cache
    def answer(recipe: Recipe) -> Answer:
        with duckdb.connect(published, read_only=True) as reader:
            reader.execute("set timezone = 'UTC'")
            frame = run(reader, recipe.query)
            variables = reader.execute("select getvariable('as_of'), getvariable('known_at')")
            return Answer(frame, variables.fetchone())

    return answer


def run(reader: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """Run the statements of a recipe in order, and give what its one query answers."""
    frames = []
    for statement in duckdb.extract_statements(query):
        answered = reader.execute(statement)
        if statement.type == duckdb.StatementType.SELECT:
            frames.append(answered.pl())
    [frame] = frames
    return frame


def quoted(text: str) -> set[str]:
    """Find what is quoted as a single name."""
    return set(re.findall(r"`(\w+)`", text))


def asking_for(words: str) -> Recipe:
    """Find the one recipe whose query has these words."""
    [recipe] = [each for each in RECIPES if words in each.query]
    return recipe


@parametrised
def test_every_recipe_answers_its_question(
    answers: Callable[[Recipe], Answer], recipe: Recipe
) -> None:
    frame, variables = answers(recipe)

    assert frame.height > 0
    first = frame.row(0, named=True)
    expected = FIRST_ROWS[recipe.question]
    assert {column: first[column] for column in expected} == {
        column: pytest.approx(value, rel=1e-5) if isinstance(value, float) else value
        for column, value in expected.items()
    }
    assert variables == (None, None), "a recipe leaves its reader in the present"


@parametrised
def test_what_a_recipe_says_to_look_at_is_there(
    demo: Demo, answers: Callable[[Recipe], Answer], recipe: Recipe
) -> None:
    data, _ = demo

    columns = set(answers(recipe).frame.columns)

    with open_published(data) as warehouse:
        known = {name for (name,) in warehouse.execute(NAMES).fetchall()}
    assert quoted(recipe.advice) & columns
    assert quoted(recipe.advice) - columns <= known | KINDS


@parametrised
def test_a_recipe_of_one_query_is_answered_on_the_command_line_as_well(
    demo: Demo, answers: Callable[[Recipe], Answer], recipe: Recipe
) -> None:
    data, _ = demo

    with open_published(data) as warehouse:
        if len(duckdb.extract_statements(recipe.query)) > 1:
            with pytest.raises(asking.QueryError, match="one query at a time"):
                asking.ask(warehouse, recipe.query)
        else:
            assert asking.ask(warehouse, recipe.query).shape == answers(recipe).frame.shape


def test_a_look_at_what_was_known_tells_what_was_revised_and_what_was_not_known_yet(
    answers: Callable[[Recipe], Answer],
) -> None:
    frame, _ = answers(asking_for("reset variable known_at"))

    rows = frame.select("as_of", "shares_then", "revised_by").rows()
    assert rows[1] == (date(2025, 12, 8), 554_550_000, 1_500_000)
    assert [row[1:] for row in rows[2:]] == [(None, None)] * 3


def test_the_streak_that_lasts_stands_beside_the_only_longer_one(
    answers: Callable[[Recipe], Answer],
) -> None:
    frame, _ = answers(asking_for("from all_streaks"))

    rows = frame.select("completed", "on_track", "is_current").rows()
    assert rows[:2] == [(11, 11, False), (9, 10, True)]


def test_there_are_twenty_recipes_each_with_context_and_advice() -> None:
    assert len(RECIPES) == 20
    assert [recipe.question for recipe in RECIPES] == list(FIRST_ROWS)
    assert all(recipe.question.endswith("?") for recipe in RECIPES)
    assert all(recipe.context and recipe.advice for recipe in RECIPES)


def test_the_recipes_show_every_macro_over_relations_and_both_variables() -> None:
    called = {name for recipe in RECIPES for name in re.findall(r"(\w+)\(", recipe.query)}
    advised = {name for recipe in RECIPES for name in quoted(recipe.advice)}
    over_relations = {
        name for name, macro in definitions.macros().items() if macro.kind == "macro table"
    }

    assert over_relations - called - advised == set()
    assert any("set variable as_of" in recipe.query for recipe in RECIPES)
    assert any("set variable known_at" in recipe.query for recipe in RECIPES)
