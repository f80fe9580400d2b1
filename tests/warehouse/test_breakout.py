"""Closes and highs against those of a year: breakouts, new highs, 52-week highs (claim C16)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.reference import Instruments
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_facts import COMMON

DAY = date(2030, 3, 4)
LAST = DAY + timedelta(252)
"""The 253rd session, 2030-11-11."""
Prices = Sequence[tuple[date, float | None]]


def daily(prices: Sequence[float | None]) -> Prices:
    return [(DAY + timedelta(number), price) for number, price in enumerate(prices)]


def bars(symbol: str, closes: Prices, highs: Prices = ()) -> list[dict[str, Any]]:
    """Lay bars, the latest first, since no table promises an order."""
    traded = dict(highs)
    return [
        {"instrument": symbol, "session": day, "close": close, "high": traded.get(day)}
        for day, close in reversed(closes)
    ]


def stated(ask: Ask, closes: Prices, highs: Prices = (), **traits: Any) -> list[dict[str, Any]]:
    index = {"instrument": "^RUT", "name": "Russell 2000", "kind": "index"} | traits
    answer = ask(
        "breakout",
        bars=frame(Bars, bars("^RUT", closes, highs)),
        instruments=frame(Instruments, [index]),
    )
    return answer.sort("measure").rows(named=True)


FLAT = [10.0] * 252
HIGHEST = "its highest close of the 252 sessions before"


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        pytest.param(
            [*FLAT[:231], 20.0, *FLAT[:20], 21.0],
            f"a breakout, 5.00 % above {HIGHEST} (20.00 on 2030-10-21), which had stood "
            "21 sessions.",
            id="above a high that had stood",
        ),
        pytest.param(
            [*FLAT[:232], 20.0, *FLAT[:19], 21.0],
            f"a breakout, 5.00 % above {HIGHEST} (20.00 on 2030-10-22), which had stood "
            "20 sessions.",
            id="a base of twenty sessions is enough",
        ),
        pytest.param(
            [*FLAT[:233], 20.0, *FLAT[:18], 21.0],
            f"a new high, 5.00 % above {HIGHEST} (20.00 on 2030-10-23), which had stood "
            "19 sessions.",
            id="one of nineteen is not",
        ),
        pytest.param(
            [*FLAT[:251], 20.0, 21.0],
            f"a new high, 5.00 % above {HIGHEST} (20.00 on 2030-11-10), which had stood 1 session.",
            id="above the high of the day before",
        ),
        pytest.param(
            [*FLAT[:100], 20.0, *FLAT[:140], 20.0, *FLAT[:10], 21.0],
            f"a breakout, 5.00 % above {HIGHEST} (20.00 on 2030-06-12), which had stood "
            "152 sessions.",
            id="a high reached again has stood since it was first reached",
        ),
        pytest.param(
            [*FLAT, 10.0004],
            f"as high as {HIGHEST} (10.00 on 2030-03-04).",
            id="equal in the decimals it is quoted in",
        ),
        pytest.param(
            [20.0, *FLAT[:251], 15.0],
            f"25.00 % below {HIGHEST} (20.00 on 2030-03-04).",
            id="below the first of the 252",
        ),
        pytest.param(
            [1_000_000.0, *FLAT[:251], 999_990.0],
            f"less than 0.01 % below {HIGHEST} (1,000,000.00 on 2030-03-04).",
            id="a hair below it",
        ),
    ],
)
def test_a_close_is_put_against_the_252_before(
    ask: Ask, prices: list[float | None], told: str
) -> None:
    [fact] = stated(ask, daily(prices))

    assert fact["statement"].partition(" on 2030-11-11, ")[2] == told
    assert fact["statement"].startswith("Russell 2000 (^RUT) closed at ")
    assert list(fact) == COMMON


def test_what_left_the_window_is_no_high_of_it(ask: Ask) -> None:
    [fact] = stated(ask, daily([20.0, *FLAT, 15.0]))

    assert fact["statement"] == (
        "Russell 2000 (^RUT) closed at 15.00 on 2030-11-12, a breakout, 50.00 % above its highest "
        "close of the 252 sessions before (10.00 on 2030-03-05), which had stood 252 sessions; "
        "it has had no other since 2030-11-11, its first session with 252 before it."
    )


@pytest.mark.parametrize(
    ("after", "ending"),
    [
        pytest.param(
            [12.0],
            "; its last breakout was on 2030-11-11, from a base of 252 sessions.",
            id="the last one",
        ),
        pytest.param(
            [*[10.0] * 30, 12.0],
            "; the breakout before was on 2030-11-11, from a base of 252 sessions.",
            id="the one before this one",
        ),
    ],
)
def test_an_earlier_breakout_is_dated(ask: Ask, after: list[float], ending: str) -> None:
    [fact] = stated(ask, daily([*FLAT, 11.0, *after]))

    assert fact["statement"].endswith(ending)
    assert fact["since"] == (LAST if len(after) == 1 else LAST + timedelta(31))


def test_a_series_without_breakout_says_from_when_there_was_none(ask: Ask) -> None:
    [fact] = stated(ask, daily([*FLAT, 9.0, 9.0]))

    assert fact["statement"].endswith(
        "; it has had no breakout since 2030-11-11, its first session with 252 before it."
    )
    assert fact["since"] is None


def test_a_year_of_364_days_and_intraday_highs_are_stated_apart(ask: Ask) -> None:
    closes = daily([30.0, 20.0, *[10.0] * 363, 25.0])
    highs = daily([30.0, 20.0, *[11.0] * 363, 26.0])
    facts = {fact["measure"]: fact for fact in stated(ask, closes, highs)}

    assert [*facts] == ["close", "close_52_weeks", "high", "high_52_weeks"]
    assert facts["close_52_weeks"]["statement"] == (
        "Russell 2000 (^RUT) closed at 25.00 on 2031-03-04, a 52-week high, 25.00 % above its "
        "highest close of the 364 days before (20.00 on 2030-03-05)."
    )
    assert facts["high_52_weeks"]["statement"] == (
        "Russell 2000 (^RUT) traded as high as 26.00 on 2031-03-04, a 52-week high, 30.00 % above "
        "its highest price of the 364 days before (20.00 on 2030-03-05)."
    )
    assert facts["close"]["previous_value"] == 10.0
    assert facts["close_52_weeks"]["since"] is None
    assert (facts["close"]["of"], facts["close_52_weeks"]["of"]) == (253, 365)


def test_a_breakout_has_its_numbers(ask: Ask) -> None:
    traits: dict[str, Any] = {"kind": "fund", "caveat": "front contract", "quote_decimals": 3}
    [fact] = stated(ask, daily([*FLAT[:250], 20.0, 16.0, 15.0]), **traits)

    assert fact["value"] == pytest.approx(-0.25)
    assert fact["unit"] == "fraction"
    assert (fact["rank"], fact["of"], fact["observations"]) == (3, 253, 253)
    assert (fact["previous_value"], fact["previous_at"]) == (20.0, LAST - timedelta(2))
    assert (fact["first_observed"], fact["as_of"]) == (DAY, LAST)
    assert (fact["complete"], fact["view"]) == (True, "highs_252_sessions")
    assert fact["labels"] == ["front contract"]
    assert "closed at 15.000 USD on" in fact["statement"]
    assert "(20.000 on 2030-11-09)" in fact["statement"]


def test_a_window_stretched_by_a_hole_says_how_far_it_reaches(ask: Ask) -> None:
    early, late = daily(FLAT[:200]), daily([*FLAT, *FLAT, 9.0])[-53:]
    [fact, _] = stated(ask, [*early, *late])

    assert fact["labels"] == ["252 sessions that reach back to 2030-03-04"]


@pytest.mark.parametrize(
    "prices", [pytest.param([], id="no history"), pytest.param(FLAT, id="252 sessions")]
)
def test_a_breakout_of_too_few_sessions_is_not_stated(ask: Ask, prices: list[float | None]) -> None:
    assert stated(ask, daily(prices)) == []


Row = tuple[date, float, float | None, date | None, int | None, str | None]


def highest_before(prices: Prices) -> list[Row]:
    """Put each price against those of the 252 sessions before it, one by one."""
    known = sorted((day, round(price, 2)) for day, price in prices if price is not None)
    rows: list[Row] = []
    for number, (day, price) in enumerate(known):
        if number < 252:
            rows.append((day, price, None, None, None, None))
            continue
        before = known[number - 252 : number]
        high = max(value for _, value in before)
        place = [value for _, value in before].index(high)
        base = 252 - place
        kind = ("breakout" if base >= 20 else "new_high") if price > high else None
        rows.append((day, price, high, before[place][0], base, kind))
    return rows


def fact_of(rows: list[Row], *, is_year: bool) -> tuple[Any, ...] | None:
    """Tell value, rank, of, previous value and day, and the last breakout."""
    day, price, *_ = rows[-1] if rows else (DAY, 0.0)
    year_ago = day - timedelta(364)
    before = [row for row in rows[:-1] if row[0] >= year_ago] if is_year else rows[-253:-1]
    if len(rows) < 253 or (is_year and rows[0][0] > year_ago):
        return None
    high = max(row[1] for row in before)
    at = min(row[0] for row in before if row[1] == high)
    breakouts = [row[0] for row in rows if row[5] == "breakout" and not is_year]
    rank = 1 + sum(row[1] > price for row in before)
    since = breakouts[-1] if breakouts else None
    return pytest.approx(price / high - 1), rank, 1 + len(before), high, at, since


def walk(steps: bytes) -> tuple[Prices, Prices]:
    """Walk in steps that tie, over days with gaps and holes; some highs are not known."""
    day, cents = DAY, 2000
    closes, highs = [], []
    for step in steps:
        day += timedelta(300 if step == 255 else (1, 1, 1, 3)[step % 4])
        cents = max(100, cents + (-100, -1, 0, 0, 1, 100)[step // 4 % 6])
        close = cents / 100 + (0, 0.0004, -0.0004)[step % 3]
        closes.append((day, close))
        highs.append((day, (close, close + 1, close + 1, None)[step // 16 % 4]))
    return closes, highs


WALKS = st.sampled_from([0, 1, 252, 253, 300, 450]).flatmap(
    lambda length: st.binary(min_size=length, max_size=length)
)


@settings(max_examples=15)
@given(steps=st.lists(WALKS, max_size=3))
def test_any_history_is_compared_as_plain_python_does(ask: Ask, steps: list[bytes]) -> None:
    walks = {str(number): walk(taken) for number, taken in enumerate(steps)}
    given = {
        "bars": frame(Bars, [row for name, prices in walks.items() for row in bars(name, *prices)]),
        "instruments": frame(Instruments, [{"instrument": name} for name in walks]),
    }
    highs = ask("highs_252_sessions", **given).sort("instrument", "measure", "session")
    facts = ask("breakout", **given)
    expected = {
        (name, measure): highest_before(walks[name][measure == "high"])
        for name in walks
        for measure in ("close", "high")
    }

    columns = "session", "value", "previous_high", "previous_high_at", "base_length", "kind"
    assert highs.select("instrument", "measure", *columns).rows() == [
        (*key, *row) for key, rows in expected.items() for row in rows
    ]
    told = {
        (name, measure + "_52_weeks" * is_year): fact
        for (name, measure), rows in expected.items()
        for is_year in (False, True)
        if (fact := fact_of(rows, is_year=is_year))
    }
    numbers = facts.select(
        "subject", "measure", "value", "rank", "of", "previous_value", "previous_at", "since"
    )
    assert {row[:2]: row[2:] for row in numbers.rows()} == told
