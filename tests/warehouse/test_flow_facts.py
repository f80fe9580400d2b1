"""How large the latest flow is among all of its kind, and how usual."""

from bisect import bisect
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse.conftest import Ask
from tests.warehouse.test_facts import COMMON
from warehouse import definitions

DAY = timedelta(days=1)
FIRST = date(2030, 3, 4)
"""A Monday: 2030-W10."""
STARTS = {
    "day": [FIRST + number * DAY for number in range(400)],
    "week": [FIRST + 7 * number * DAY for number in range(60)],
    "month": [date(2030 + number // 12, number % 12 + 1, 1) for number in range(60)],
}
FLOWS = {
    "subject": pl.String,
    "measure": pl.String,
    "period": pl.String,
    "starts_on": pl.Date,
    "net_flow": pl.Float64,
    "complete": pl.Boolean,
    "is_estimated": pl.Boolean,
    "last_as_of": pl.Date,
}
WINDOWS = FLOWS | {"ends_on": pl.Date, "sessions": pl.Int64}
PERIODS = {"subject": pl.String, "period": pl.String, "starts_on": pl.Date, "sessions": pl.Int64}
Rows = list[dict[str, Any]]


def laid(rows: Rows, schema: dict[str, Any]) -> pl.DataFrame:
    """Put rows in a relation's columns, in no order."""
    return pl.DataFrame(list(reversed(rows)), schema=schema)


def flows(
    period: str,
    values: Sequence[float],
    measure: str = "shares",
    *,
    running: bool = False,
    subject: str = "AAA",
) -> Rows:
    """Lay flows of adjoining periods; the last one may be running."""
    last = len(values) - 1
    return [
        {
            "subject": subject,
            "measure": measure,
            "period": period,
            "starts_on": start,
            "net_flow": float(value),
            "complete": not running or number < last,
            "is_estimated": measure == "ounces",
            "last_as_of": STARTS[period][last] + (0 if period == "day" else 3) * DAY,
        }
        for number, (start, value) in enumerate(zip(STARTS[period], values, strict=False))
    ]


def windows(sessions: int, values: Sequence[float]) -> Rows:
    """Lay flows of adjoining windows, each of a week."""
    return [
        window(f"{sessions}_sessions", value, sessions, start, start + 4 * DAY)
        | {"last_as_of": STARTS["week"][len(values) - 1] + 4 * DAY}
        for start, value in zip(STARTS["week"], values, strict=False)
    ]


def years(values: Sequence[float]) -> Rows:
    """Lay flows of the first 44 sessions of years."""
    return [
        window("year_to_date", value, 44, date(2030 + number, 1, 2), date(2030 + number, 3, 4))
        | {"last_as_of": date(2029 + len(values), 3, 4)}
        for number, value in enumerate(values)
    ]


def window(period: str, value: float, sessions: int, first: date, last: date) -> dict[str, Any]:
    return {
        "subject": "AAA",
        "measure": "shares",
        "period": period,
        "starts_on": first,
        "ends_on": last,
        "net_flow": float(value),
        "sessions": sessions,
        "is_estimated": False,
    }


def ranked(ask: Ask, flows: Rows, windows: Rows) -> pl.DataFrame:
    periods = [{name: flow[name] for name in list(PERIODS)[:3]} | {"sessions": 4} for flow in flows]
    return ask(
        "flow_ranks",
        measured_flows=laid(flows, FLOWS),
        flow_windows=laid(windows, WINDOWS),
        net_flows_by_period=laid(periods, PERIODS),
    )


def stated(
    ask: Ask, fact: str, flows: Sequence[dict[str, Any]] = (), windows: Sequence[Any] = ()
) -> Rows:
    found = ask(fact, flow_ranks=ranked(ask, list(flows), list(windows)))
    return found.sort("measure").rows(named=True)


EARLIER = [5000, -70, 30, -10, 1, 2, 3, 4, 6]
KNOWN = "daily {} known (10 days since 2030-03-04)"


@pytest.mark.parametrize(
    ("flow", "sentence"),
    [
        pytest.param(
            6000,
            f"a net inflow of 6,000 shares on 2030-03-13: the largest {KNOWN.format('inflow')}.",
            id="the largest",
        ),
        pytest.param(
            31,
            f"a net inflow of 31 shares on 2030-03-13: the second largest {KNOWN.format('inflow')};"
            " the last at least as large was 5,000 shares on 2030-03-04.",
            id="the second",
        ),
        pytest.param(
            30,
            "a net inflow of 30 shares on 2030-03-13: the joint second largest "
            f"{KNOWN.format('inflow')}; the last at least as large was 30 shares on 2030-03-06.",
            id="a tie",
        ),
        pytest.param(
            1,
            "a net inflow of 1 share on 2030-03-13: the joint 7th largest "
            f"{KNOWN.format('inflow')}; the last at least as large was 6 shares on 2030-03-12.",
            id="one share",
        ),
        pytest.param(
            -100,
            f"a net outflow of 100 shares on 2030-03-13: the largest {KNOWN.format('outflow')}.",
            id="the largest outflow",
        ),
        pytest.param(
            -20,
            "a net outflow of 20 shares on 2030-03-13: the second largest "
            f"{KNOWN.format('outflow')}; the last at least as large was 70 shares on 2030-03-05.",
            id="an outflow is compared with outflows",
        ),
        pytest.param(0, "no net flow, counted in shares, on 2030-03-13.", id="no flow"),
    ],
)
def test_the_latest_day_is_stated(ask: Ask, flow: float, sentence: str) -> None:
    [fact] = stated(ask, "best_flow", flows("day", [*EARLIER, flow]))

    assert fact["statement"] == f"AAA had {sentence}"
    assert list(fact) == COMMON


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        pytest.param(
            flows("week", [*EARLIER, 31]),
            "AAA had a net inflow of 31 shares in 2030-W19 (from 2030-05-06), 4 sessions: the "
            "second largest weekly inflow known (10 complete weeks since 2030-03-04); the last at "
            "least as large was 5,000 shares in 2030-W10 (from 2030-03-04).",
            id="a week",
        ),
        pytest.param(
            flows("week", [*EARLIER, 7, 31], running=True),
            "AAA has had a net inflow of 31 shares so far in 2030-W20 (from 2030-05-13), "
            "4 sessions: if the week ended now it would be the second largest weekly inflow known "
            "(10 complete weeks since 2030-03-04); the last at least as large was 5,000 shares in "
            "2030-W10 (from 2030-03-04).",
            id="a running week",
        ),
        pytest.param(
            flows("month", [*EARLIER, 7, -20], running=True),
            "AAA has had a net outflow of 20 shares so far in November 2030, 4 sessions: if the "
            "month ended now it would be the second largest monthly outflow known (10 complete "
            "months since January 2030); the last at least as large was 70 shares in "
            "February 2030.",
            id="a running month",
        ),
        pytest.param(
            flows("month", [*EARLIER, 7, 0], running=True),
            "AAA has had no net flow, counted in shares, so far in November 2030, 4 sessions.",
            id="a running month without a flow",
        ),
        pytest.param(
            flows("month", [*EARLIER, 9e9], "usd"),
            "AAA had a net inflow of 9,000,000,000 dollars in October 2030, 4 sessions: the "
            "largest monthly inflow known (10 complete months since January 2030).",
            id="dollars",
        ),
    ],
)
def test_the_latest_week_and_month_are_stated(ask: Ask, rows: Rows, sentence: str) -> None:
    [fact] = stated(ask, "best_flow", rows)

    assert fact["statement"] == sentence


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        pytest.param(
            windows(5, [*EARLIER, 31]),
            "AAA had a net inflow of 31 shares in the 5 sessions to 2030-05-10: the second largest "
            "5-session inflow known (10 windows without overlap since 2030-03-04); the last at "
            "least as large was 5,000 shares in the 5 sessions to 2030-03-08.",
            id="five sessions",
        ),
        pytest.param(
            windows(20, [*EARLIER, 6000]),
            "AAA had a net inflow of 6,000 shares in the 20 sessions to 2030-05-10: the largest "
            "20-session inflow known (10 windows without overlap since 2030-03-04).",
            id="twenty sessions",
        ),
        pytest.param(
            years([50, 20, -5, 20]),
            "AAA had a net inflow of 20 shares in the first 44 sessions of 2033: the joint second "
            "largest year-to-date inflow known (4 years since 2030); the last at least as large "
            "was 20 shares in the first 44 sessions of 2031.",
            id="the year to date",
        ),
    ],
)
def test_the_latest_window_is_stated(ask: Ask, rows: Rows, sentence: str) -> None:
    [fact] = stated(ask, "window_inflow", windows=rows)

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


@pytest.mark.parametrize(
    ("rate", "amount"),
    [(0.0131, "1.31 %"), (0.00001, "less than 0.01 %"), (-0.0131, "1.31 %")],
)
def test_a_rate_is_stated_in_percent(ask: Ask, rate: float, amount: str) -> None:
    [fact] = stated(ask, "flow_rate", flows("week", [*[0.002, -0.002] * 5, rate], "percent"))

    flow = "inflow" if rate > 0 else "outflow"
    assert fact["statement"].startswith(
        f"AAA had a net {flow} of {amount} of its prior shares in 2030-W20 (from 2030-05-13), "
        "4 sessions: the "
    )
    assert (fact["measure"], fact["value"]) == ("percent_week", rate)
    assert fact["unit"] == "fraction of prior shares"


def test_a_flow_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask, "best_flow", flows("month", [*EARLIER, 7, 31], "ounces", running=True))

    assert (fact["measure"], fact["unit"]) == ("ounces_month", "troy ounces")
    assert (fact["value"], fact["complete"]) == (31.0, False)
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (None, 2, 10)
    assert (fact["previous_value"], fact["previous_at"]) == (5000.0, date(2030, 1, 1))
    assert (fact["since"], fact["as_of"]) == (date(2030, 1, 1), date(2030, 11, 4))
    assert (fact["observations"], fact["first_observed"]) == (10, date(2030, 1, 1))
    assert fact["labels"] == ["ounces estimated, +/- 0.1 %", "by book date"]


def test_a_window_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask, "window_inflow", windows=windows(5, [*EARLIER, -100]))

    assert (fact["measure"], fact["value"], fact["complete"]) == ("shares_5_sessions", -100, True)
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (10, None, 10)
    assert (fact["previous_value"], fact["previous_at"], fact["since"]) == (None, None, FIRST)
    assert (fact["as_of"], fact["first_observed"]) == (date(2030, 5, 10), FIRST)


def test_without_a_flow_there_is_no_since(ask: Ask) -> None:
    [fact] = stated(ask, "best_flow", flows("day", [*EARLIER, 0]))

    assert (fact["since"], fact["rank"], fact["of"]) == (None, 8, 10)


@pytest.mark.parametrize(
    ("flows", "windows"),
    [
        pytest.param([], [], id="no history"),
        pytest.param(flows("day", [5]), [], id="one day"),
        pytest.param(flows("week", EARLIER), [], id="nine weeks"),
        pytest.param(flows("week", [*EARLIER, 5], running=True), [], id="nine weeks and one more"),
        pytest.param(flows("week", [*EARLIER, 5, 6])[:-1], [], id="a latest week not told"),
        pytest.param([], windows(5, EARLIER), id="nine windows"),
        pytest.param([], windows(5, [*EARLIER, 5, 6])[:-1], id="a latest window not told"),
        pytest.param([], years([1, 2, 3]), id="two earlier years"),
    ],
)
def test_a_flow_that_is_one_of_few_or_not_told_is_not_ranked(
    ask: Ask, flows: Rows, windows: Rows
) -> None:
    assert ranked(ask, flows, windows).is_empty()


@st.composite
def histories(draw: st.DrawFn) -> Rows:
    """Draw flows of days and of months that may run, with ties, zeros and gaps."""
    rows: Rows = []
    for subject in ("AAA", "BBB", "CCC"):
        for period in ("day", "month"):
            values = draw(st.lists(st.integers(-4, 4), max_size=18))
            some = flows(period, values, subject=subject, running=draw(st.booleans()))
            missing = draw(st.sets(st.integers(0, 17), max_size=5))
            rows += [row for number, row in enumerate(some) if number not in missing]
    return rows


@settings(max_examples=15)
@given(rows=histories())
def test_ranks_are_those_of_a_count(ask: Ask, rows: Rows) -> None:
    columns = ("rank", "rank_if_counted", "of", "previous_value", "previous_at", "first_at")
    found = {
        (row["subject"], row["period"]): tuple(row[column] for column in columns)
        for row in ranked(ask, rows, []).iter_rows(named=True)
    }

    assert found == {
        key: told
        for key in {(row["subject"], row["period"]) for row in rows}
        if (told := ranks_of([row for row in rows if (row["subject"], row["period"]) == key]))
    }


def ranks_of(rows: Rows) -> tuple[Any, ...] | None:
    *earlier, latest = sorted(rows, key=lambda row: row["starts_on"])
    if latest["starts_on"] not in {latest["last_as_of"], latest["last_as_of"].replace(day=1)}:
        return None
    flow = latest["net_flow"]
    others = [(row["net_flow"], row["starts_on"]) for row in earlier]
    of = len(others) + latest["complete"]
    if of < 10:
        return None
    place = 1 + sum(value > flow for value, _ in others)
    places = (place, None) if latest["complete"] else (None, place)
    alike = [
        (value, day)
        for value, day in others
        if (flow > 0 and value >= flow) or (flow < 0 and value <= flow)
    ]
    return (*places, of, *(alike[-1] if alike else (None, None)), others[0][1])


DAYS = {
    "subject": pl.String,
    "as_of": pl.Date,
    "is_group": pl.Boolean,
    "calendar": pl.String,
    "previous_as_of": pl.Date,
    "net_flow_shares": pl.Float64,
    "net_flow_usd": pl.Float64,
    "net_flow_ounces": pl.Float64,
    "coverage": pl.Float64,
    "members_reporting": pl.Int64,
    "members_known": pl.Int64,
    "members_expected": pl.Int64,
    "members_awaited": pl.Int64,
    "spans_sessions": pl.Int64,
    "is_estimated": pl.Boolean,
    "flow_rate": pl.Float64,
}
SPARSE = [
    date(year, month, day) for year in range(2030, 2036) for month in range(1, 13) for day in (1, 3)
]
"""A calendar of 24 sessions a year, on which six years cost little."""


def reported(
    observed: Sequence[tuple[date, float | None]], subject: str = "AAA", **traits: Any
) -> Rows:
    """Lay days of a fund from its second count on."""
    rows: Rows = []
    for (before, _), (day, flow) in pairwise(observed):
        rows.append(
            {
                "subject": subject,
                "as_of": day,
                "is_group": False,
                "calendar": "TEST",
                "previous_as_of": before,
                "net_flow_shares": flow,
                "coverage": 1.0,
                "spans_sessions": max(1, bisect(SPARSE, day) - bisect(SPARSE, before)),
                "is_estimated": False,
            }
            | dict.fromkeys(("members_reporting", "members_known", "members_expected"), 1)
            | traits
        )
    return rows


def cut(ask: Ask, days: Rows) -> pl.DataFrame:
    sessions = pl.DataFrame({"calendar": ["TEST"] * len(SPARSE), "session": SPARSE})
    return ask("flow_windows", subject_days=laid(days, DAYS), sessions=sessions)


def sums(found: pl.DataFrame, period: str, measure: str = "shares") -> dict[date, float]:
    found = found.filter(period=period, measure=measure).sort("ends_on")
    return dict(found.select("ends_on", "net_flow").iter_rows())


ONES = [(day, 1.0) for day in SPARSE]


def test_windows_are_counted_back_from_the_latest_day(ask: Ask) -> None:
    found = cut(ask, reported(ONES[:13]))

    assert sums(found, "5_sessions") == {SPARSE[7]: 5.0, SPARSE[12]: 5.0}
    assert sums(found, "20_sessions") == {}
    [latest] = found.filter(ends_on=SPARSE[12], period="5_sessions").rows(named=True)
    assert (latest["starts_on"], latest["sessions"]) == (SPARSE[8], 5)
    assert latest["last_as_of"] == SPARSE[12]


def test_the_year_to_date_stands_beside_as_many_sessions_of_earlier_years(ask: Ask) -> None:
    found = cut(ask, reported(ONES[: 3 * 24 + 5]))

    last_days = [date(year, 3, 1) for year in (2031, 2032, 2033)]
    assert sums(found, "year_to_date") == dict.fromkeys(last_days, 5.0)
    assert set(found.filter(period="year_to_date")["sessions"]) == {5}


def without(*numbers: int) -> list[tuple[date, float | None]]:
    """Leave out some sessions; by their number."""
    return [(day, 1.0) for number, day in enumerate(SPARSE[:77]) if number not in numbers]


@pytest.mark.parametrize(
    ("observed", "years"),
    [
        pytest.param(without(), [2031, 2032, 2033], id="the first year is not whole"),
        pytest.param(without(*range(22, 27)), [2031, 2032, 2033], id="a hole of five sessions"),
        pytest.param(without(*range(22, 28)), [2032, 2033], id="a long hole before a year"),
        pytest.param(without(*range(27, 33)), [2032, 2033], id="one that a year to date ends in"),
        pytest.param(without(*range(35, 45)), [2031, 2032, 2033], id="one later in a year"),
        pytest.param(without(*range(48, 72)), [2031], id="a year without a count"),
        pytest.param(
            [(day, None if day == SPARSE[50] else flow) for day, flow in without()],
            [2031, 2033],
            id="a flow that is not known",
        ),
    ],
)
def test_a_year_to_date_can_be_told_or_not(
    ask: Ask, observed: list[tuple[date, float | None]], years: list[int]
) -> None:
    assert [day.year for day in sums(cut(ask, reported(observed)), "year_to_date")] == years


def test_a_year_shorter_than_the_year_to_date_is_compared_whole(ask: Ask) -> None:
    long_year = [day for day in SPARSE if day.year < 2032] + [
        date(2032, 1, 1) + n * DAY for n in range(30)
    ]
    calendar = pl.DataFrame({"calendar": ["TEST"] * len(long_year), "session": long_year})
    days = [row | {"spans_sessions": 1} for row in reported([(day, 1.0) for day in long_year])]
    found = ask("flow_windows", subject_days=laid(days, DAYS), sessions=calendar)

    told = found.filter(period="year_to_date").sort("ends_on")
    assert told["sessions"].to_list() == [24, 30]
    assert told["net_flow"].to_list() == [24.0, 30.0]


@pytest.mark.parametrize(
    ("traits", "told"),
    [
        pytest.param({"coverage": 0.96}, 3, id="96 % of the assets reported"),
        pytest.param({"coverage": 0.94}, 2, id="94 % did"),
        pytest.param({"members_known": 1}, 2, id="a member is not known yet"),
        pytest.param({"coverage": None, "members_known": None}, 3, id="a day without session"),
    ],
)
def test_a_groups_windows_need_its_members(ask: Ask, traits: dict[str, Any], told: int) -> None:
    group: dict[str, Any] = {
        "is_group": True,
        "members_known": 2,
        "members_expected": 2,
        "members_reporting": 2,
    }
    days = reported(ONES[:77], net_flow_shares=None, net_flow_usd=3.0, **group)
    days[51] |= traits
    found = cut(ask, days)

    assert len(sums(found, "year_to_date", "usd")) == told
    assert len(sums(found, "5_sessions", "usd")) == 12 + told
    assert set(found["measure"]) == {"usd"}


def test_only_ounces_are_estimated(ask: Ask) -> None:
    found = cut(ask, reported(ONES[:9], net_flow_ounces=0.9, is_estimated=True))

    assert dict(found.select("measure", "is_estimated").iter_rows()) == {
        "shares": False,
        "ounces": True,
    }


@st.composite
def observations(draw: st.DrawFn) -> list[tuple[date, float | None]]:
    """Draw a fund's days on the sparse calendar, with holes, unknown flows and an early end."""
    numbers = set(range(draw(st.integers(0, 60)), draw(st.integers(61, len(SPARSE)))))
    for _ in range(draw(st.integers(0, 3))):
        hole = draw(st.integers(0, len(SPARSE)))
        numbers -= set(range(hole, hole + draw(st.integers(1, 9))))
    unknown = draw(st.sets(st.integers(0, len(SPARSE)), max_size=2))
    step = draw(st.integers(1, 7))
    return [(SPARSE[n], None if n in unknown else float(n * step % 5 - 2)) for n in sorted(numbers)]


@settings(max_examples=15)
@given(funds=st.lists(observations(), max_size=4))
def test_windows_are_those_of_a_loop(
    ask: Ask, funds: list[list[tuple[date, float | None]]]
) -> None:
    days = [row for n, fund in enumerate(funds) for row in reported(fund, f"F{n}")]
    found = cut(ask, days)

    for number, fund in enumerate(funds):
        mine = found.filter(subject=f"F{number}")
        for length in (5, 20):
            assert sums(mine, f"{length}_sessions") == blocks_of(fund, length)
        assert sums(mine, "year_to_date") == years_of(fund)


def hole(before: date, after: date) -> int:
    return bisect(SPARSE, after) - bisect(SPARSE, before) - 1


def blocks_of(fund: list[tuple[date, float | None]], length: int) -> dict[date, float]:
    told = {}
    for end in range(len(fund), length, -length):
        steps = list(zip(fund[end - length - 1 : end], fund[end - length : end], strict=False))
        amounts = [flow for _, (_, flow) in steps if flow is not None]
        if len(amounts) == length and all(hole(a, b) <= 5 for (a, _), (b, _) in steps):
            told[fund[end - 1][0]] = sum(amounts)
    return told


def years_of(fund: list[tuple[date, float | None]]) -> dict[date, float]:
    told: dict[date, float] = {}
    if len(fund) < 2:
        return told
    last = fund[-1][0]
    for year in range(fund[0][0].year + 1, last.year + 1):
        limit = last.replace(year=year)
        inside = [(day, flow) for day, flow in fund if date(year, 1, 1) <= day <= limit]
        if not inside:
            continue
        around = [(day, flow) for day, flow in fund if day < date(year, 1, 1)][-1:] + inside
        around += [(day, flow) for day, flow in fund if day > limit][:1]
        amounts = [flow for _, flow in inside if flow is not None]
        is_known = len(amounts) == len(inside)
        steps = pairwise(around)
        if is_known and all(hole(a, b) <= 5 for (a, _), (b, _) in steps):
            told[inside[-1][0]] = sum(amounts)
    return dict(sorted(told.items()))


def scored(ask: Ask, rows: Rows) -> Rows:
    scores = ask("flow_scores", measured_flows=laid(rows, FLOWS))
    return ask("flow_percentile", flow_scores=scores).sort("subject").rows(named=True)


WAVE = [float(number % 9 - 4) for number in range(252)]
BEFORE = "of the 252 sessions before (2030-03-04 to 2030-11-10)"


@pytest.mark.parametrize(
    ("values", "latest", "sentence"),
    [
        pytest.param(
            WAVE,
            3,
            f"a net inflow of 3 shares on 2030-11-11: at or above the flow of 88.9 % {BEFORE}, "
            "with a robust z of +1.01.",
            id="a large one",
        ),
        pytest.param(
            WAVE,
            -9,
            f"a net outflow of 9 shares on 2030-11-11: at or above the flow of 0.0 % {BEFORE}, "
            "with a robust z of -3.04.",
            id="below all",
        ),
        pytest.param(
            WAVE,
            0,
            "no net flow, counted in shares, on 2030-11-11: at or above the flow of 55.6 % "
            f"{BEFORE}, with a robust z of +0.00.",
            id="none",
        ),
        pytest.param(
            [*[0.0] * 127, *WAVE[:125]],
            5,
            f"a net inflow of 5 shares on 2030-11-11: at or above the flow of 100.0 % {BEFORE}, "
            "without a robust z, for more than half of them are equal.",
            id="a median that does not deviate",
        ),
    ],
)
def test_a_days_percentile_is_stated(
    ask: Ask, values: list[float], latest: float, sentence: str
) -> None:
    [fact] = scored(ask, flows("day", [*values, latest]))

    assert fact["statement"] == f"AAA had {sentence}"
    assert list(fact) == COMMON


def test_a_percentile_has_its_numbers(ask: Ask) -> None:
    [fact] = scored(ask, flows("day", [99.0, *WAVE, 3], "ounces"))

    assert (fact["measure"], fact["unit"]) == ("ounces_day", "share of days")
    assert (fact["value"], fact["previous_value"]) == (pytest.approx(224 / 252), 0.0)
    assert (fact["as_of"], fact["since"]) == (date(2030, 11, 12), date(2030, 3, 5))
    assert (fact["observations"], fact["first_observed"]) == (252, date(2030, 3, 5))
    assert fact["labels"] == [
        "ounces estimated, +/- 0.1 %",
        "by book date",
        "window: 252 sessions, 2030-03-05 to 2030-11-11",
    ]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no history"),
        pytest.param(flows("day", [1.0]), id="one day"),
        pytest.param(flows("day", WAVE), id="251 days before"),
        pytest.param(flows("day", [*WAVE, 1, 2])[:-1], id="a latest day that is not told"),
        pytest.param(flows("day", [*WAVE, 1], "percent"), id="a rate"),
    ],
)
def test_a_percentile_of_fewer_days_is_not_stated(ask: Ask, rows: Rows) -> None:
    assert scored(ask, rows) == []


@settings(max_examples=15)
@given(
    seeds=st.lists(st.tuples(st.integers(240, 270), st.integers(1, 9), st.integers(1, 40))),
    untold=st.sets(st.integers(0, 240), max_size=4),
)
def test_scores_are_those_of_plain_python(
    ask: Ask, seeds: list[tuple[int, int, int]], untold: set[int]
) -> None:
    funds = [
        [float(n * n * step % modulus - modulus // 3) for n in range(length)]
        for length, step, modulus in seeds[:3]
    ]
    rows = [
        row
        for number, values in enumerate(funds)
        for n, row in enumerate(flows("day", values, subject=f"F{number}"))
        if n not in untold
    ]
    found = ask("flow_scores", measured_flows=laid(rows, FLOWS)).sort("subject")

    expected = []
    for number, values in enumerate(funds):
        *before, latest = [x for n, x in enumerate(values) if n not in untold]
        if len(before) >= 252:
            expected.append((f"F{number}", *score_of(before[-252:], latest)))
    columns = ("subject", "percentile", "median", "mad", "robust_z")
    assert list(found.select(columns).iter_rows()) == expected


def score_of(before: list[float], latest: float) -> tuple[Any, ...]:
    middle = median(before)
    deviation = median([abs(x - middle) for x in before])
    share = sum(x <= latest for x in before) / len(before)
    z = (latest - middle) / (1.4826 * deviation) if deviation else None
    return pytest.approx(share), middle, deviation, None if z is None else pytest.approx(z)


def test_what_is_told_in_shares_is_told_in_percent(ask: Ask) -> None:
    told = {
        "subject": ["AAA"] * 4,
        "measure": ["shares", "shares", "usd", "close"],
        "period": ["day", "week", "week", "day"],
        "starts_on": [FIRST] * 4,
        "value": [5.0, None, 50.0, 0.01],
        "state": ["complete", "cannot be told", "running", "complete"],
        "is_estimated": [False] * 4,
        "last_as_of": [FIRST] * 4,
    }
    rates = {"subject": ["AAA"], "flow_rate": [0.05]}
    week = rates | {"period": ["week"], "starts_on": [FIRST]}
    found = ask(
        "measured_flows",
        period_values=pl.DataFrame(told),
        subject_days=pl.DataFrame(rates | {"as_of": [FIRST]}),
        net_flows_by_period=pl.DataFrame(week),
    )

    assert sorted(found.select("measure", "period", "net_flow", "complete").iter_rows()) == [
        ("percent", "day", 0.05, True),
        ("shares", "day", 5.0, True),
        ("usd", "week", 50.0, False),
    ]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("period_named('day', date '2030-03-04', 1)", "on 2030-03-04"),
        ("period_named('week', date '2029-12-31', 4)", "in 2030-W01 (from 2029-12-31)"),
        ("period_named('month', date '2030-03-01', 9)", "in March 2030"),
        ("period_named('year_to_date', date '2030-01-02', 1)", "in the first session of 2030"),
        ("period_named('5_sessions', date '2030-03-04', 5)", "in the 5 sessions to 2030-03-04"),
        ("flow_quantity(-1234.4, 'ounces')", "1,234 ounces"),
        ("flow_quantity(-0.0025, 'percent')", "0.25 % of its prior shares"),
        ("flow_quantity(0.00001, 'percent')", "less than 0.01 % of its prior shares"),
        ("flow_unit('shares')", "shares"),
        ("flow_unit('ounces')", "troy ounces"),
        ("flow_unit('usd')", "USD"),
        ("flow_unit('percent')", "fraction of prior shares"),
        ("flow_labels('shares', false)", ["by book date"]),
        ("flow_labels('ounces', true)", ["ounces estimated, +/- 0.1 %", "by book date"]),
        ("flow_labels('usd', null)", ["notional at NAV; creations are in kind", "by book date"]),
        ("signed_quantity(15.2, 'shares')", "+15 shares"),
        ("signed_quantity(-1.0, 'usd')", "-1 dollar"),
        ("signed_quantity(0.2, 'usd')", "0 dollars"),
    ],
)
def test_a_phrase_is_english(phrase: str, text: str | list[str]) -> None:
    with duckdb.connect() as engine:
        definitions.create_macros(engine)
        assert engine.execute(f"select {phrase}").fetchall() == [(text,)]
