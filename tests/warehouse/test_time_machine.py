"""Set back to a past day, every view answers what a warehouse of that day answered."""

import shutil
from collections.abc import Container
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from schemas.tables.reference import REFERENCE
from tests.warehouse.lived_market import BEFORE, FIRST, LIVED, live
from tests.warehouse.market import answer, evening, open_calendar
from warehouse import definitions, tables

PARTS = definitions.parts()
ORDERED = list(definitions.ordered(PARTS))
FACTS = {file.stem for file in definitions.FOLDERS[1].glob("*.sql")}
# They tell the time: asked without a moment, a warehouse of that day takes its last run for now.
TIMED = {view for view in PARTS if view.endswith("_due")} | {"about", "clock"}

Answers = dict[str, list[tuple[Any, ...]]]
"""What each view answers."""


class Lived(NamedTuple):
    """What a warehouse answered on each evening, and what it answers at last, set back to it."""

    then: dict[date, Answers]
    later: dict[date, Answers]
    facts: list[tuple[Any, ...]]
    """All of them, asked at once, at last, set back to the first evening."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Lived:
    """Live every evening, asking the warehouse each time."""
    file = shutil.copy(template, tmp_path_factory.mktemp("lived") / "warehouse.duckdb")
    with duckdb.connect(file, config={"threads": 1}) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        open_calendar(warehouse, FIRST)
        live(warehouse, BEFORE)
        then = {}
        for today in LIVED:
            live(warehouse, today)
            then[today] = ask(warehouse, today, TIMED)
        later = {today: ask(warehouse, today, PARTS.keys()) for today in LIVED}
        set_back(warehouse, LIVED[0])
        return Lived(then, later, answer(warehouse, "from facts order by all"))


def ask(warehouse: duckdb.DuckDBPyConnection, today: date, timed: Container[str]) -> Answers:
    """Ask each view, `timed` ones set back, over what the views that it reads have answered."""
    answers = {}
    with warehouse.cursor() as asking:
        asking.execute("set timezone = 'UTC'")
        for view in ORDERED:
            if view in timed:
                set_back(asking, today)
            else:
                asking.execute("reset variable as_of; reset variable known_at")
            asking.execute(f"create temp table {view} as {PARTS[view].query}")
            answers[view] = answer(asking, f"from {view} order by all")
    return answers


def set_back(warehouse: duckdb.DuckDBPyConnection, today: date) -> None:
    warehouse.execute(f"set variable as_of = date '{today}'")
    warehouse.execute(f"set variable known_at = timestamptz '{evening(today).isoformat()}'")


@pytest.mark.parametrize("view", sorted(PARTS))
def test_a_view_set_back_answers_what_it_answered_then(view: str, lived: Lived) -> None:
    for today in LIVED:
        assert lived.later[today][view] == lived.then[today][view], today


def test_so_do_all_facts_asked_at_once(lived: Lived) -> None:
    then = [row for fact in sorted(FACTS) for row in lived.then[LIVED[0]][fact]]

    assert lived.facts == then


@pytest.mark.parametrize("view", sorted(PARTS.keys() - {"no_fact"}))
def test_what_it_answered_then_was_not_nothing(view: str, lived: Lived) -> None:
    assert lived.then[LIVED[0]][view]
    assert lived.then[LIVED[-1]][view]


# Made of calendars, of definitions, and of what nobody has edited.
ALIKE = {"sessions", "numbered_sessions", "week_ends", "no_fact", "fact_tables"}
ALIKE |= {view for view in PARTS if view.endswith("_sources")} | set(map(tables.name, REFERENCE))


@pytest.mark.parametrize("view", sorted(PARTS.keys() - ALIKE))
def test_nor_was_it_what_it_answers_now(view: str, lived: Lived) -> None:
    assert lived.then[LIVED[0]][view] != lived.then[LIVED[-1]][view]
