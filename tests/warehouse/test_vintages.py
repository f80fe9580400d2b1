"""Eleven real answers within nineteen hours: partial bars grow, one goes missing after midnight."""

import csv
import random
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from schemas.tables.bars import Bars
from tests.warehouse.market import answer, put

FILE = Path(__file__).parents[3] / "shared" / "payloads" / "yahoo" / "daily"
FILE /= "vintages_first11captures_2025-09-07_to_08_mstr-advisor.csv"
VALUES = ("open", "high", "low", "close", "volume")

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="real vintages: ../shared is not there")

Bar = list[float]


class Vintage(NamedTuple):
    known_at: datetime
    instrument: str
    bars: dict[date, Bar]


@pytest.fixture(scope="module")
def vintages() -> list[Vintage]:
    """Read the captures of each symbol, in the order in which they were made."""
    bars: dict[tuple[datetime, str], dict[date, Bar]] = {}
    with FILE.open() as lines:
        for line in csv.DictReader(lines):
            told = (datetime.fromisoformat(line["capture_committed_at"]), line["symbol"])
            day = date.fromisoformat(line["date"])
            bars.setdefault(told, {})[day] = [float(line[value]) for value in VALUES]
    return [Vintage(*told, days) for told, days in sorted(bars.items())]


def load(warehouse: duckdb.DuckDBPyConnection, vintages: Iterable[Vintage]) -> None:
    for known_at, instrument, bars in vintages:
        rows: list[dict[str, Any]] = [
            {"instrument": instrument, "session": day} | dict(zip(VALUES, bar, strict=True))
            for day, bar in bars.items()
        ]
        put(warehouse, Bars, rows, known_at, subject=instrument)


def believed(warehouse: duckdb.DuckDBPyConnection) -> dict[tuple[str, date], Bar]:
    query = f"select instrument, session, {', '.join(VALUES)} from bars_by_source"
    return {(instrument, day): bar for instrument, day, *bar in answer(warehouse, query)}


def expected(vintages: Iterable[Vintage], known_at: datetime) -> dict[tuple[str, date], Bar]:
    """Take of each bar what the last capture up to the moment said that had it."""
    return {
        (vintage.instrument, day): bar
        for vintage in vintages
        if vintage.known_at <= known_at
        for day, bar in vintage.bars.items()
    }


def test_the_vintages_are_those_that_were_captured(vintages: list[Vintage]) -> None:
    bitcoin = [vintage for vintage in vintages if vintage.instrument == "BTC-USD"]

    assert (len(vintages), len(bitcoin)) == (77, 11)
    assert sum(date(2025, 9, 7) in vintage.bars for vintage in bitcoin) == 6


@pytest.fixture(scope="module")
def loaded(shared: duckdb.DuckDBPyConnection, vintages: list[Vintage]) -> duckdb.DuckDBPyConnection:
    load(shared, vintages)
    return shared


def test_each_days_belief_can_be_asked_for(
    loaded: duckdb.DuckDBPyConnection, vintages: list[Vintage]
) -> None:
    for known_at in sorted({vintage.known_at for vintage in vintages}):
        loaded.execute("set variable known_at = $1::timestamptz", [known_at])
        assert believed(loaded) == expected(vintages, known_at), known_at


def test_a_bar_that_grew_is_kept_in_every_version(loaded: duckdb.DuckDBPyConnection) -> None:
    [[versions, highest]] = answer(
        loaded,
        "select count(*), max(close) from history.bars "
        "where instrument = 'BTC-USD' and session = '2025-09-07'",
    )
    assert (versions, highest) == (6, 111231.328125)


def test_the_bar_that_went_missing_after_midnight_is_believed_all_the_same(
    warehouse: duckdb.DuckDBPyConnection, vintages: list[Vintage]
) -> None:
    early_on_monday = datetime.fromisoformat("2025-09-08T06:40:00+00:00")
    bitcoin = [vintage for vintage in vintages if vintage.instrument == "BTC-USD"]
    load(warehouse, [vintage for vintage in bitcoin if vintage.known_at < early_on_monday])

    assert believed(warehouse)["BTC-USD", date(2025, 9, 7)][3] == 111231.328125
    missing = answer(warehouse, "select distinct as_of from ops.unstated")
    assert missing == [(date(2025, 9, 7),)]


def test_what_is_believed_does_not_depend_on_the_order_of_loading(
    warehouse: duckdb.DuckDBPyConnection, vintages: list[Vintage]
) -> None:
    shuffled = random.Random(7).sample(vintages, len(vintages))  # noqa: S311 -- a test's dice
    load(warehouse, shuffled)

    assert believed(warehouse) == expected(vintages, vintages[-1].known_at)
