"""How the Federal Reserve moved its target, and whether that was a pivot (claim C17)."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.rates import Rates
from schemas.tables.reference import FomcMeetings, Series
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_facts import COMMON

DAY = date(2030, 3, 4)
UPPER = "DFEDTARU"
Levels = Sequence[tuple[int, float]]


def day(number: int) -> date:
    return DAY + timedelta(number)


def relations(levels: Levels, meetings: Sequence[int] = (), **traits: Any) -> dict[str, Any]:
    """Lay levels of days, and of another series; each day is the number of days since the first."""
    rates = [{"series": UPPER, "as_of": day(number), "value": level} for number, level in levels]
    others = [row | {"series": "OTHER", "value": 7.0 + n} for n, row in enumerate(rates)]
    listed = [{"announced_on": day(number), "is_scheduled": True} for number in meetings]
    return {
        "rates": frame(Rates, reversed([*rates, *others])),
        "fomc_meetings": frame(FomcMeetings, [row | {"stated_by": "us"} for row in listed]),
        "series": frame(Series, [{"series": UPPER} | traits]),
    }


def daily(*spells: tuple[int, float]) -> Levels:
    """Lay a level for so many days each."""
    levels = [level for length, level in spells for _ in range(length)]
    return list(enumerate(levels))


def changes(ask: Ask, levels: Levels, meetings: Sequence[int] = ()) -> pl.DataFrame:
    return ask("policy_changes", **relations(levels, meetings)).sort("as_of")


def stated(
    ask: Ask, levels: Levels, meetings: Sequence[int] = (), **traits: Any
) -> list[dict[str, Any]]:
    return ask("policy_pivot", **relations(levels, meetings, **traits)).rows(named=True)


CUTS = daily((10, 5.0), (10, 5.25), (20, 4.75), (10, 4.5), (40, 4.25), (5, 4.0))
OFTEN = (4, 9, 19, 29, 39, 49, 59, 69, 79, 89)
"""Meetings each ten days or so; what they decide carries the day after."""


def test_a_change_is_dated_by_its_effect_and_by_its_announcement(ask: Ask) -> None:
    found = changes(ask, CUTS, OFTEN)

    columns = ("as_of", "announced_at", "previous_level", "level", "direction")
    assert found.select(columns).rows() == [
        (day(10), day(9), 5.0, 5.25, "hike"),
        (day(20), day(19), 5.25, 4.75, "cut"),
        (day(40), day(39), 4.75, 4.5, "cut"),
        (day(50), day(49), 4.5, 4.25, "cut"),
        (day(90), day(89), 4.25, 4.0, "cut"),
    ]
    assert found["change"].to_list() == [0.25, -0.5, -0.25, -0.25, -0.25]


def test_a_change_is_a_pivot_a_continuation_or_a_resumption(ask: Ask) -> None:
    found = changes(ask, CUTS, OFTEN)

    columns = ("kind", "meetings_between", "moves_in_direction", "turn_date", "is_turn_known")
    assert found.select(columns).rows() == [
        (None, None, 1, day(10), False),
        ("pivot", 0, 1, day(20), True),
        ("continuation", 1, 2, day(20), True),
        ("continuation", 0, 3, day(20), True),
        ("resumption", 3, 4, day(20), True),
    ]
    assert found["previous_as_of"].to_list() == [None, *found["as_of"].to_list()[:-1]]


@pytest.mark.parametrize(
    ("meetings", "announced"),
    [
        pytest.param([10], 10, id="on the day itself"),
        pytest.param([9], 9, id="the day before"),
        pytest.param([9, 10], 10, id="the later of two"),
        pytest.param([8, 11], None, id="on no day near enough"),
        pytest.param([], None, id="no list"),
    ],
)
def test_an_announcement_is_of_the_day_or_of_the_day_before(
    ask: Ask, meetings: Sequence[int], announced: int | None
) -> None:
    [found] = changes(ask, daily((10, 5.0), (3, 5.25)), meetings)["announced_at"]

    assert found == (None if announced is None else day(announced))


@pytest.mark.parametrize(
    "meetings", [pytest.param([39], id="the first"), pytest.param([19], id="the second")]
)
def test_where_a_meeting_is_not_listed_a_pause_cannot_be_told(
    ask: Ask, meetings: Sequence[int]
) -> None:
    found = changes(ask, daily((20, 5.0), (20, 4.75), (2, 4.5), (2, 5.0)), meetings)

    assert found["kind"].to_list() == [None, None, "pivot"]
    assert found["meetings_between"].to_list() == [None] * 3


SINCE = "The Federal Reserve last moved the upper bound of its target range on "


@pytest.mark.parametrize(
    ("last", "meetings", "sentence"),
    [
        pytest.param(
            15,
            OFTEN,
            "2030-03-14 (announced on 2030-03-13): a hike of 0.25 percentage points, from 5.00 % "
            "to 5.25 %; the first move since 2030-03-04.",
            id="the first move",
        ),
        pytest.param(
            21,
            OFTEN,
            "2030-03-24 (announced on 2030-03-23): a cut of 0.50 percentage points, from 5.25 % to "
            "4.75 %; a pivot, for the move before, on 2030-03-14, was a hike.",
            id="a pivot",
        ),
        pytest.param(
            45,
            OFTEN,
            "2030-04-13 (announced on 2030-04-12): a cut of 0.25 percentage points, from 4.75 % to "
            "4.50 %; a continuation, 2 cuts in a row since the pivot of 2030-03-24.",
            id="a continuation",
        ),
        pytest.param(
            99,
            OFTEN,
            "2030-06-02 (announced on 2030-06-01): a cut of 0.25 percentage points, from 4.25 % to "
            "4.00 %; a resumption after 3 meetings without a change, 4 cuts in a row since the "
            "pivot of 2030-03-24.",
            id="a resumption",
        ),
        pytest.param(
            45,
            (),
            "2030-04-13: a cut of 0.25 percentage points, from 4.75 % to 4.50 %; 2 cuts in a row "
            "since the pivot of 2030-03-24.",
            id="meetings that are not listed",
        ),
    ],
)
def test_the_last_move_is_stated(
    ask: Ask, last: int, meetings: Sequence[int], sentence: str
) -> None:
    [fact] = stated(ask, CUTS[: last + 1], meetings)

    assert fact["statement"] == SINCE + sentence
    assert list(fact) == COMMON


def test_moves_in_a_row_from_the_first_one_follow_no_pivot(ask: Ask) -> None:
    [fact] = stated(ask, daily((10, 5.0), (10, 5.25), (5, 5.5)), OFTEN)

    assert fact["statement"].endswith("; a continuation, 2 hikes in a row since 2030-03-14.")


def test_the_last_move_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask, CUTS[:48], OFTEN, caveat="carries the day after")

    assert (fact["subject"], fact["measure"], fact["unit"]) == (UPPER, "upper_bound", "percent")
    assert (fact["as_of"], fact["since"]) == (day(47), day(40))
    assert (fact["value"], fact["previous_value"], fact["previous_at"]) == (4.5, 4.75, day(20))
    assert (fact["observations"], fact["first_observed"]) == (48, DAY)
    assert fact["labels"] == ["carries the day after"]


def test_a_move_of_unknown_kind_says_so(ask: Ask) -> None:
    [fact] = stated(ask, CUTS[:48])

    assert fact["labels"] == ["what it follows cannot be told"]


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param([], id="no history"),
        pytest.param(daily((1, 5.0)), id="one day"),
        pytest.param(daily((30, 5.0)), id="no change yet"),
    ],
)
def test_without_a_move_nothing_is_stated(ask: Ask, levels: Levels) -> None:
    assert stated(ask, levels, OFTEN) == []
    assert changes(ask, levels, OFTEN).is_empty()


HISTORIES = st.dictionaries(st.integers(0, 60), st.sampled_from([1.0, 1.25, 1.5]), max_size=40).map(
    lambda levels: sorted(levels.items())
)


@settings(max_examples=25)
@given(levels=HISTORIES, meetings=st.sets(st.integers(0, 60), max_size=40))
def test_changes_are_those_of_a_loop(ask: Ask, levels: Levels, meetings: set[int]) -> None:
    expected: list[tuple[Any, ...]] = []
    moves: list[tuple[int, int | None, float]] = []
    for (_, before), (number, level) in pairwise(levels):
        if level == before:
            continue
        announced = max(meetings & {number - 1, number}, default=None)
        moves.append((number, announced, level - before))
        run = [moves[-1]]
        for move in reversed(moves[:-1]):
            if move[2] * run[-1][2] < 0:
                break
            run.append(move)
        pause, kind = None, None
        if len(moves) > 1:
            earlier = moves[-2][1]
            if announced is not None and earlier is not None:
                pause = sum(earlier < meeting < announced for meeting in meetings)
            if len(run) == 1:
                kind = "pivot"
            elif pause is not None:
                kind = "resumption" if pause >= 3 else "continuation"
        expected.append(
            (day(number), kind, pause, len(run), day(run[-1][0]), len(run) < len(moves))
        )

    columns = (
        *("as_of", "kind", "meetings_between", "moves_in_direction", "turn_date", "is_turn_known"),
    )
    assert changes(ask, levels, sorted(meetings)).select(columns).rows() == expected
