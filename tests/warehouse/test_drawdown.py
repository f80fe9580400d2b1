"""Closes below their record, and below their 52-week high."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.reference import Instruments
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_breakout import DAY, WALKS, Prices, bars, daily, walk
from tests.warehouse.test_facts import COMMON

FLAT = [10.0] * 19


def stated(ask: Ask, closes: Prices, **traits: Any) -> list[dict[str, Any]]:
    coin = {"instrument": "BTC-USD", "name": "Bitcoin", "kind": "coin"} | traits
    answer = ask(
        "drawdown",
        bars=frame(Bars, bars("BTC-USD", closes)),
        instruments=frame(Instruments, [coin]),
    )
    return answer.sort("measure").rows(named=True)


@pytest.mark.parametrize(
    ("closes", "told"),
    [
        pytest.param(
            [20.0, *FLAT[:18], 15.0],
            "25.00 % below its record close of 20.00 on 2030-03-04, 19 sessions earlier; its "
            "deepest drawdown since the series began on 2030-03-04 was 50.00 %, on 2030-03-05.",
            id="below the record",
        ),
        pytest.param(
            [*FLAT[:18], 20.0, 10.0],
            "50.00 % below its record close of 20.00 on 2030-03-22, 1 session earlier; no "
            "drawdown since the series began on 2030-03-04 was deeper.",
            id="the deepest there was",
        ),
        pytest.param(
            [20.0, *FLAT[:9], 5.0, *FLAT[:8], 20.0],
            "level with its record close of 20.00 on 2030-03-04, 19 sessions earlier; its deepest "
            "drawdown since the series began on 2030-03-04 was 75.00 %, on 2030-03-14.",
            id="as high as the record, which is dated to when it was set",
        ),
        pytest.param(
            [12.0, *FLAT[:18], 20.0],
            "at its highest close since the series began on 2030-03-04; its deepest drawdown "
            "since then was 16.67 %, on 2030-03-05.",
            id="a record",
        ),
        pytest.param(
            [float(number) for number in range(1, 21)],
            "at its highest close since the series began on 2030-03-04; it has had no drawdown "
            "since then.",
            id="nothing but records",
        ),
        pytest.param(
            [*FLAT, 10.0004],
            "level with its record close of 10.00 on 2030-03-04, 19 sessions earlier; it has had "
            "no drawdown since the series began on 2030-03-04.",
            id="equal in the decimals it is quoted in",
        ),
        pytest.param(
            [1_000_000.0, *[999_990.0] * 19],
            "less than 0.01 % below its record close of 1,000,000.00 on 2030-03-04, 19 sessions "
            "earlier; its deepest drawdown since the series began on 2030-03-04 was 0.00 %, on "
            "2030-03-05.",
            id="a hair below it",
        ),
    ],
)
def test_a_drawdown_is_stated(ask: Ask, closes: list[float | None], told: str) -> None:
    [fact] = stated(ask, daily(closes))

    assert fact["statement"].partition(" USD on 2030-03-23, ")[2] == told
    assert fact["statement"].startswith("Bitcoin (BTC-USD) closed at ")
    assert list(fact) == COMMON


@pytest.mark.parametrize(
    ("closes", "told"),
    [
        pytest.param(
            [30.0, 20.0, *[10.0] * 363, 15.0],
            "25.00 % below its 52-week high, the highest close of the last 364 days (20.00 on "
            "2030-03-05).",
            id="below it",
        ),
        pytest.param(
            [30.0, *[10.0] * 364, 15.0],
            "at its 52-week high, the highest close of the last 364 days.",
            id="a new one",
        ),
        pytest.param(
            [30.0, 20.0, *[10.0] * 363, 20.0],
            "level with its 52-week high, the highest close of the last 364 days (20.00 on "
            "2030-03-05).",
            id="level with it",
        ),
    ],
)
def test_a_52_week_high_is_stated_apart(ask: Ask, closes: list[float | None], told: str) -> None:
    record, year = stated(ask, daily(closes))

    assert (record["measure"], year["measure"]) == ("close", "close_52_weeks")
    assert year["statement"].partition(" on 2031-03-04, ")[2] == told


def test_a_drawdown_has_its_numbers(ask: Ask) -> None:
    traits = {"kind": "index", "caveat": "adjusted", "quote_decimals": 3}
    [fact] = stated(ask, daily([10.0, 20.0, 20.0, *FLAT[:17], 15.0]), **traits)

    assert fact["value"] == pytest.approx(-0.25)
    assert (fact["unit"], fact["view"]) == ("fraction", "drawdowns")
    assert (fact["previous_value"], fact["previous_at"]) == (20.0, DAY + timedelta(1))
    assert (fact["since"], fact["as_of"]) == (DAY + timedelta(1), DAY + timedelta(20))
    assert (fact["observations"], fact["first_observed"]) == (21, DAY)
    assert (fact["rank"], fact["of"], fact["complete"]) == (None, None, True)
    assert fact["labels"] == ["adjusted", "nominal"]
    assert "closed at 15.000 on" in fact["statement"]


@pytest.mark.parametrize(
    "closes", [pytest.param([], id="no history"), pytest.param(FLAT, id="nineteen sessions")]
)
def test_a_drawdown_of_too_few_sessions_is_not_stated(ask: Ask, closes: list[float | None]) -> None:
    assert stated(ask, daily(closes)) == []


Row = tuple[date, float, float, date, int, float, float | None, float | None]


def drawn(closes: Prices) -> list[Row]:
    """Follow a record through its closes, one by one."""
    rows: list[Row] = []
    known = [(day, round(close, 2)) for day, close in closes if close is not None]
    record, at, age = 0.0, DAY, 0
    for day, close in known:
        record, at, age = (close, day, 0) if close > record else (record, at, age + 1)
        year = [c for d, c in known if day - timedelta(364) <= d <= day]
        high = max(year) if known[0][0] <= day - timedelta(364) else None
        below = None if high is None else close / high - 1
        rows.append((day, close, record, at, age, close / record - 1, high, below))
    return rows


def facts_of(rows: list[Row]) -> dict[str, tuple[Any, ...]]:
    """Tell value, previous value and day, and of the record how the sentence ends."""
    if len(rows) < 20:
        return {}
    day, _, record, at, _, below, high, below_year = rows[-1]
    deepest = min(row[5] for row in rows)
    deepest_at = min(row[0] for row in rows if row[5] == deepest)
    ending = f", on {deepest_at}." if deepest_at < day else " was deeper."
    told: dict[str, tuple[Any, ...]] = {"close": (below, record, at, ending if deepest else "")}
    if high is not None:
        year = [row for row in rows if row[0] >= day - timedelta(364)]
        high_at = min(row[0] for row in year if row[1] == high)
        told["close_52_weeks"] = below_year, high, high_at, ""
    return told


@settings(max_examples=15)
@given(steps=st.lists(st.binary(max_size=30) | WALKS, max_size=3))
def test_any_history_is_drawn_as_plain_python_does(ask: Ask, steps: list[bytes]) -> None:
    closes = {str(number): walk(taken)[0] for number, taken in enumerate(steps)}
    given = {
        "bars": frame(Bars, [row for name, known in closes.items() for row in bars(name, known)]),
        "instruments": frame(Instruments, [{"instrument": name} for name in closes]),
    }
    view = ask("drawdowns", **given).sort("instrument", "session")
    facts = ask("drawdown", **given)
    expected = {name: drawn(known) for name, known in closes.items()}

    assert view.drop("observations").rows() == [
        (name, *row) for name, rows in expected.items() for row in rows
    ]
    told = {
        (name, measure): fact
        for name, rows in expected.items()
        for measure, fact in facts_of(rows).items()
    }
    columns = facts.select("subject", "measure", "value", "previous_value", "previous_at")
    assert {row[:2]: row[2:] for row in columns.rows()} == {
        key: fact[:3] for key, fact in told.items()
    }
    for fact in facts.rows(named=True):
        assert fact["statement"].endswith(told[fact["subject"], fact["measure"]][3])
