"""Round levels, and the first close at or above them."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.reference import Instruments
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_breakout import DAY, Prices, bars, daily, walk
from tests.warehouse.test_facts import COMMON


def levels(ask: Ask, closes: Prices, decimals: int = 3) -> list[tuple[float, int]]:
    """Give each level, and the session that reached it, counted from the first."""
    view = ask(
        "round_levels",
        bars=frame(Bars, bars("SI=F", closes)),
        instruments=frame(Instruments, [{"instrument": "SI=F", "quote_decimals": decimals}]),
    )
    rows = view.select("level", "session").sort("session", "level").rows()
    return [(level, (session - DAY).days) for level, session in rows]


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        pytest.param([62.5, 63.9], [(63, 1)], id="whole numbers between ten and a hundred"),
        pytest.param([60.4, 63.9], [(61, 1), (62, 1), (63, 1)], id="several at once"),
        pytest.param([62.5, 62.9995], [(63, 1)], id="rounded to the decimals it is quoted in"),
        pytest.param([62.9994, 63.00000001], [(63, 1)], id="a close as wide as its source's"),
        pytest.param([63.0, 63.9, 63.0], [], id="that of the first close was not risen to"),
        pytest.param([62.0, 63.5, 60.0, 64.0], [(63, 1), (64, 3)], id="only once each"),
        pytest.param(
            [98.0, 121.0], [(99, 1), (100, 1), (110, 1), (120, 1)], id="across a power of ten"
        ),
        pytest.param([4190.0, 4285.5], [(4200, 1)], id="hundreds between a thousand and ten"),
        pytest.param([0.58, 0.595], [(0.59, 1)], id="hundredths below one"),
        pytest.param([0.005, 0.007], [(0.006, 1), (0.007, 1)], id="never finer than its decimals"),
        pytest.param([0.0001, 0.002], [(0.001, 1), (0.002, 1)], id="from next to nothing"),
        pytest.param([5.0], [], id="one close"),
        pytest.param([], [], id="none"),
    ],
)
def test_levels_have_two_significant_digits(
    ask: Ask, closes: list[float | None], expected: list[tuple[float, int]]
) -> None:
    assert levels(ask, daily(closes)) == expected


def stated(ask: Ask, closes: list[float | None], **traits: Any) -> list[dict[str, Any]]:
    silver = {"instrument": "SI=F", "quote_decimals": 3} | traits
    answer = ask(
        "round_level",
        bars=frame(Bars, bars("SI=F", daily(closes))),
        instruments=frame(Instruments, [silver]),
    )
    return answer.rows(named=True)


FLAT = [5.8] * 19


@pytest.mark.parametrize(
    ("closes", "traits", "sentence"),
    [
        pytest.param(
            [*FLAT[:18], 61.5, 63.9],
            {},
            "Silver (SI=F) closed at 63.900 USD on 2030-03-23, at or above the round level of 63 "
            "USD for the first time since the series began on 2030-03-04; the highest level "
            "before was 61 USD, reached on 2030-03-22.",
            id="just reached",
        ),
        pytest.param(
            [*FLAT, 5.901],
            {},
            "Silver (SI=F) closed at 5.901 USD on 2030-03-23, at or above the round level of 5.9 "
            "USD for the first time since the series began on 2030-03-04.",
            id="the first of all",
        ),
        pytest.param(
            [*FLAT[:18], 2590.61, 2400.0],
            {"kind": "index", "quote_decimals": 2},
            "Silver (SI=F) closed at 2,400.00 on 2030-03-23; the highest round level that it has "
            "closed at or above since the series began on 2030-03-04 is 2,500, for the first time "
            "on 2030-03-22.",
            id="reached before",
        ),
    ],
)
def test_a_round_level_is_stated(
    ask: Ask, closes: list[float | None], traits: dict[str, Any], sentence: str
) -> None:
    [fact] = stated(ask, closes, **traits)

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


def test_a_round_level_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask, [*FLAT[:18], 61.5, 63.9, 62.0], caveat="front contract")

    assert (fact["value"], fact["unit"], fact["measure"]) == (63.0, "USD", "close")
    assert (fact["since"], fact["as_of"]) == (DAY + timedelta(19), DAY + timedelta(20))
    assert (fact["previous_value"], fact["previous_at"]) == (61.0, DAY + timedelta(18))
    assert (fact["observations"], fact["first_observed"]) == (21, DAY)
    assert (fact["complete"], fact["view"]) == (True, "round_levels")
    assert fact["labels"] == ["front contract", "nominal", "round levels: two significant digits"]
    assert stated(ask, [*FLAT, 5.9], kind="index")[0]["unit"] == "index points"


@pytest.mark.parametrize(
    "closes",
    [
        pytest.param([], id="no history"),
        pytest.param([*FLAT[:18], 63.0], id="nineteen sessions"),
        pytest.param([*FLAT, 5.899], id="none was risen to"),
    ],
)
def test_a_round_level_is_not_stated_for(ask: Ask, closes: list[float | None]) -> None:
    assert stated(ask, closes) == []


def ladder(ticks: int) -> Iterator[int]:
    """Give the levels above a number of ticks, rung by rung."""
    while True:
        step = 10 ** max(len(str(ticks)) - 2, 0)
        ticks = ticks // step * step + step
        yield ticks


def climbed(closes: Prices) -> list[tuple[float, date]]:
    """Climb the ladder close by close, from the first one on."""
    known = [(day, round(100 * close)) for day, close in closes if close is not None]
    reached: list[tuple[float, date]] = []
    rungs = ladder(known[0][1]) if known else iter([10**9])
    rung = next(rungs)
    for day, ticks in known:
        while rung <= ticks:
            reached.append((rung / 100, day))
            rung = next(rungs)
    return reached


@settings(max_examples=25)
@given(
    steps=st.lists(st.binary(max_size=60), max_size=4),
    scale=st.sampled_from([0.01, 0.5, 1, 4.9, 50, 997]),
)
def test_any_history_climbs_as_plain_python_does(
    ask: Ask, steps: list[bytes], scale: float
) -> None:
    closes = {
        str(number): [
            (day, max(0.01, round(close * scale, 2))) for day, close in walk(taken)[0] if close
        ]
        for number, taken in enumerate(steps)
    }
    given = {
        "bars": frame(Bars, [row for name, known in closes.items() for row in bars(name, known)]),
        "instruments": frame(Instruments, [{"instrument": name} for name in closes]),
    }
    view = ask("round_levels", **given).sort("instrument", "level")
    facts = ask("round_level", **given).sort("subject")
    expected = {name: climbed(known) for name, known in closes.items()}

    assert view.select("instrument", "level", "session").rows() == [
        (name, *row) for name, rows in expected.items() for row in rows
    ]
    assert facts.select("subject", "value", "since", "previous_value", "previous_at").rows() == [
        (name, *rows[-1], *max(before, default=(None, None)))
        for name, rows in expected.items()
        if len(closes[name]) >= 20 and rows
        for before in [[row for row in rows if row[1] < rows[-1][1]]]
    ]
