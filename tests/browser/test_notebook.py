"""The notebook as a program: what its cells hold is what the warehouse's views answer."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from tests.warehouse.lived_market import LIVED
from warehouse.connection import link_of

NOTEBOOK = Path(__file__).parents[2] / "notebook" / "silverstreak.py"
LATEST = {"as_of": LIVED[1], "known_at": None}
THEN = {"as_of": LIVED[0], "known_at": datetime(2030, 6, 1, tzinfo=UTC)}
"""A moment after the second evening, before the third."""

Run = Callable[..., tuple[str, Mapping[str, Any]]]
Rows = list[tuple[Any, ...]]
Asked = Callable[..., Rows]


@pytest.fixture(scope="module")
def notebook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebook", NOTEBOOK)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def run(notebook: ModuleType, lived: Path) -> Iterator[Run]:
    """Run all cells: `run(subject=..., as_of=..., known_at=...)` gives what they show and hold."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["silverstreak.py"])

        @cache
        def run(data: Path = lived, **picked: Any) -> tuple[str, Mapping[str, Any]]:
            patch.setenv("SILVERSTREAK_DATA", str(data))
            outputs, held = notebook.app.run(defs=picked or None)
            return "".join(output.text for output in outputs if output is not None), held

        yield run


@pytest.fixture
def asked(lived: Path) -> Asked:
    """Ask the file as an analyst does: `asked(query, as_of, known_at)`."""

    def ask(query: str, as_of: date | None = None, known_at: datetime | None = None) -> Rows:
        file = lived / "published" / "silverstreak.duckdb"
        with duckdb.connect(file, read_only=True) as warehouse:
            warehouse.execute("set timezone = 'UTC'")
            if as_of:
                warehouse.execute(f"set variable as_of = date '{as_of}'")
            if known_at:
                warehouse.execute(f"set variable known_at = timestamptz '{known_at}'")
            return warehouse.execute(query).fetchall()

    return ask


def test_it_shows_what_the_views_answer(run: Run, asked: Asked) -> None:
    shown, held = run(subject="BBB", **LATEST)

    flows = "select measure, month, net_flow, streak from inflow_streaks where subject = 'BBB'"
    runs = "select measure, completed, first_month from inflow_runs where subject = 'BBB'"
    closes = "select session, close from bars where instrument = 'BBB'"
    records = (
        "select session, value from record_highs where instrument = 'BBB' and measure = 'close'"
    )
    for frame, query in {
        "months": flows,
        "runs": runs,
        "closes": closes,
        "records": records,
    }.items():
        told = asked(query)
        columns = query.split(" from ")[0].removeprefix("select ").split(", ")
        assert sorted(held[frame].select(columns).rows(), key=repr) == sorted(told, key=repr)
    stated = asked("select statement from facts where subject = 'BBB'")
    assert sorted(held["stated"].select("statement").rows()) == sorted(stated)
    assert len(stated) > 20
    assert "Synthetic data: a made-up market." in shown
    assert all(f"{heading} BBB" in shown for heading in ("flows of", "Prices of", "Facts on"))


def test_the_months_of_the_current_streak_are_marked(run: Run) -> None:
    _, held = run(subject="AAA", **LATEST)

    months = held["months"].filter(measure="shares")
    kinds = dict(months["kind"].value_counts().rows())
    assert kinds == {"in the current streak": 14, "other inflow": 1}  # the first is not whole
    assert months["streak"][-1] == 14
    assert held["measure_picker"].value == "shares"


def test_it_looks_from_a_past_day_with_what_was_known_then(run: Run, asked: Asked) -> None:
    _, held = run(subject="BBB", **THEN)

    query = "select fact, measure, statement from facts where subject = 'BBB'"
    then = sorted(asked(query, *THEN.values()))
    assert sorted(held["stated"].select("fact", "measure", "statement").rows()) == then
    assert then != sorted(asked(query, LIVED[0]))


def test_what_was_believed_then_and_is_not_now_is_told(run: Run, asked: Asked) -> None:
    shown, held = run(subject="BBB", **THEN)

    retracted = asked(
        "select statement, statement_now from retractions where subject = 'BBB'", LIVED[0]
    )
    assert sorted(held["retracted"].select("stated_then", "stated_now").rows()) == sorted(retracted)
    assert retracted
    assert f"2030-06-01 00:00 UTC that are not stated so now: {len(retracted)}<" in shown
    assert held["revised"]["known_at"].min() > THEN["known_at"]
    assert any("BBB" in told for told in held["revised"]["told"])


def test_of_what_is_known_now_nothing_has_changed_since(run: Run) -> None:
    shown, held = run()

    assert "This is what is known now" in shown
    assert "retracted" not in held
    assert held["subject"] == "metals"
    assert (held["as_of"], held["known_at"]) == (LIVED[1], None)


def test_it_says_what_there_is_not(run: Run, tmp_path: Path, template: Path) -> None:
    silver, _ = run(subject="SI=F", **LATEST)
    before, _ = run(subject="SI=F", as_of=LIVED[0], known_at=datetime(2030, 5, 1, tzinfo=UTC))
    nothing, _ = run(tmp_path)
    link_of(tmp_path / "empty").parent.mkdir(parents=True)
    shutil.copy(template, link_of(tmp_path / "empty"))
    empty, _ = run(tmp_path / "empty")

    assert "No flows of SI=F were known." in silver
    assert "Nothing was known before 2030-05-30 12:00 UTC." in before
    assert "No prices of SI=F were known." in before
    assert "No fact on SI=F could be stated at 2030-05-01 00:00 UTC." in before
    assert "nothing is published in" in nothing
    assert "No fact is published" in empty
