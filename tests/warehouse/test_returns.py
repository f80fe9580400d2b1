"""Returns by calendar year and over 12 months, and the sentence on the latest one (claim C5)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.tables.reference import Instruments, Series
from tests.warehouse.conftest import Ask
from tests.warehouse.market import DAY, days, frame, sessions
from tests.warehouse.test_facts import COMMON

Closes = Mapping[date, float]
CALENDAR = sessions(date(2024, 1, 1), date(2031, 2, 28))
OPEN = pl.DataFrame({"calendar": ["TEST"] * len(CALENDAR), "session": CALENDAR})
YEAR, MONTHS, DAILY, AVERAGES = (
    "calendar_year",
    "month_end_12_months",
    "trailing_12_months",
    "monthly_average_12_months",
)


def market(closes: Mapping[str, Closes], **traits: Any) -> dict[str, pl.DataFrame]:
    """Lay instruments' closes, in no order, on the calendar TEST."""
    bars = [
        {"instrument": instrument, "session": day, "close": close, "adj_close": close / 2}
        for instrument, history in closes.items()
        for day, close in sorted(history.items(), reverse=True)
    ]
    return {
        "bars": frame(Bars, bars),
        "instruments": frame(Instruments, [{"instrument": i} | traits for i in closes]),
        "sessions": OPEN,
    }


def averages(*prices: float | None, first: date = date(2027, 1, 1)) -> list[dict[str, Any]]:
    """Lay averages of months in a row; those that are None are not known."""
    starts = [
        first.replace(year=first.year + n // 12, month=n % 12 + 1) for n in range(len(prices))
    ]
    return [
        {"series": "S", "month": start, "as_of": end_of(start), "average": price}
        for start, price in zip(starts, prices, strict=True)
        if price is not None
    ]


def end_of(month: date) -> date:
    return (month.replace(day=28) + 4 * DAY).replace(day=1) - DAY


def series(rows: Iterable[Mapping[str, Any]] = (), **traits: Any) -> dict[str, pl.DataFrame]:
    about = {"series": "S", "name": "Silver, monthly average", "dataset": "monthly_averages"}
    return {
        "monthly_averages": frame(MonthlyAverages, rows),
        "series": frame(Series, [about | traits]),
    }


def yearly(*closes: float, running: float | None = None) -> dict[date, float]:
    """Close on the last days of 2024, 2025, ..., and once in the year after."""
    ends = {date(2024 + number, 12, 31): close for number, close in enumerate(closes)}
    return ends | ({date(2024 + len(closes), 6, 14): running} if running else {})


def yearly_returns(ask: Ask, closes: Closes, **traits: Any) -> list[tuple[Any, ...]]:
    found = ask("calendar_year_returns", **market({"SI=F": closes}, **traits)).sort("year")
    return found.select("year", "base_session", "price_return", "complete").rows()


def test_a_year_returns_its_last_close_over_that_of_the_year_before(ask: Ask) -> None:
    closes = {date(2028, 3, 1): 70.0, date(2028, 12, 29): 100.0, date(2029, 1, 2): 90.0}
    closes |= {date(2029, 12, 31): 150.0, date(2030, 6, 14): 120.0}

    assert yearly_returns(ask, closes) == [
        (2028, None, None, True),
        (2029, date(2028, 12, 29), 0.5, True),
        (2030, date(2029, 12, 31), pytest.approx(-0.2), False),
    ]


@pytest.mark.parametrize(
    ("last", "complete"),
    [
        pytest.param(date(2028, 12, 28), False, id="a session is yet to come"),
        pytest.param(date(2028, 12, 29), True, id="on a Friday, before a weekend"),
        pytest.param(date(2028, 12, 30), True, id="a row for a Saturday"),
    ],
)
def test_a_year_is_complete_with_its_last_session(ask: Ask, last: date, complete: bool) -> None:  # noqa: FBT001
    assert yearly_returns(ask, {last: 1.0})[-1][-1] is complete


def test_a_year_whose_end_is_not_known_has_no_return_nor_has_the_next(ask: Ask) -> None:
    closes = yearly(100, 110) | {date(2026, 12, 23): 120.0, date(2027, 12, 24): 130.0}

    assert [row[1:3] for row in yearly_returns(ask, closes | {date(2028, 1, 3): 143.0})] == [
        (None, None),
        (date(2024, 12, 31), pytest.approx(0.1)),
        (date(2025, 12, 31), None),
        (None, None),
        (date(2027, 12, 24), pytest.approx(0.1)),
    ]


def test_a_calendar_that_is_not_known_leaves_the_last_year_running(ask: Ask) -> None:
    found = yearly_returns(ask, yearly(100, 110), calendar="elsewhere")

    assert [row[-1] for row in found] == [True, False]


@pytest.mark.parametrize(
    ("kind", "total"), [("fund", pytest.approx(0.5)), ("coin", pytest.approx(0.5)), ("index", None)]
)
def test_total_returns_reinvest_where_a_source_does(ask: Ask, kind: str, total: Any) -> None:
    relations = market({"SI=F": yearly(100, 150)}, kind=kind)
    found = ask("calendar_year_returns", **relations).sort("year")

    assert found["total_return"].to_list() == [None, total]


def windows(ask: Ask, closes: Closes, measure: str) -> list[tuple[Any, ...]]:
    found = ask("trailing_returns", **market({"SI=F": closes})).filter(measure=measure)
    return found.sort("session").select("session", "base_session", "price_return").rows()


@pytest.mark.parametrize(
    ("base", "is_near"),
    [
        pytest.param(date(2029, 3, 7), False, id="the day after"),
        pytest.param(date(2029, 3, 6), True, id="the same day"),
        pytest.param(date(2029, 3, 5), True, id="the day before"),
        pytest.param(date(2029, 2, 27), True, id="seven days older"),
        pytest.param(date(2029, 2, 26), False, id="eight days older"),
    ],
)
def test_a_trailing_return_starts_on_or_shortly_before_the_same_day(
    ask: Ask,
    base: date,
    is_near: bool,  # noqa: FBT001
) -> None:
    day = date(2030, 3, 6)

    expected = (day, base, 0.5) if is_near else (day, None, None)
    assert windows(ask, {base: 100.0, day: 150.0}, DAILY)[-1] == expected


def test_a_leap_day_is_compared_with_the_last_of_february(ask: Ask) -> None:
    closes = {date(2027, 2, 26): 50.0, date(2027, 3, 1): 80.0, date(2028, 2, 29): 100.0}

    assert windows(ask, closes, DAILY)[-1] == (date(2028, 2, 29), date(2027, 2, 26), 1.0)


def test_month_ends_are_last_closes_of_complete_months(ask: Ask) -> None:
    closes = {date(2029, 1, 31): 100.0, date(2029, 2, 28): 100.0, date(2030, 1, 30): 500.0}
    closes |= {date(2030, 1, 31): 150.0, date(2030, 2, 27): 120.0}

    found = windows(ask, closes, MONTHS)
    assert found == [
        (date(2029, 1, 31), None, None),
        (date(2029, 2, 28), None, None),
        (date(2030, 1, 31), date(2029, 1, 31), 0.5),
    ]
    assert windows(ask, closes | {date(2030, 2, 28): 110.0}, MONTHS) == [
        *found,
        (date(2030, 2, 28), date(2029, 2, 28), pytest.approx(0.1)),
    ]


def test_a_month_whose_end_is_not_known_is_no_month_end(ask: Ask) -> None:
    closes = {date(2029, 1, 23): 100.0, date(2029, 2, 28): 100.0, date(2030, 1, 31): 150.0}
    closes |= {date(2030, 2, 20): 150.0, date(2030, 3, 1): 150.0}

    assert [row[1:] for row in windows(ask, closes, MONTHS)[-2:]] == [
        (None, None),
        (date(2029, 2, 28), None),
    ]


def test_an_average_is_compared_with_that_of_twelve_months_before(ask: Ask) -> None:
    rows = averages(10, 20, None, *[10] * 9, 15, 10, 30)
    found = ask("average_returns", **series(rows)).sort("month").tail(3)

    assert found.select("as_of", "base_as_of", "change").rows() == [
        (date(2028, 1, 31), date(2027, 1, 31), 0.5),
        (date(2028, 2, 29), date(2027, 2, 28), -0.5),
        (date(2028, 3, 31), None, None),
    ]


def test_averages_of_two_sources_or_units_are_not_mixed(ask: Ask) -> None:
    rows = averages(10, *[10] * 11, 20)
    rows += [row | {"source": "other", "average": 99.0} for row in rows]
    rows[0]["unit"] = "$/kg"
    found = ask("average_returns", **series(rows, sources="bank:1 other:1")).sort("month")

    assert found["average"].to_list() == [10.0] * 12 + [20.0]
    assert found["change"].to_list() == [None] * 13


def stated(
    ask: Ask,
    closes: Closes,
    measure: str = YEAR,
    rows: Iterable[Mapping[str, Any]] = (),
    **traits: Any,
) -> list[dict[str, Any]]:
    facts = ask("return_since", **market({"SI=F": closes}, **traits), **series(rows))
    return facts.filter(measure=measure).rows(named=True)


UP = (100, 300, 330, 363)
"""Closes at the ends of years that return 200, 10 and 10 per cent."""
TO_DATE = "in 2028 to date (2028-06-14)"


@pytest.mark.parametrize(
    ("closes", "sentence"),
    [
        pytest.param(
            yearly(*UP, running=726),
            f"Silver (SI=F) has returned 100.00 % {TO_DATE}, the most since 2025 (200.00 %).",
            id="the most since an earlier year",
        ),
        pytest.param(
            yearly(*UP, 726),
            "Silver (SI=F) returned 100.00 % in 2028, the most since 2025 (200.00 %).",
            id="a finished year",
        ),
        pytest.param(
            yearly(*UP, running=1089),
            f"Silver (SI=F) has returned 200.00 % {TO_DATE}, the most since 2025 (200.00 %).",
            id="as much as an earlier year",
        ),
        pytest.param(
            yearly(*UP, running=1452),
            f"Silver (SI=F) has returned 300.00 % {TO_DATE}, the most since the series began on "
            "2024-12-31.",
            id="the most of all",
        ),
        pytest.param(
            yearly(*UP, running=381.15),
            f"Silver (SI=F) has returned 5.00 % {TO_DATE}; it last did at least as well in 2027 "
            "(10.00 %).",
            id="less than the year before",
        ),
        pytest.param(
            yearly(100, 300, 330, 264, running=250.8),
            f"Silver (SI=F) has returned -5.00 % {TO_DATE}; it last did at least as well in 2026 "
            "(10.00 %).",
            id="a smaller loss is nothing to boast of",
        ),
        pytest.param(
            yearly(100, 90, 81, 72.9, running=71),
            f"Silver (SI=F) has returned -2.61 % {TO_DATE}; even so its best since the series "
            "began on 2024-12-31.",
            id="the smallest loss of all",
        ),
        pytest.param(
            yearly(*UP, running=363),
            f"Silver (SI=F) has returned 0.00 % {TO_DATE}; it last did at least as well in 2027 "
            "(10.00 %).",
            id="nothing",
        ),
        pytest.param(
            {
                date(2024 + n, 12, 31): x
                for n, x in ((0, 100), (1, 300), (3, 100), (4, 110), (5, 121))
            }
            | {date(2030, 6, 14): 181.5},
            "Silver (SI=F) has returned 50.00 % in 2030 to date (2030-06-14), the most known since "
            "2025 (200.00 %).",
            id="of years of which one is not known",
        ),
        pytest.param(
            {
                date(2024 + n, 12, 31): x
                for n, x in ((0, 100), (1, 120), (3, 100), (4, 110), (5, 121))
            }
            | {date(2030, 6, 14): 181.5},
            "Silver (SI=F) has returned 50.00 % in 2030 to date (2030-06-14), the most known since "
            "the series began on 2024-12-31.",
            id="the most of all that are known",
        ),
        pytest.param(
            {
                date(2024 + n, 12, 31): x
                for n, x in ((0, 100), (1, 120), (3, 100), (4, 110), (5, 121))
            }
            | {date(2030, 6, 14): 133.1 * 0.99},
            "Silver (SI=F) has returned 8.90 % in 2030 to date (2030-06-14); it is last known to "
            "have done at least as well in 2029 (10.00 %).",
            id="less than the last year that is known",
        ),
    ],
)
def test_a_calendar_year_is_stated(ask: Ask, closes: Closes, sentence: str) -> None:
    [fact] = stated(ask, closes)

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


def test_a_year_to_date_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask, yearly(*UP, running=726), caveat="front contract")

    assert (fact["value"], fact["unit"], fact["complete"]) == (1.0, "fraction", False)
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (None, 2, 3)
    assert (fact["since"], fact["previous_value"]) == (date(2025, 12, 31), 2.0)
    assert fact["previous_at"] == fact["since"]
    assert (fact["as_of"], fact["observations"]) == (date(2028, 6, 14), 4)
    assert (fact["first_observed"], fact["view"]) == (date(2025, 12, 31), "calendar_year_returns")
    assert fact["labels"] == [
        "front contract",
        "nominal",
        "price return",
        "to date",
        "base: 363.00 USD on 2027-12-31",
    ]


def test_a_finished_year_is_ranked(ask: Ask) -> None:
    [fact] = stated(ask, yearly(*UP, 726))

    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (2, None, 4)
    assert (fact["complete"], fact["observations"]) == (True, 4)


def test_a_year_without_a_like_has_no_previous_one(ask: Ask) -> None:
    [fact] = stated(ask, yearly(*UP, running=1452))

    assert (fact["since"], fact["previous_value"], fact["previous_at"]) == (None, None, None)
    assert fact["rank_if_counted"] == 1


def test_closes_that_hold_dividends_are_no_price_return(ask: Ask) -> None:
    [fact] = stated(ask, yearly(*UP, 726), caveat="adjusted for dividends")

    assert fact["labels"] == ["adjusted for dividends", "nominal", "base: 363.00 USD on 2027-12-31"]


def monthly(*closes: float) -> dict[date, float]:
    """Close on the last days of months in a row, from January 2027."""
    rows = averages(*closes)
    return {row["as_of"]: row["average"] for row in rows}


LATER = {date(2029, 3, 5): 77.0}
YEAR_OF_100 = [100.0] * 12
SPIKE = [100.0] * 5 + [300.0] + [100.0] * 7


@pytest.mark.parametrize(
    ("closes", "sentence"),
    [
        pytest.param(
            [*YEAR_OF_100, *SPIKE, 150],
            "the 12 months to 2029-02-28, the most since the 12 months to 2028-06-30 (200.00 %).",
            id="the most since",
        ),
        pytest.param(
            [*YEAR_OF_100, *SPIKE[:-1], 160, 150],
            "the 12 months to 2029-02-28; it last did at least as well in the 12 months to "
            "2029-01-31 (60.00 %).",
            id="less than the month before",
        ),
        pytest.param(
            [*YEAR_OF_100, *[100] * 13, 150],
            "the 12 months to 2029-02-28, the most since the series began on 2027-01-31.",
            id="the most of all",
        ),
    ],
)
def test_month_ends_are_stated(ask: Ask, closes: list[float], sentence: str) -> None:
    [fact] = stated(ask, monthly(*closes) | LATER, MONTHS)

    assert (
        fact["statement"]
        == f"Counted at month ends, Silver (SI=F) returned 50.00 % over {sentence}"
    )


def test_month_ends_have_their_numbers_on_the_latest_day(ask: Ask) -> None:
    [fact] = stated(ask, monthly(*YEAR_OF_100, *SPIKE, 150) | LATER, MONTHS)

    assert fact["as_of"] == date(2029, 3, 5)
    assert (fact["rank"], fact["of"], fact["observations"]) == (2, 14, 14)
    assert (fact["since"], fact["previous_value"]) == (date(2028, 6, 30), 2.0)
    assert (fact["first_observed"], fact["view"]) == (date(2028, 1, 31), "trailing_returns")
    assert fact["labels"] == ["nominal", "price return", "base: 100.00 USD on 2028-02-29"]
    assert fact["complete"] is True


@pytest.mark.parametrize(
    ("prices", "sentence"),
    [
        pytest.param(
            [*YEAR_OF_100, *SPIKE, 150],
            "rose 50.00 % over the 12 months to February 2029, the most since the 12 months to "
            "June 2028 (200.00 %).",
            id="a rise",
        ),
        pytest.param(
            [*YEAR_OF_100, *SPIKE, 90],
            "fell 10.00 % over the 12 months to February 2029; it last did at least as well in the "
            "12 months to January 2029 (0.00 %).",
            id="a fall",
        ),
        pytest.param(
            [*YEAR_OF_100, *SPIKE[:3], None, *SPIKE[4:], 150],
            "rose 50.00 % over the 12 months to February 2029, the most known since the 12 months "
            "to June 2028 (200.00 %).",
            id="of months of which one is not known",
        ),
    ],
)
def test_averages_rise_and_fall(ask: Ask, prices: list[float | None], sentence: str) -> None:
    [fact] = stated(ask, {}, AVERAGES, averages(*prices))

    assert fact["statement"] == f"Silver, monthly average (S) {sentence}"


def test_averages_have_their_numbers(ask: Ask) -> None:
    [fact] = stated(ask, {}, AVERAGES, averages(*YEAR_OF_100, *SPIKE, 150))

    assert (fact["subject"], fact["as_of"]) == ("S", date(2029, 2, 28))
    assert (fact["rank"], fact["of"], fact["since"]) == (2, 14, date(2028, 6, 30))
    assert fact["labels"] == ["nominal", "base: 100.00 $/troy oz on 2028-02-29"]
    assert fact["view"] == "average_returns"


WEEKDAYS = [day for day in days(date(2027, 1, 1), date(2030, 1, 1)) if day.weekday() < 5]
LAST = date(2029, 1, 19)


def daily(count: int, changes: Mapping[date, float]) -> dict[date, float]:
    """Close at 100 on the first weekdays from 2027-01-01 on, but for some days."""
    return dict.fromkeys(WEEKDAYS[:count], 100.0) | dict(changes)


@pytest.mark.parametrize(
    ("day", "ending"),
    [
        pytest.param(
            date(2029, 1, 18),
            "; it last did at least as well in the 12 months to 2029-01-18 (51.00 %).",
            id="as much the day before",
        ),
        pytest.param(
            date(2028, 12, 19),
            "; it last did at least as well in the 12 months to 2028-12-19 (51.00 %).",
            id="as much 31 days before",
        ),
        pytest.param(
            date(2028, 12, 18),
            ", the most since the 12 months to 2028-12-18 (51.00 %).",
            id="as much 32 days before",
        ),
        pytest.param(
            date(2027, 6, 1), ", the most since the series began on 2027-01-01.", id="never as much"
        ),
    ],
)
def test_the_most_since_last_week_is_no_news(ask: Ask, day: date, ending: str) -> None:
    [fact] = stated(ask, daily(536, {day: 151.0, LAST: 150.0}), DAILY)

    assert (
        fact["statement"]
        == f"Silver (SI=F) returned 50.00 % over the 12 months to 2029-01-19{ending}"
    )
    assert "base: 100.00 USD on 2028-01-19" in fact["labels"]


def test_a_trailing_return_has_its_numbers(ask: Ask) -> None:
    changes = {date(2028, 6, 1): 151.0, date(2028, 12, 18): 151.0, LAST: 150.0}
    [fact] = stated(ask, daily(536, changes), DAILY)

    assert (fact["value"], fact["as_of"], fact["complete"]) == (0.5, LAST, True)
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (3, None, 275)
    assert (fact["since"], fact["previous_value"]) == (date(2028, 12, 18), 0.51)
    assert (fact["observations"], fact["first_observed"]) == (275, date(2028, 1, 3))
    assert fact["view"] == "trailing_returns"


@pytest.mark.parametrize(
    ("closes", "measure", "is_stated"),
    [
        pytest.param({}, YEAR, False, id="no history"),
        pytest.param({LAST: 1.0}, YEAR, False, id="one close"),
        pytest.param(yearly(1, 2, 3, running=4), YEAR, False, id="two finished years"),
        pytest.param(yearly(1, 2, 3, 4), YEAR, True, id="three finished years"),
        pytest.param(daily(510, {}), DAILY, False, id="249 windows to a session"),
        pytest.param(daily(511, {}), DAILY, True, id="250 windows to a session"),
        pytest.param(monthly(*[1] * 23), MONTHS, False, id="11 windows to a month's end"),
        pytest.param(monthly(*[1] * 24), MONTHS, True, id="12 windows to a month's end"),
    ],
)
def test_a_sample_must_mean_something(
    ask: Ask,
    closes: Closes,
    measure: str,
    is_stated: bool,  # noqa: FBT001
) -> None:
    assert len(stated(ask, closes, measure)) == is_stated


@pytest.mark.parametrize(("months", "is_stated"), [(0, False), (1, False), (23, False), (24, True)])
def test_a_sample_of_averages_must_mean_something(
    ask: Ask,
    months: int,
    is_stated: bool,  # noqa: FBT001
) -> None:
    assert len(stated(ask, {}, AVERAGES, averages(*[10] * months))) == is_stated


@pytest.mark.parametrize(
    ("closes", "measure"),
    [
        pytest.param(
            yearly(*UP, 400) | {date(2030, 6, 14): 500.0},
            YEAR,
            id="the year before has no close",
        ),
        pytest.param(
            {
                day: close
                for day, close in daily(536, {}).items()
                if not date(2028, 1, 12) <= day <= date(2028, 1, 19)
            },
            DAILY,
            id="no close is near the same day a year before",
        ),
        pytest.param(
            monthly(*[1] * 30) | {date(2029, 7, 10): 1.0, date(2029, 8, 1): 1.0},
            MONTHS,
            id="the last month's end is not known",
        ),
    ],
)
def test_an_older_window_is_not_stated_for_the_latest(
    ask: Ask, closes: Closes, measure: str
) -> None:
    assert stated(ask, closes, measure) == []


class Window(NamedTuple):
    """A span of a year that ends on a day; its value is None where it cannot be told."""

    ends_on: date
    value: float | None
    is_over: bool = True


class Ends(NamedTuple):
    """The last close of each period, and whether it is near the period's end."""

    last: dict[date, date]
    near: set[date]
    over: set[date]


def ends(closes: Closes, months: int) -> Ends:
    """Cut a history into periods, named by their first day."""
    follows = next((day for day in CALENDAR if day > max(closes)), max(closes))
    last = {start(day, months): day for day in sorted(closes)}
    left = {begun: (after(begun, months) - DAY - day).days for begun, day in last.items()}
    near = {begun for begun in last if left[begun] <= 7}
    return Ends(last, near, {begun for begun in last if begun < start(follows, months)})


def start(day: date, months: int) -> date:
    return date(day.year, 1 if months == 12 else day.month, 1)


def after(begun: date, months: int) -> date:
    return start(begun + timedelta(31 if months == 1 else 366), months)


def change(closes: Closes, day: date, base: date | None) -> float | None:
    return None if base is None else closes[day] / closes[base] - 1


def period_windows(closes: Closes, months: int) -> list[Window]:
    found = []
    last, near, over = ends(closes, months)
    for begun, day in last.items():
        before = begun.replace(year=begun.year - 1)
        base = last[before] if before in near else None
        is_over = begun in over
        value = change(closes, day, base) if begun in near or not is_over else None
        if is_over or months == 12:
            found.append(Window(day, value, is_over))
    return found


def day_windows(closes: Closes) -> list[Window]:
    known, found = sorted(closes), []
    for day in known:
        is_leap_day = (day.month, day.day) == (2, 29)
        same_day = day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)
        place = bisect_right(known, same_day)
        base = known[place - 1] if place and (same_day - known[place - 1]).days <= 7 else None
        found.append(Window(day, change(closes, day, base)))
    return found


def average_windows(prices: Closes) -> list[Window]:
    found = []
    for day in sorted(prices):
        base = end_of(date(day.year - 1, day.month, 1))
        found.append(Window(day, change(prices, day, base if base in prices else None)))
    return found


def verdict(windows: Sequence[Window], least: int, months: int) -> tuple[Any, ...] | None:
    """Compare the latest window with those before it; None: not stated."""
    earlier = [
        (window.ends_on, window.value) for window in windows[:-1] if window.value is not None
    ]
    if not earlier:
        return None
    ends_on, value, is_over = windows[-1]
    of = len(earlier) + is_over
    if value is None or of < least:
        return None
    place = 1 + sum(other > value for _, other in earlier)
    since, previous = max(
        ((day, other) for day, other in earlier if other >= value), default=(None, None)
    )
    first = earlier[0][0]
    spanned = (ends_on.year - first.year) * 12 + ends_on.month - first.month
    seen = {(day.year, day.month) for day, _ in earlier}
    ranks = (place, None) if is_over else (None, place)
    is_holed = spanned > len(seen) * months
    return (value, *ranks, of, since, previous, is_over, len(earlier) + 1, first, is_holed)


def verdicts(closes: Closes) -> dict[str, tuple[Any, ...] | None]:
    if not closes:
        return {}
    return {
        YEAR: verdict(period_windows(closes, 12), 3, 12),
        MONTHS: verdict(period_windows(closes, 1), 12, 1),
        DAILY: verdict(day_windows(closes), 250, 1),
    }


@st.composite
def histories(draw: st.DrawFn) -> dict[date, float]:
    """Draw closes, few of them different: of years' or months' ends, or of all days but holes."""
    chance = draw(st.randoms(use_true_random=True))
    kind = draw(st.sampled_from(["years", "months", "days", "days", "one", "none"]))
    if kind == "years":
        spread = [
            date(year, 12, 31) - chance.choice([0, 0, 1, 7, 8, 40]) * DAY
            for year in range(2024, 2031)
            if chance.random() < 0.9
        ]
    elif kind == "months":
        starts = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(60)]
        spread = [
            end_of(month) - chance.choice([0, 0, 0, 1, 7, 8]) * DAY
            for month in starts[chance.randrange(20) :]
            if chance.random() < 0.97
        ]
    elif kind == "days":
        begin = chance.randrange(300)
        open_days = set(CALENDAR[begin : begin + chance.randrange(500, 1100)])
        for _ in range(chance.randrange(4)):
            hole = begin + chance.randrange(900)
            open_days -= set(CALENDAR[hole : hole + chance.choice([1, 3, 6, 30, 60])])
        spread = list(open_days)
    else:
        spread = [chance.choice(CALENDAR)] if kind == "one" else []
    return {day: chance.choice([1.0, 2.0, 3.0, 5.0, 8.0]) for day in spread}


COMPARED = {
    *("subject", "measure", "as_of", "value", "rank", "rank_if_counted", "of", "since"),
    *("previous_value", "complete", "observations", "first_observed"),
}


@settings(max_examples=15)
@given(
    drawn=st.lists(histories(), min_size=2, max_size=5),
    prices=st.just([]) | st.lists(st.sampled_from([1.0, 2.0, 4.0, None]), min_size=20, max_size=50),
)
def test_returns_are_those_of_plain_python(
    ask: Ask, drawn: list[dict[date, float]], prices: list[float | None]
) -> None:
    named = {f"I{number}": closes for number, closes in enumerate(drawn)}
    rows = averages(*prices)
    facts = ask("return_since", **market(named), **series(rows)).sort("subject", "measure")

    expected: list[tuple[Any, ...]] = []
    for subject, closes in named.items():
        told = sorted(verdicts(closes).items())
        expected += [(subject, m, max(closes), *found) for m, found in told if found]
    known = {row["as_of"]: row["average"] for row in rows}
    if known and (of_averages := verdict(average_windows(known), 12, 1)):
        expected.append(("S", AVERAGES, max(known), *of_averages))
    columns = [column for column in COMMON if column in COMPARED]
    holed = pl.col("labels").list.contains("not every earlier window is known")
    assert facts.select(*columns, holed).rows() == expected
