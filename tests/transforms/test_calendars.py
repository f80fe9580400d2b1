from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Capture, Refused, Request
from schemas.tables.sessions import Sessions
from schemas.validation import accept
from transforms.calendars import sessions

NONE = pl.DataFrame(schema={"session": pl.Date, "is_open": pl.Boolean})
THANKSGIVING, DAY_AFTER = date(2025, 11, 27), date(2025, 11, 28)


def overrides(**days: bool) -> pl.DataFrame:
    listed = [
        (date.fromisoformat(day[1:].replace("_", "-")), is_open) for day, is_open in days.items()
    ]
    return pl.DataFrame(listed, schema=NONE.schema, orient="row")


def xnys(first: date, last: date, corrected: pl.DataFrame = NONE) -> dict[date, tuple]:
    listed = sessions("XNYS", first, last, corrected)
    return {row["session"]: (row["opens_at"], row["closes_at"]) for row in listed.to_dicts()}


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    "holiday",
    [
        pytest.param(date(2025, 7, 4), id="Independence Day"),
        pytest.param(date(2025, 1, 9), id="a day of mourning"),
        pytest.param(THANKSGIVING, id="Thanksgiving"),
        pytest.param(date(2025, 4, 18), id="Good Friday"),
        pytest.param(date(2001, 9, 12), id="after the attacks"),
        pytest.param(date(2025, 12, 13), id="a Saturday"),
    ],
)
def test_a_holiday_is_no_session(holiday: date) -> None:
    around = xnys(holiday - timedelta(days=5), holiday + timedelta(days=5))

    assert holiday not in around
    assert around


def test_a_half_day_closes_early_and_the_clock_follows_new_york() -> None:
    listed = xnys(date(2025, 10, 31), date(2025, 12, 1))

    assert listed[DAY_AFTER] == (utc(DAY_AFTER, 14, 30), utc(DAY_AFTER, 18))
    assert listed[date(2025, 12, 1)] == (utc(date(2025, 12, 1), 14, 30), utc(date(2025, 12, 1), 21))
    assert listed[date(2025, 10, 31)][1] == utc(date(2025, 10, 31), 20)


def test_the_round_the_clock_market_goes_from_midnight_to_midnight() -> None:
    weekend = sessions("24/7", date(2025, 12, 13), date(2025, 12, 14), NONE)

    assert weekend.drop("position").rows() == [
        ("24/7", day, utc(day, 0), utc(day + timedelta(days=1), 0))
        for day in (date(2025, 12, 13), date(2025, 12, 14))
    ]


def test_sessions_go_back_as_far_as_they_are_asked_for() -> None:
    listed = xnys(date(1927, 12, 30), date(1928, 1, 5))

    assert min(listed) == date(1927, 12, 30)
    assert date(1928, 1, 3) in listed


def test_an_override_takes_a_session_out() -> None:
    listed = xnys(date(2025, 12, 8), date(2025, 12, 12), overrides(d2025_12_10=False))

    assert date(2025, 12, 10) not in listed
    assert len(listed) == 4


def test_an_override_adds_a_session_with_the_hours_of_the_nearest() -> None:
    saturday = date(2025, 12, 13)

    listed = xnys(date(2025, 12, 8), saturday, overrides(d2025_12_13=True))

    assert listed[saturday] == (utc(saturday, 14, 30), utc(saturday, 21))


def test_an_override_before_the_first_session_has_hours_too() -> None:
    sunday = date(2025, 12, 7)

    listed = xnys(sunday, date(2025, 12, 12), overrides(d2025_12_07=True))

    assert listed[sunday] == (utc(sunday, 14, 30), utc(sunday, 21))


@pytest.mark.parametrize("is_open", [True, False])
def test_an_override_of_what_is_so_anyway_changes_nothing(is_open: bool) -> None:  # noqa: FBT001
    week = date(2025, 12, 8), date(2025, 12, 12)
    redundant = overrides(d2025_12_09=True) if is_open else overrides(d2025_12_06=False)

    assert xnys(*week, redundant) == xnys(*week)


def test_an_override_outside_the_days_asked_for_changes_nothing() -> None:
    week = date(2025, 12, 8), date(2025, 12, 12)

    assert xnys(*week, overrides(d1999_01_02=True, d2031_01_04=True)) == xnys(*week)


@settings(max_examples=10)  # the library builds a calendar in a third of a second
@given(
    first=st.dates(date(1930, 1, 1), date(2026, 1, 1)),
    days=st.integers(10, 400),
    calendar=st.sampled_from(["XNYS", "24/7"]),
)
def test_sessions_keep_the_promises_of_their_table(first: date, days: int, calendar: str) -> None:
    rows = sessions(calendar, first, first + timedelta(days=days), NONE)
    capture = Capture(Request("calendars", "sessions", calendar, ""), utc(first, 0), "0" * 64)

    assert accept(Sessions, rows, rows, capture).accepted.height == rows.height
    assert rows["session"].is_sorted()
    assert rows["session"].is_between(first, first + timedelta(days=days)).all()


@pytest.mark.parametrize(
    ("calendar", "first"),
    [
        pytest.param("XNYZ", date(2025, 12, 1), id="no such calendar"),
        pytest.param("XKRX", date(1900, 1, 1), id="before the calendar's time"),
    ],
)
def test_a_calendar_that_cannot_be_had_is_refused_by_name(calendar: str, first: date) -> None:
    with pytest.raises(Refused, match=f"^calendar '{calendar}' from {first}: "):
        sessions(calendar, first, date(2025, 12, 12), NONE)
