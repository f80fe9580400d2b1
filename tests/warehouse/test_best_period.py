"""Changes of closes by day, week and month, and how the latest ranks among all of its series."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.reference import Instruments
from tests.warehouse import arithmetic
from tests.warehouse.conftest import Ask
from tests.warehouse.market import days, frame, sessions
from tests.warehouse.test_breakout import Prices, bars
from tests.warehouse.test_facts import COMMON

Period = Literal["day", "week", "month"]
Change = tuple[str, date, float | None]
MONDAY = date(2030, 3, 4)
CALENDAR = sessions(date(2029, 12, 3), date(2033, 12, 30))
OPEN = set(CALENDAR)


def relations(closes: dict[str, Prices], **traits: Any) -> dict[str, pl.DataFrame]:
    """Lay closes of instruments of the calendar TEST, and of others that never close."""
    open_days = {"TEST": CALENDAR, "24/7": days(CALENDAR[0], CALENDAR[-1])}
    return {
        "bars": frame(Bars, [row for name, known in closes.items() for row in bars(name, known)]),
        "instruments": frame(
            Instruments, [{"instrument": name, "kind": "index"} | traits for name in closes]
        ),
        "sessions": pl.DataFrame(
            [(name, day) for name, opened in open_days.items() for day in opened],
            schema={"calendar": pl.String, "session": pl.Date},
            orient="row",
        ),
    }


def changes(ask: Ask, closes: Prices, period: Period, **traits: Any) -> list[Change]:
    view = ask("price_changes", **relations({"^RUT": closes}, **traits))
    rows = view.filter(pl.col("period") == period).sort("starts_on")
    return rows.select("state", "starts_on", "change").rows()


def weekdays(first: date, closes: Sequence[float]) -> Prices:
    opened = [day for day in CALENDAR if day >= first]
    return list(zip(opened, closes, strict=False))


UP = 1 / 4
"""From 4 to 5."""


@pytest.mark.parametrize(
    ("closes", "period", "expected"),
    [
        pytest.param(
            weekdays(MONDAY + timedelta(3), [4.0, 5.0, 5.0004]),
            "day",
            [
                ("first", date(2030, 3, 7), None),
                ("complete", date(2030, 3, 8), UP),
                ("complete", date(2030, 3, 11), 0),
            ],
            id="days, over a weekend; equal in the decimals they are quoted in",
        ),
        pytest.param(
            weekdays(MONDAY, [9.0, 9.0, 9.0, 9.0, 4.0, 9.0, 9.0, 9.0, 9.0, 5.0]),
            "week",
            [("first", MONDAY, None), ("complete", date(2030, 3, 11), UP)],
            id="weeks, from last close to last close",
        ),
        pytest.param(
            weekdays(MONDAY, [4.0, 4.0, 4.0, 4.0, 4.0, 5.0, 5.0, 5.0, 5.0]),
            "week",
            [("first", MONDAY, None), ("running", date(2030, 3, 11), UP)],
            id="a week without its last session is running",
        ),
        pytest.param(
            weekdays(date(2030, 4, 8), [4.0] * 5 + [5.0] * 4),
            "week",
            [("first", date(2030, 4, 8), None), ("complete", date(2030, 4, 15), UP)],
            id="the week of Good Friday is over on Thursday",
        ),
        pytest.param(
            [*weekdays(date(2030, 3, 25), [4.0] * 3), *weekdays(date(2030, 4, 30), [5.0])],
            "month",
            [("cannot be told", date(2030, 4, 1), None)],
            id="a hole of more than five sessions before a month",
        ),
        pytest.param(
            [
                *weekdays(date(2030, 3, 25), [4.0] * 12),
                (date(2030, 4, 24), 4.5),
                (date(2030, 4, 30), 5.0),
            ],
            "month",
            [("first", date(2030, 3, 1), None), ("complete", date(2030, 4, 1), UP)],
            id="a hole within a month leaves it whole",
        ),
        pytest.param(
            [
                *weekdays(date(2030, 3, 18), [4.0] * 5),
                *weekdays(date(2030, 3, 25), [5.0] * 2),
                *weekdays(date(2030, 4, 9), [5.0] * 4),
                *weekdays(date(2030, 4, 15), [6.25] * 4),
            ],
            "week",
            [
                ("first", date(2030, 3, 18), None),
                ("cannot be told", date(2030, 3, 25), None),
                ("cannot be told", date(2030, 4, 8), None),
                ("complete", date(2030, 4, 15), UP),
            ],
            id="a long hole makes the weeks on both sides of it unknown",
        ),
        pytest.param(
            [
                *weekdays(date(2030, 3, 18), [4.0] * 5),
                *weekdays(date(2030, 3, 25), [5.0] * 5),
                *weekdays(date(2030, 4, 8), [5.0] * 5),
            ],
            "week",
            [
                ("first", date(2030, 3, 18), None),
                ("complete", date(2030, 3, 25), UP),
                ("cannot be told", date(2030, 4, 8), None),
            ],
            id="a week without a close makes the one after it unknown",
        ),
        pytest.param(
            [*weekdays(MONDAY, [4.0]), (date(2030, 3, 12), 5.0), (date(2030, 3, 21), 6.0)],
            "day",
            [
                ("first", MONDAY, None),
                ("complete", date(2030, 3, 12), UP),
                ("cannot be told", date(2030, 3, 21), None),
            ],
            id="a day's change spans up to five missing sessions, no more",
        ),
        pytest.param([], "day", [], id="no history"),
        pytest.param(
            weekdays(MONDAY, [4.0]), "month", [("first", date(2030, 3, 1), None)], id="one close"
        ),
    ],
)
def test_a_period_is_measured_from_close_to_close(
    ask: Ask, closes: Prices, period: Period, expected: list[Change]
) -> None:
    assert changes(ask, closes, period)[-len(expected) or None :] == expected


@pytest.mark.parametrize(("last", "state"), [(6, "running"), (7, "complete")])
def test_the_week_of_a_coin_is_over_on_sunday(ask: Ask, last: int, state: str) -> None:
    closes = [(MONDAY + timedelta(number), 4.0) for number in range(7 + last)]

    assert changes(ask, closes, "week", calendar="24/7")[-1][0] == state


def test_what_a_calendar_does_not_know_is_running(ask: Ask) -> None:
    closes = [(MONDAY + timedelta(number), 4.0) for number in (0, 7)]

    assert changes(ask, closes, "week", calendar="none")[-1][0] == "running"


def stated(ask: Ask, closes: Prices, **traits: Any) -> dict[str, dict[str, Any]]:
    answer = ask("best_period", **relations({"^RUT": closes}, name="Russell 2000", **traits))
    return {fact["measure"]: fact for fact in answer.rows(named=True)}


def by_week(*changes: float) -> Prices:
    """Let the first close of each week, after one at 100, change, and none within it."""
    closes, price = [], 100.0
    for number, change in enumerate((0.0, *changes)):
        price *= 1 + change
        closes += [(day, price) for day in CALENDAR if (day - MONDAY).days // 7 == number]
    return closes


LAST_WEEK = "2030-W31 (from 2030-07-29)"
QUIET = [0.01, -0.01] * 10


@pytest.mark.parametrize(
    ("weeks", "told"),
    [
        pytest.param(
            [*QUIET, 0.05],
            f"rose 5.00 % in {LAST_WEEK}, its best of 21 complete weeks since 2030-03-11.",
            id="the best there was",
        ),
        pytest.param(
            [0.04, 0.07, 0.06, *QUIET[3:], 0.05],
            f"rose 5.00 % in {LAST_WEEK}, its third best of 21 complete weeks since 2030-03-11 "
            "and the best since 2030-W13 (6.00 %).",
            id="the best since",
        ),
        pytest.param(
            [*QUIET[1:], 0.07, 0.05],
            f"rose 5.00 % in {LAST_WEEK}, its second best of 21 complete weeks since 2030-03-11, "
            "no better than 2030-W30 (7.00 %).",
            id="the week before was better: it is not the best since then",
        ),
        pytest.param(
            [*QUIET[1:], -0.05, -0.05],
            f"fell 5.00 % in {LAST_WEEK}, its joint worst of 21 complete weeks since 2030-03-11, "
            "no worse than 2030-W30 (-5.00 %).",
            id="the week before was as bad",
        ),
        pytest.param(
            [-0.09, *QUIET[1:], -0.05],
            f"fell 5.00 % in {LAST_WEEK}, its second worst of 21 complete weeks since 2030-03-11 "
            "and the worst since 2030-W11 (-9.00 %).",
            id="falls are counted from the worst",
        ),
        pytest.param(
            [*QUIET, 0.0],
            f"did not change in {LAST_WEEK}; it rose in 10 of 21 complete weeks since 2030-03-11.",
            id="no change",
        ),
    ],
)
def test_a_week_is_ranked(ask: Ask, weeks: list[float], told: str) -> None:
    fact = stated(ask, by_week(*weeks), quote_decimals=8)["week"]

    assert fact["statement"] == f"Russell 2000 (^RUT) {told}"
    assert fact["complete"] is True
    assert list(fact) == COMMON


@pytest.mark.parametrize(
    ("change", "ending"),
    [
        (0.07, "; the running week (7.00 % so far) would be its best."),
        (0.03, "; the running week (3.00 % so far) would be its second best."),
        (-0.07, "; the running week (-7.00 % so far) would be its worst."),
        (0.0, "; the running week has not changed so far."),
    ],
)
def test_a_running_week_stands_apart(ask: Ask, change: float, ending: str) -> None:
    weeks = by_week(*QUIET, 0.05, change)[:-2]
    fact = stated(ask, weeks, quote_decimals=8)["week"]

    assert fact["statement"].endswith(f"of 21 complete weeks since 2030-03-11{ending}")
    assert (fact["rank"], fact["of"], fact["complete"]) == (1, 21, False)
    assert fact["rank_if_counted"] == {0.07: 1, 0.03: 2, -0.07: 22, 0.0: 12}[change]


def test_weeks_alike_share_a_rank(ask: Ask) -> None:
    fact = stated(ask, by_week(*[1.0, -0.5] * 10, 1.0))["week"]

    assert "rose 100.00 %" in fact["statement"]
    assert (
        "its joint best of 21 complete weeks since 2030-03-11 and the best since 2030-W29"
        in (fact["statement"])
    )
    assert (fact["rank"], fact["since"]) == (1, date(2030, 7, 15))


def test_the_best_has_its_numbers(ask: Ask) -> None:
    closes = by_week(0.04, 0.07, 0.06, *QUIET[3:], 0.05)
    facts = stated(ask, closes, quote_decimals=8, caveat="noon in London")
    week = facts["week"]

    assert week["value"] == pytest.approx(0.05)
    assert (week["unit"], week["view"]) == ("fraction", "price_changes")
    assert (week["rank"], week["rank_if_counted"], week["of"]) == (3, None, 21)
    assert facts["day"]["rank_if_counted"] is None
    assert (week["since"], week["previous_at"]) == (date(2030, 3, 25), date(2030, 3, 25))
    assert week["previous_value"] == pytest.approx(0.06)
    assert (week["observations"], week["first_observed"]) == (21, date(2030, 3, 11))
    assert week["as_of"] == closes[-1][0]
    assert week["labels"] == ["noon in London"]
    assert facts.keys() == {"day", "week"}


def test_days_and_months_are_named_in_their_own_way(ask: Ask) -> None:
    count = sum(day < date(2031, 12, 12) for day in CALENDAR)
    facts = stated(ask, weekdays(CALENDAR[0], [100.0 + number % 37 for number in range(count)]))

    assert facts["day"]["statement"] == (
        "Russell 2000 (^RUT) rose 0.95 % on 2031-12-11, its joint 76th best of 524 days since "
        "2029-12-04, no better than 2031-12-10 (0.96 %)."
    )
    assert "in November 2031, its" in facts["month"]["statement"]
    assert "complete months since 2030-01-01" in facts["month"]["statement"]
    assert "; the running month (" in facts["month"]["statement"]


@pytest.mark.parametrize(
    ("closes", "traits"),
    [
        pytest.param([], {}, id="no history"),
        pytest.param(weekdays(MONDAY, [1.0] * 20), {}, id="nineteen days"),
        pytest.param(weekdays(MONDAY, [1.0] * 60), {"kind": "future"}, id="a front contract"),
        pytest.param(
            [*weekdays(MONDAY, [1.0] * 60), (date(2031, 3, 7), 1.0)], {}, id="after a long hole"
        ),
    ],
)
def test_no_best_is_stated_for(ask: Ask, closes: Prices, traits: dict[str, Any]) -> None:
    assert stated(ask, closes, **traits) == {}


class Measured(NamedTuple):
    """A period in plain Python."""

    starts_on: date
    change: float | None
    state: str


def first_of(period: Period, day: date) -> date:
    return day if period == "day" else arithmetic.first_of(period, day)


def measured(closes: Prices, period: Period) -> list[Measured]:
    """Measure every period that has a close, one by one."""
    known = {day: close for day, close in closes if close is not None}
    starts = sorted({first_of(period, day) for day in known})
    inside = {s: sorted(day for day in known if first_of(period, day) == s) for s in starts}
    lost: set[date] = set()
    for before, after in pairwise(starts):
        closed_on, opened_on = inside[before][-1], inside[after][0]
        missing = CALENDAR[bisect_right(CALENDAR, closed_on) : bisect_left(CALENDAR, opened_on)]
        skipped = period != "day" and arithmetic.following(period, before) < after
        if len(missing) > 5 or (skipped and missing):
            lost.add(after)
        if len(missing) > 5 and period != "day":
            lost.add(before)
    last_due = max((d for d in CALENDAR if first_of(period, d) in starts[-1:]), default=MONDAY)
    found = [Measured(start, None, "first") for start in starts[:1]]
    for before, start in pairwise(starts):
        old, new = known[inside[before][-1]], known[inside[start][-1]]
        is_running = period != "day" and start == starts[-1] and last_due > inside[start][-1]
        state = "cannot be told" if start in lost else "running" if is_running else "complete"
        change = None if start in lost else (new / old - 1 if round(new - old, 2) else 0.0)
        found.append(Measured(start, change, state))
    return found


def ranked(periods: list[Measured]) -> tuple[Any, ...] | None:
    """Rank the latest period that is over, as CLAIMS tells."""
    whole = [period for period in periods if period.state == "complete"]
    over = [period for period in periods if period.state != "running"]
    if len(whole) < 20 or over[-1].state != "complete":
        return None
    latest, values = over[-1], [period.change or 0.0 for period in whole]
    value = values[-1]
    alike = [
        period
        for period, change in zip(whole[:-1], values[:-1], strict=True)
        if (value > 0 and change >= value) or (value < 0 and change <= value)
    ]
    earlier = alike[-1] if alike else Measured(whole[0].starts_on, None, "")
    running = periods[-1].change if periods[-1].state == "running" else None
    if_counted = None if running is None else 1 + sum(v > running for v in values)
    since = earlier.starts_on if value else None
    rank = 1 + sum(v > value for v in values)
    return latest.change, rank, if_counted, len(values), since, earlier.change


@st.composite
def histories(draw: st.DrawFn) -> Prices:
    """Draw closes in few steps, so that changes tie, on weekdays with holes and a weekend's."""
    length = draw(st.sampled_from([0, 1, 3, 30, 150, 1300]))
    steps = draw(st.binary(min_size=length, max_size=length))
    price, closes, hidden = 8, [], 0
    for day, step in zip(days(MONDAY, CALENDAR[-1]), steps, strict=False):
        hidden = step % 11 if step > 252 else hidden - 1
        price = max(1, price + (-1, 0, 1, 2, -2)[step % 5])
        if hidden <= 0 and (day in OPEN or step % 40 == 0):
            closes.append((day, price + (0, 0.0004, -0.0004)[step % 3]))
    return closes


@settings(max_examples=12)
@given(drawn=st.lists(histories(), max_size=2))
def test_any_history_is_ranked_as_plain_python_does(ask: Ask, drawn: list[Prices]) -> None:
    closes = {str(number): known for number, known in enumerate(drawn)}
    given = relations(closes)
    view = ask("price_changes", **given).sort("instrument", "period", "starts_on")
    facts = ask("best_period", **given)
    periods: tuple[Period, ...] = ("day", "month", "week")
    expected = {
        (name, period): measured(known, period)
        for name, known in closes.items()
        for period in periods
    }

    columns = "instrument", "period", "starts_on", "change", "state"
    assert view.select(columns).rows() == [
        (*key, *row) for key, rows in expected.items() for row in rows
    ]
    numbers = facts.select(
        "subject", "measure", "value", "rank", "rank_if_counted", "of", "since", "previous_value"
    )
    assert {row[:2]: row[2:] for row in numbers.rows()} == {
        key: told for key, rows in expected.items() if (told := ranked(rows))
    }
