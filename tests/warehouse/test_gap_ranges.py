"""Gaps as ranges of consecutive expected days, against plain Python."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.warehouse.conftest import Ask

FIRST = date(2030, 1, 2)
ABOUT = {"dataset": pl.String, "subject": pl.String, "source": pl.String}
EXPECTED = ABOUT | {"as_of": pl.Date}
GAPS = EXPECTED | {
    "symbol": pl.String,
    "priority": pl.Int64,
    "due_at": pl.Datetime("us", "UTC"),
    "reason": pl.String,
    "detail": pl.String,
    "is_open": pl.Boolean,
}

# What befalls each expected day: it is stored, or missing for a reason, with a detail.
STORED, AWAITED = None, ("awaited", None, True)
DOWN, DOWN_TOO = ("unanswered", "status 500", True), ("unanswered", "status 503", True)
NONE = ("provider has none", None, False)
FATES = st.lists(st.sampled_from([STORED, AWAITED, DOWN, DOWN_TOO, NONE]), min_size=1, max_size=12)
STEPS = st.lists(st.integers(1, 4), min_size=12, max_size=12)

Fate = tuple[str, str | None, bool] | None
Day = tuple[date, Fate]


@given(fates=st.lists(st.tuples(FATES, STEPS), min_size=1, max_size=3))
def test_ranges_are_the_runs_of_days_with_one_fate(
    ask: Ask, fates: list[tuple[list[Fate], list[int]]]
) -> None:
    lives = {f"subject {n}": list(days(*one)) for n, one in enumerate(fates)}

    answer = ask(
        "gap_ranges",
        expected_days=frame(EXPECTED, lives, lambda _: True),
        gaps=frame(GAPS, lives, lambda fate: fate is not STORED),
    )

    shown = ("subject", "first_day", "last_day", "days", "due_at", "reason", "detail", "is_open")
    told = answer.select(shown).rows()
    assert sorted(told, key=str) == sorted(runs(lives), key=str)


def days(fates: list[Fate], steps: list[int]) -> Iterator[Day]:
    """Give the expected days of a subject: between them lie days that nobody expects."""
    day = FIRST
    for fate, step in zip(fates, steps, strict=False):
        yield day, fate
        day += timedelta(step)


def runs(lives: dict[str, list[Day]]) -> Iterator[tuple[Any, ...]]:
    """Tell the same in plain Python."""
    for subject, life in lives.items():
        for fate, run in groupby(life, key=lambda one: one[1]):
            if fate is not STORED:
                missing = [day for day, _ in run]
                yield subject, missing[0], missing[-1], len(missing), due(missing[0]), *fate


def due(day: date) -> datetime:
    return datetime.combine(day, time(22), UTC)


def frame(schema: Any, lives: dict[str, list[Day]], is_in: Any) -> pl.DataFrame:
    rows = [
        {"dataset": "quotes", "subject": subject, "source": "bank", "as_of": day}
        | {"symbol": "X", "priority": 1, "due_at": due(day)}
        | dict(zip(("reason", "detail", "is_open"), fate or (None, None, None), strict=True))
        for subject, life in lives.items()
        for day, fate in life
        if is_in(fate)
    ]
    return pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)


def test_a_stored_day_splits_a_range_and_a_day_nobody_expects_does_not(ask: Ask) -> None:
    friday, monday, tuesday = (FIRST + timedelta(n) for n in (2, 5, 6))
    lives = {"whole": [(friday, AWAITED), (monday, AWAITED), (tuesday, STORED)]}
    lives["split"] = [(friday, AWAITED), (monday, STORED), (tuesday, AWAITED)]

    answer = ask(
        "gap_ranges",
        expected_days=frame(EXPECTED, lives, lambda _: True),
        gaps=frame(GAPS, lives, lambda fate: fate is not STORED),
    )

    assert answer.select("subject", "first_day", "last_day", "days").sort(pl.all()).rows() == [
        ("split", friday, friday, 1),
        ("split", tuesday, tuesday, 1),
        ("whole", friday, monday, 2),
    ]
