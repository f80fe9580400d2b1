"""Weekly rates of a pair, and whether they are above their 50-week average (claim C15)."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.sessions import Sessions
from tests.warehouse.conftest import Ask
from tests.warehouse.market import DAY, days, frame, sessions
from tests.warehouse.test_cross_rates import Closes, market
from tests.warehouse.test_facts import COMMON

WEEK = timedelta(7)
MONDAY = date(2030, 1, 7)
"""Of 2030-W02."""
SUNDAY = MONDAY + 6 * DAY


def calendar(open_on: Iterable[date]) -> pl.DataFrame:
    """Open the calendar TEST on some days."""
    return frame(
        Sessions,
        [
            {
                "calendar": "TEST",
                "session": day,
                "opens_at": datetime.combine(day, time(0), UTC),
                "closes_at": datetime.combine(day, time(23), UTC),
            }
            for day in open_on
        ],
    )


ALWAYS = calendar(days(MONDAY - WEEK, MONDAY + 90 * WEEK))


def weeks(ask: Ask, gold: Closes, open_on: pl.DataFrame = ALWAYS) -> list[tuple[Any, ...]]:
    silver = dict.fromkeys(gold, 1.0)
    found = ask("weekly_ratios", **market({"AU": gold, "AG": silver}), sessions=open_on)
    return found.sort("week").select("week", "last_as_of", "ratio", "complete").rows()


def test_a_weeks_rate_is_its_last(ask: Ask) -> None:
    gold = {MONDAY: 5.0, SUNDAY - DAY: 6.0, SUNDAY: 7.0, SUNDAY + DAY: 8.0}

    assert weeks(ask, gold) == [
        (MONDAY, SUNDAY, 7.0, True),
        (MONDAY + WEEK, MONDAY + WEEK, 8.0, False),
    ]


def test_a_week_is_over_with_its_last_session(ask: Ask) -> None:
    weekdays = calendar(sessions(date(2030, 4, 15), date(2030, 4, 26)))
    wednesday, thursday, monday = date(2030, 4, 17), date(2030, 4, 18), date(2030, 4, 15)

    running = weeks(ask, {wednesday: 5.0}, weekdays)
    over_before_good_friday = weeks(ask, {wednesday: 5.0, thursday: 6.0}, weekdays)
    assert running == [(monday, wednesday, 5.0, False)]
    assert over_before_good_friday == [(monday, thursday, 6.0, True)]


def test_a_week_is_over_with_any_later_session(ask: Ask) -> None:
    found = weeks(ask, {MONDAY: 5.0, MONDAY + 2 * WEEK: 6.0})

    assert [complete for *_, complete in found] == [True, False]


def test_the_calendar_is_that_of_the_numerator(ask: Ask) -> None:
    friday = MONDAY + 4 * DAY
    closes: dict[str, Closes] = {"AU": {friday: 6.0}, "AG": {friday: 2.0}}
    weekdays = calendar(sessions(MONDAY, SUNDAY))
    other = {"AG": {"calendar": "24/7"}}
    both = market(closes, ["AU/AG", "AG/AU"], **other)

    found = ask("weekly_ratios", **both, sessions=weekdays).sort("pair")
    assert found.select("pair", "complete").rows() == [("AG/AU", False), ("AU/AG", True)]


def test_a_calendar_without_sessions_completes_no_week(ask: Ask) -> None:
    assert weeks(ask, {MONDAY: 5.0}, calendar([])) == [(MONDAY, MONDAY, 5.0, False)]


def weekly(values: Sequence[float | None]) -> dict[date, float | None]:
    """Lay a close on each Sunday from the first Monday's week on; null: a week without one."""
    return {SUNDAY + number * WEEK: value for number, value in enumerate(values)}


def stated(ask: Ask, gold: Closes) -> dict[str, dict[str, Any]]:
    laid = market({"AU": gold, "AG": dict.fromkeys(gold, 1.0)}, AU={"caveat": "a splice"})
    found = ask("ratio_to_sma", **laid, sessions=ALWAYS)
    return {row["measure"]: row for row in found.rows(named=True)}


FLAT = [2.0] * 49
LAST = "on 2030-12-22 (2030-W51, complete)"
MEAN = "the mean of the last 50 weeks (this one included)"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param(
            [*FLAT, 3.0],
            f"was 3.000 {LAST}: 48.51 % above 2.020, {MEAN}, and above it for at least 1 week.",
            id="the first week with a mean",
        ),
        pytest.param(
            [2.0, *FLAT, 3.0],
            "was 3.000 on 2030-12-29 (2030-W52, complete): 48.51 % above 2.020, "
            f"{MEAN}, and above it for 1 week.",
            id="a week above",
        ),
        pytest.param(
            [2.0, *FLAT, 1.0],
            "was 1.000 on 2030-12-29 (2030-W52, complete): 49.49 % below 1.980, "
            f"{MEAN}, and below it for 1 week.",
            id="a week below",
        ),
        pytest.param(
            [2.0, *FLAT, 3.0, 4.0],
            "was 4.000 on 2031-01-05 (2031-W01, complete): 94.17 % above 2.060, "
            f"{MEAN}, and above it for 2 weeks in a row, since 2030-W52.",
            id="weeks above",
        ),
        pytest.param(
            [*FLAT, 3.0, 4.0],
            "was 4.000 on 2030-12-29 (2030-W52, complete): 94.17 % above 2.060, "
            f"{MEAN}, and above it for at least 2 weeks in a row, since 2030-W51.",
            id="weeks above, perhaps more of them",
        ),
        pytest.param(
            [*FLAT, 2.0], f"was 2.000 {LAST}: exactly on 2.000, {MEAN}.", id="on the mean"
        ),
        pytest.param(
            [*FLAT, 2.00005],
            f"was 2.000 {LAST}: less than 0.01 % above 2.000, {MEAN}, and above it for at least "
            "1 week.",
            id="hardly above",
        ),
    ],
)
def test_a_complete_week_is_stated(ask: Ask, values: list[float], sentence: str) -> None:
    facts = stated(ask, weekly(values))

    for fact in facts.values():
        assert fact["statement"] == f"Gold priced in Silver (AU/AG) {sentence}"
        assert list(fact) == COMMON
    assert facts.keys() == {"with_running_week", "complete_weeks"}


def test_a_running_week_stands_apart(ask: Ask) -> None:
    gold = weekly([*FLAT, 3.0]) | {date(2030, 12, 25): 1.0}
    facts = stated(ask, gold)
    running, complete = facts["with_running_week"], facts["complete_weeks"]

    assert running["statement"] == (
        "Gold priced in Silver (AU/AG) was 1.000 on 2030-12-25 (2030-W52, still running): 50.00 % "
        f"below 2.000, {MEAN}, and below it for 1 week."
    )
    assert "was 3.000 on 2030-12-22 (2030-W51, complete)" in complete["statement"]
    assert (running["complete"], complete["complete"]) == (False, True)
    assert running["as_of"] == complete["as_of"] == date(2030, 12, 25)
    assert running["labels"] == [
        "a splice", "the running week included", "window: 50 weeks from 2030-W03",
    ]  # fmt: skip
    assert complete["labels"] == [
        "a splice", "complete weeks only", "window: 50 weeks from 2030-W02",
    ]  # fmt: skip


def test_a_week_has_its_numbers(ask: Ask) -> None:
    fact = stated(ask, weekly([2.0, *FLAT, 3.0, 4.0]))["complete_weeks"]

    assert (fact["subject"], fact["value"], fact["unit"]) == ("AU/AG", 4.0, "AG per AU")
    assert fact["previous_value"] == pytest.approx(2.06)
    assert (fact["since"], fact["observations"]) == (date(2030, 12, 23), 52)
    assert fact["first_observed"] == MONDAY


@pytest.mark.parametrize(
    ("gold", "measures"),
    [
        pytest.param({}, set(), id="no history"),
        pytest.param(weekly([2.0]), set(), id="one week"),
        pytest.param(weekly(FLAT), set(), id="49 weeks"),
        pytest.param(
            weekly(FLAT) | {date(2030, 12, 16): 2.0},
            {"with_running_week"},
            id="49 weeks and a running one",
        ),
        pytest.param(weekly([*FLAT, None, 2.0]), set(), id="a week that is not known"),
        pytest.param(
            weekly([2.0, None, *FLAT, 2.0]),
            {"with_running_week", "complete_weeks"},
            id="50 weeks after one that is not known",
        ),
    ],
)
def test_without_fifty_weeks_there_is_no_mean(ask: Ask, gold: Closes, measures: set[str]) -> None:
    assert stated(ask, gold).keys() == measures


def expected(gold: Closes) -> dict[str, tuple[Any, ...]]:
    """Work out value, previous_value, since, complete and observations in plain Python."""
    last_of: dict[date, tuple[date, float]] = {}
    for day, close in sorted(gold.items()):
        if close is not None:
            last_of[day - day.weekday() * DAY] = (day, close)
    mondays = sorted(last_of)
    last_day = max((day for day, _ in last_of.values()), default=MONDAY)
    ratios = [last_of[monday][1] for monday in mondays]
    means = {n: sum(ratios[n - 49 : n + 1]) / 50 for n in range(49, len(ratios))}
    over = [n for n, monday in enumerate(mondays) if monday + 6 * DAY <= last_day]
    told: dict[str, tuple[Any, ...]] = {}
    for measure, numbers in [
        ("with_running_week", range(len(mondays))),
        ("complete_weeks", over),
    ]:
        n = max(numbers, default=0)
        if n not in means or mondays[n] - mondays[n - 49] != 49 * WEEK:
            continue
        side = ratios[n] - means[n]
        run = n
        while run - 1 in means and (ratios[run - 1] - means[run - 1]) * side > 0:
            run -= 1
        since = mondays[run] if side else None
        told[measure] = (ratios[n], pytest.approx(means[n]), since, n in over, n + 1)
    return told


@st.composite
def histories(draw: st.DrawFn) -> list[Closes]:
    """Draw closes of some 50 to 80 weeks, a few days of each: with ties and missing weeks."""
    found: list[Closes] = []
    for length in draw(st.lists(st.sampled_from([0, 1, 49, 50, 51, 80]), max_size=4)):
        random = Random(draw(st.integers(0, 10**6)))  # noqa: S311 -- of test data
        is_whole = draw(st.booleans())
        gold: dict[date, float | None] = {}
        for week in range(length):
            chosen = random.sample(range(7), random.choice([1, 2, 7] if is_whole else [0, 1, 7]))
            gold |= {
                MONDAY + week * WEEK + day * DAY: random.choice([1.0, 2.0, 2.0, 3.0])
                for day in chosen
            }
        found.append(gold)
    return found


@settings(max_examples=25)
@given(histories=histories())
def test_facts_are_those_of_plain_python(ask: Ask, histories: list[Closes]) -> None:
    closes = {f"A{number}": gold for number, gold in enumerate(histories)}
    below = dict.fromkeys(days(MONDAY, MONDAY + 90 * WEEK), 1.0)
    pairs = [f"{name}/AG" for name in closes]
    rows = ask("ratio_to_sma", **market(closes | {"AG": below}, pairs), sessions=ALWAYS)

    columns = ["value", "previous_value", "since", "complete", "observations"]
    for pair, gold in zip(pairs, histories, strict=True):
        assert {
            row["measure"]: tuple(row[column] for column in columns)
            for row in rows.filter(subject=pair).rows(named=True)
        } == expected(gold)
