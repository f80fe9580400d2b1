"""One instrument priced in another: day by day, how high that is, and how it changed (C14, C20)."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import warehouse
from schemas.tables.bars import Bars
from schemas.tables.reference import Instruments, Pairs
from tests.warehouse.conftest import Ask
from tests.warehouse.market import DAY, answer, frame
from tests.warehouse.test_facts import COMMON

Closes = Mapping[date, float | None]

FRIDAY = date(2030, 3, 1)
SATURDAY, SUNDAY, MONDAY = (FRIDAY + n * DAY for n in (1, 2, 3))
NAMES = {"AU": "Gold", "AG": "Silver"}
REFERENCE = Path(warehouse.__file__).parent / "reference"


def market(
    closes: Mapping[str, Closes],
    pairs: Iterable[str] = ("AU/AG",),
    **traits: Mapping[str, Any],
) -> dict[str, pl.DataFrame]:
    """Lay closes of instruments, and the pairs made of them."""
    sides = [pair.split("/") for pair in pairs]
    instruments = sorted({side for pair in sides for side in pair} | closes.keys())
    bars = [
        {"instrument": instrument, "session": day, "close": close}
        for instrument, days in closes.items()
        for day, close in days.items()
    ]
    return {
        "bars": frame(Bars, reversed(bars)),  # no table promises an order
        "pairs": frame(
            Pairs,
            [
                {"pair": f"{above}/{below}", "numerator": above, "denominator": below}
                for above, below in sides
            ],
        ),
        "instruments": frame(
            Instruments,
            [
                {"instrument": name, "name": NAMES.get(name, name), "kind": "spot"}
                | dict(traits.get(name, {}))
                for name in instruments
            ],
        ),
    }


def rates(ask: Ask, gold: Closes, silver: Closes) -> list[tuple[Any, ...]]:
    found = ask("cross_rates", **market({"AU": gold, "AG": silver})).sort("as_of")
    return found.select("as_of", "rate", "denominator_as_of", "age_days").rows()


def test_a_weekends_rate_carries_the_metals_age(ask: Ask) -> None:
    gold = {FRIDAY: 60.0, SATURDAY: 66.0, SUNDAY: 90.0, MONDAY: 80.0}

    assert rates(ask, gold, {FRIDAY: 2.0, MONDAY: 4.0}) == [
        (FRIDAY, 30.0, FRIDAY, 0),
        (SATURDAY, 33.0, FRIDAY, 1),
        (SUNDAY, 45.0, FRIDAY, 2),
        (MONDAY, 20.0, MONDAY, 0),
    ]


@pytest.mark.parametrize(("age", "rows"), [(7, 1), (8, 0)])
def test_a_close_is_carried_for_seven_days(ask: Ask, age: int, rows: int) -> None:
    assert len(rates(ask, {FRIDAY + age * DAY: 60.0}, {FRIDAY: 2.0})) == rows


@pytest.mark.parametrize(
    ("gold", "silver"),
    [
        pytest.param({}, {}, id="no history"),
        pytest.param({}, {FRIDAY: 2.0}, id="nothing above"),
        pytest.param({FRIDAY: 60.0}, {}, id="nothing below"),
        pytest.param({FRIDAY: 60.0}, {SATURDAY: 2.0}, id="nothing below yet"),
        pytest.param({FRIDAY: None}, {FRIDAY: 2.0}, id="an unknown close above"),
        pytest.param({FRIDAY: 60.0}, {FRIDAY: None}, id="an unknown close below"),
    ],
)
def test_without_two_closes_there_is_no_rate(ask: Ask, gold: Closes, silver: Closes) -> None:
    assert rates(ask, gold, silver) == []


def test_an_unknown_close_is_passed_over(ask: Ask) -> None:
    found = rates(ask, {SATURDAY: 60.0}, {FRIDAY: 2.0, SATURDAY: None})

    assert found == [(SATURDAY, 30.0, FRIDAY, 1)]


def test_all_pairs_are_priced_at_once(ask: Ask) -> None:
    closes: dict[str, Closes] = {"AU": {FRIDAY: 60.0}, "AG": {FRIDAY: 2.0}, "PT": {FRIDAY: 30.0}}
    found = ask("cross_rates", **market(closes, ["AU/AG", "AG/AU", "PT/AG", "PD/AG"])).sort("pair")

    assert found.select("pair", "rate", "numerator", "denominator").rows() == [
        ("AG/AU", 2 / 60, 2.0, 60.0),
        ("AU/AG", 30.0, 60.0, 2.0),
        ("PT/AG", 15.0, 30.0, 2.0),
    ]


def named(ask: Ask, **traits: Mapping[str, Any]) -> dict[str, Any]:
    laid = market({}, **traits)
    [pair] = ask("named_pairs", pairs=laid["pairs"], instruments=laid["instruments"]).rows(
        named=True
    )
    return pair


def test_a_pair_has_a_name_and_a_unit(ask: Ask) -> None:
    pair = named(ask)

    assert (pair["name"], pair["unit"]) == ("Gold priced in Silver (AU/AG)", "AG per AU")


@pytest.mark.parametrize(
    ("gold", "silver", "caveats"),
    [
        (None, None, []),
        ("noon", None, ["noon"]),
        (None, "noon", ["noon"]),
        ("noon", "noon", ["noon"]),
        ("morning", "noon", ["morning", "noon"]),
    ],
)
def test_a_pair_has_the_caveats_of_both(
    ask: Ask, gold: str | None, silver: str | None, caveats: list[str]
) -> None:
    assert named(ask, AU={"caveat": gold}, AG={"caveat": silver})["caveats"] == caveats


@pytest.mark.parametrize(
    ("silver", "is_synchronous"),
    [
        pytest.param({}, True, id="of one kind"),
        pytest.param({"kind": "fund"}, False, id="of two kinds"),
        pytest.param({"calendar": "24/7"}, False, id="of two calendars"),
        pytest.param({"currency": "USDT"}, False, id="of two currencies"),
        pytest.param({"caveat": "front contract, unadjusted splice"}, False, id="with a caveat"),
    ],
)
def test_closes_are_synchronous_on_one_market(
    ask: Ask, *, silver: dict[str, str], is_synchronous: bool
) -> None:
    assert named(ask, AG=silver)["is_synchronous"] == is_synchronous


def test_every_pair_we_ship_is_named_after_its_sides_and_of_one_currency() -> None:
    currency = dict(
        pl.read_csv(REFERENCE / "instruments.csv").select("instrument", "currency").iter_rows()
    )
    pairs = pl.read_csv(REFERENCE / "pairs.csv")

    for pair, above, below in pairs.iter_rows():
        assert pair == f"{above}/{below}"
        assert currency[above] == currency[below]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1447.0949", "1,447.09"),
        ("67.3337", "67.33"),
        ("9.0671", "9.067"),
        ("1.0", "1.000"),
        ("0.14652", "0.1465"),
        ("0.0349909", "0.03499"),
        ("0.0026879", "0.002688"),
        ("null", None),
        ("0.0", None),
    ],
)
def test_a_number_is_shown_in_the_digits_that_count(
    shared: duckdb.DuckDBPyConnection, number: str, text: str | None
) -> None:
    assert answer(shared, f"select significant({number})") == [(text,)]


START = date(2030, 1, 1)


def daily(values: Sequence[float], last: date | None = None) -> dict[date, float | None]:
    """Lay values on days in a row, from the START or up to the last."""
    first = START if last is None else last - (len(values) - 1) * DAY
    return {first + number * DAY: value for number, value in enumerate(values)}


def stated(ask: Ask, fact: str, gold: Closes, silver: Closes | None = None) -> dict[str, Any]:
    """State a fact of gold in silver, by measure; silver is at 1 every day unless it is given."""
    below = dict.fromkeys(gold, 1.0) if silver is None else silver
    splice = {"caveat": "a splice"}
    found = ask(fact, **market({"AU": gold, "AG": below}, AU=splice))
    return {row["measure"]: row for row in found.rows(named=True)}


BEFORE = [5.0, 9.0, *[7.0] * 16]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param(
            [*BEFORE, 6.0],
            "was 6.000 on 2030-01-20, the lowest since 2030-01-02 (4.000); its range since "
            "2030-01-01 is 4.000 (2030-01-02) to 9.000 (2030-01-03).",
            id="the lowest since",
        ),
        pytest.param(
            [*BEFORE, 8.0],
            "was 8.000 on 2030-01-20, the highest since 2030-01-03 (9.000); its range since "
            "2030-01-01 is 4.000 (2030-01-02) to 9.000 (2030-01-03).",
            id="the highest since",
        ),
        pytest.param(
            [*BEFORE, 4.0],
            "was 4.000 on 2030-01-20, the lowest since 2030-01-02 (4.000); its range since "
            "2030-01-01 is 4.000 (2030-01-02) to 9.000 (2030-01-03).",
            id="as low as then",
        ),
        pytest.param(
            [*BEFORE, 3.0],
            "was 3.000 on 2030-01-20, the lowest since the series began; its range since "
            "2030-01-01 is 3.000 (2030-01-20) to 9.000 (2030-01-03).",
            id="the lowest of all",
        ),
        pytest.param(
            [*BEFORE, 12.0],
            "was 12.00 on 2030-01-20, the highest since the series began; its range since "
            "2030-01-01 is 4.000 (2030-01-02) to 12.00 (2030-01-20).",
            id="the highest of all",
        ),
        pytest.param(
            [*BEFORE, 7.0],
            "was 7.000 on 2030-01-20, unchanged since 2030-01-19 (7.000); its range since "
            "2030-01-01 is 4.000 (2030-01-02) to 9.000 (2030-01-03).",
            id="as on the day before",
        ),
    ],
)
def test_a_rate_is_stated(ask: Ask, values: list[float], sentence: str) -> None:
    facts = stated(ask, "cross_rate", daily([5.0, 4.0, *values[1:]]))

    assert [*facts] == ["rate"]
    assert facts["rate"]["statement"] == f"Gold priced in Silver (AU/AG) {sentence}"
    assert list(facts["rate"]) == COMMON


def test_a_rate_has_its_numbers(ask: Ask) -> None:
    fact = stated(ask, "cross_rate", daily([5.0, 4.0, *BEFORE[1:], 6.0]))["rate"]

    assert (fact["subject"], fact["value"], fact["unit"]) == ("AU/AG", 6.0, "AG per AU")
    assert (fact["rank"], fact["of"], fact["observations"]) == (18, 20, 20)
    assert fact["since"] == fact["previous_at"] == date(2030, 1, 2)
    assert (fact["previous_value"], fact["first_observed"]) == (4.0, START)
    assert fact["labels"] == ["a splice"]


def test_a_rate_without_a_like_has_no_previous_one(ask: Ask) -> None:
    fact = stated(ask, "cross_rate", daily([*BEFORE, 8.0, 12.0]))["rate"]

    assert (fact["since"], fact["previous_at"], fact["previous_value"]) == (START, None, None)


def test_a_carried_close_is_labelled(ask: Ask) -> None:
    gold = daily([7.0] * 20, SUNDAY)
    silver = {day: 1.0 for day in gold if day.weekday() < 5}

    fact = stated(ask, "cross_rate", gold, silver)["rate"]
    assert fact["labels"] == ["a splice", "AG as of 2030-03-01"]


def test_percentiles_name_their_window(ask: Ask) -> None:
    last = date(2030, 6, 28)
    recent = daily([*[5.0] * 63, *[9.0] * 188, 7.0], last)
    gold = daily([4.0] * 252, date(2020, 6, 27)) | {date(2020, 6, 28): 8.0} | recent
    facts = stated(ask, "cross_rate", gold)

    all_history, of_10_years = facts["percentile_all_history"], facts["percentile_10_years"]
    assert all_history["statement"] == (
        "Gold priced in Silver (AU/AG) was 7.000 on 2030-06-28, at least as high as on 62.57 % of "
        "the 505 days since 2019-10-20."
    )
    assert of_10_years["statement"] == (
        "Gold priced in Silver (AU/AG) was 7.000 on 2030-06-28, at least as high as on 25.30 % of "
        "the 253 days of the last 10 years (since 2020-06-28)."
    )
    assert all_history["labels"] == ["a splice", "window: all history, from 2019-10-20"]
    assert of_10_years["labels"] == ["a splice", "window: 10 years, from 2020-06-28"]
    assert (of_10_years["value"], of_10_years["unit"]) == (64 / 253, "share of days")
    assert (of_10_years["rank"], of_10_years["of"]) == (190, 253)
    assert of_10_years["since"] == date(2020, 6, 28)


@pytest.mark.parametrize(
    ("gold", "measures"),
    [
        pytest.param({}, set(), id="no history"),
        pytest.param(daily([1.0]), set(), id="one day"),
        pytest.param(daily([1.0] * 19), set(), id="nineteen days"),
        pytest.param(daily([1.0] * 251), {"rate"}, id="251 days"),
        pytest.param(daily([1.0] * 252), {"rate", "percentile_all_history"}, id="252 days"),
        pytest.param(
            daily([1.0]) | daily([1.0] * 251, date(2040, 1, 1)),
            {"rate", "percentile_all_history", "percentile_10_years"},
            id="ten years",
        ),
        pytest.param(
            daily([1.0]) | daily([1.0] * 252, date(2039, 12, 31)),
            {"rate", "percentile_all_history"},
            id="a day less than ten years",
        ),
        pytest.param(
            daily([1.0] * 2) | daily([1.0] * 250, date(2041, 1, 1)),
            {"rate", "percentile_all_history"},
            id="ten years with few days",
        ),
    ],
)
def test_a_rate_of_too_few_days_is_not_stated(ask: Ask, gold: Closes, measures: set[str]) -> None:
    assert stated(ask, "cross_rate", gold).keys() == measures


LAST = date(2034, 6, 9)
"""A Friday."""
FOUR_YEARS = [2.0, 8.0, 5.0, *[4.0] * 17]


def over_years(last: float) -> dict[date, float | None]:
    """Lay a peak more than four years ago, then the rates of four years ago and one, and now."""
    first = daily([9.0, *FOUR_YEARS], date(2030, 6, 27))
    return first | {date(2033, 6, 9): 4.0, LAST: last}


WINDOW, SERIES = "the last four years (since 2030-06-09)", "its whole series (since 2030-06-07)"


@pytest.mark.parametrize(
    ("last", "measure", "change", "earlier"),
    [
        (3.0, "one_year", "fell 25.00 % in one year", "4.000 on 2033-06-09"),
        (3.0, "four_years", "fell 62.50 % in four years", "8.000 on 2030-06-09"),
        (3.0, "window_peak", f"fell 62.50 % from the peak of {WINDOW}", "8.000 on 2030-06-09"),
        (3.0, "all_time_peak", f"fell 66.67 % from the peak of {SERIES}", "9.000 on 2030-06-07"),
        (5.0, "one_year", "rose 25.00 % in one year", "4.000 on 2033-06-09"),
        (4.0, "one_year", "did not change in one year", "4.000 on 2033-06-09"),
        (4.0001, "one_year", "rose less than 0.01 % in one year", "4.000 on 2033-06-09"),
        (3.9999, "one_year", "fell less than 0.01 % in one year", "4.000 on 2033-06-09"),
    ],
)
def test_a_change_is_stated(ask: Ask, last: float, measure: str, change: str, earlier: str) -> None:
    fact = stated(ask, "cross_rate_change", over_years(last))[measure]

    assert fact["statement"] == (
        f"Gold priced in Silver (AU/AG) {change}: from {earlier} to {last:.3f} on 2034-06-09."
    )
    assert list(fact) == COMMON


def test_a_peak_is_stated_as_such(ask: Ask) -> None:
    facts = stated(ask, "cross_rate_change", over_years(9.5))

    of_all, of_window = facts["all_time_peak"], facts["window_peak"]
    assert of_all["statement"].endswith(
        "was 9.500 on 2034-06-09, the peak of its whole series (since 2030-06-07)."
    )
    assert "the peak of the last four years (since 2030-06-09)." in of_window["statement"]
    assert of_all["previous_at"] == of_window["previous_at"] == LAST
    assert (of_all["value"], of_window["value"]) == (0.0, 0.0)


def test_a_peak_is_dated_to_when_it_was_first_reached(ask: Ask) -> None:
    fact = stated(ask, "cross_rate_change", daily([1.0, 3.0, *[2.0] * 9, 3.0, *[1.0] * 9]))

    assert fact["all_time_peak"]["previous_at"] == START + DAY


def test_a_change_has_its_numbers(ask: Ask) -> None:
    fact = stated(ask, "cross_rate_change", over_years(3.0))["four_years"]

    assert (fact["value"], fact["unit"]) == (3 / 8 - 1, "fraction")
    assert (fact["since"], fact["previous_at"]) == (date(2030, 6, 9), date(2030, 6, 9))
    assert (fact["previous_value"], fact["observations"]) == (8.0, 23)
    assert (fact["first_observed"], fact["labels"]) == (date(2030, 6, 7), ["a splice"])


def test_the_same_day_may_be_up_to_seven_days_older(ask: Ask) -> None:
    first = daily(FOUR_YEARS, date(2030, 6, 2))

    near = stated(ask, "cross_rate_change", first | {LAST: 3.0})
    far = stated(ask, "cross_rate_change", first | {LAST + DAY: 3.0})
    assert near["four_years"]["previous_at"] == date(2030, 6, 2)
    assert near["four_years"]["since"] == date(2030, 6, 9)
    assert near.keys() == {"four_years", "window_peak", "all_time_peak"}
    assert far.keys() == {"window_peak", "all_time_peak"}


def test_a_leap_day_is_compared_with_the_day_before(ask: Ask) -> None:
    leap_day = date(2032, 2, 29)
    facts = stated(ask, "cross_rate_change", daily([*[4.0] * 366, 3.0], leap_day))

    assert facts["one_year"]["since"] == date(2031, 2, 28)


def test_carried_closes_of_both_days_are_labelled(ask: Ask) -> None:
    sunday, long_before = date(2034, 6, 11), date(2030, 6, 11)
    gold = over_years(3.0) | {sunday: 3.0}
    silver = dict.fromkeys(gold, 1.0)
    del silver[sunday], silver[long_before]
    facts = stated(ask, "cross_rate_change", gold, silver)

    assert facts["four_years"]["labels"] == [
        "a splice",
        "AG on 2030-06-11 as of 2030-06-10",
        "AG on 2034-06-11 as of 2034-06-09",
    ]


@pytest.mark.parametrize(
    ("gold", "measures"),
    [
        pytest.param({}, set(), id="no history"),
        pytest.param(daily([1.0] * 19), set(), id="nineteen days"),
        pytest.param(daily([1.0] * 20), {"all_time_peak"}, id="twenty days"),
        pytest.param(daily([1.0] * 366), {"one_year", "all_time_peak"}, id="a year"),
        pytest.param(daily([1.0] * 365), {"all_time_peak"}, id="a day less"),
    ],
)
def test_a_change_is_not_stated_before_the_series_reaches_back(
    ask: Ask, gold: Closes, measures: set[str]
) -> None:
    assert stated(ask, "cross_rate_change", gold).keys() == measures


class Rate(NamedTuple):
    """A rate of a day, and the day of the close below."""

    as_of: date
    rate: float
    carried: date


def priced(gold: Closes, silver: Closes) -> list[Rate]:
    """Price gold in silver in plain Python."""
    known = sorted((day, close) for day, close in silver.items() if close is not None)
    found = []
    for day, close in sorted(gold.items()):
        number = bisect_right([session for session, _ in known], day)
        if close is not None and number and (day - known[number - 1][0]).days <= 7:
            carried, below = known[number - 1]
            found.append(Rate(day, close / below, carried))
    return found


def years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Closes, Closes]]:
    """Draw pairs' closes over many years: with gaps, ties, unknowns and carried ones."""
    pairs: list[tuple[Closes, Closes]] = []
    for length in draw(st.lists(st.sampled_from([0, 1, 19, 22, 60, 400]), max_size=4)):
        random = Random(draw(st.integers(0, 10**6)))  # noqa: S311 -- of test data
        steps = draw(st.sampled_from([[1], [1, 1, 3], [1, 5, 30], [1, 20, 150, 365]]))
        gold: dict[date, float | None] = {}
        day = START
        for _ in range(length):
            gold[day] = random.choice([None, *range(1, 9), *range(1, 9)])
            day += timedelta(random.choice(steps))
        silver = {
            day - timedelta(random.choice([0, 0, 0, 0, 0, 2, 7, 8])): random.choice([None, 1, 2, 4])
            for day in gold
        }
        pairs.append((gold, silver))
    return pairs


def facts_of(ask: Ask, fact: str, pairs: list[tuple[Closes, Closes]]) -> dict[str, dict[str, Any]]:
    """State a fact of many pairs at once: by pair, then by measure."""
    closes = {
        f"{side}{number}": found
        for number, pair in enumerate(pairs)
        for side, found in zip("AB", pair, strict=True)
    }
    subjects = [f"A{number}/B{number}" for number in range(len(pairs))]
    rows = ask(fact, **market(closes, subjects)).rows(named=True)
    return {
        subject: {row["measure"]: row for row in rows if row["subject"] == subject}
        for subject in subjects
    }


def expected_rate(found: list[Rate]) -> dict[str, tuple[Any, ...]]:
    """Work out a rate's facts: value, rank, of, since, previous_value, previous_at."""
    if len(found) < 20:
        return {}
    *earlier, last = found
    low = [rate for rate in earlier if rate.rate <= last.rate][-1:]
    high = [rate for rate in earlier if rate.rate >= last.rate][-1:]
    previous = min(low + high) if low and high else None
    rank = 1 + sum(rate.rate > last.rate for rate in found)
    told: dict[str, tuple[Any, ...]] = {
        "rate": (
            *(last.rate, rank, len(found), previous.as_of if previous else found[0].as_of),
            *((previous.rate, previous.as_of) if previous else (None, None)),
        )
    }
    ten_years = years_before(last.as_of, 10)
    for measure, start in [
        ("percentile_all_history", found[0].as_of),
        ("percentile_10_years", ten_years),
    ]:
        window = [rate.rate for rate in found if rate.as_of >= start]
        if found[0].as_of <= start and len(window) >= 252:
            rank = 1 + sum(rate > last.rate for rate in window)
            share = sum(rate <= last.rate for rate in window) / len(window)
            told[measure] = (pytest.approx(share), rank, len(window), start, None, None)
    return told


def expected_change(found: list[Rate]) -> dict[str, tuple[Any, ...]]:
    """Work out a change's facts: value, since, previous_value, previous_at."""
    if len(found) < 20:
        return {}
    last, first = found[-1], found[0].as_of
    told = {}
    for measure, years in [("one_year", 1), ("four_years", 4)]:
        start = years_before(last.as_of, years)
        before = [rate for rate in found if rate.as_of <= start][-1:]
        if before and (start - before[0].as_of).days <= 7:
            told[measure] = (start, before[0])
    four_years = years_before(last.as_of, 4)
    for measure, start in [("window_peak", four_years), ("all_time_peak", first)]:
        if first <= start:
            window = [rate for rate in found if rate.as_of >= start]
            told[measure] = (start, max(window, key=lambda rate: rate.rate))
    return {
        measure: (last.rate / then.rate - 1, start, then.rate, then.as_of)
        for measure, (start, then) in told.items()
    }


@settings(max_examples=25)
@given(pairs=histories())
def test_facts_are_those_of_plain_python(ask: Ask, pairs: list[tuple[Closes, Closes]]) -> None:
    how_high = facts_of(ask, "cross_rate", pairs)
    changed = facts_of(ask, "cross_rate_change", pairs)

    for number, pair in enumerate(pairs):
        found = priced(*pair)
        columns = ["value", "rank", "of", "since", "previous_value", "previous_at"]
        assert {
            measure: tuple(row[column] for column in columns)
            for measure, row in how_high[f"A{number}/B{number}"].items()
        } == expected_rate(found)
        columns = ["value", "since", "previous_value", "previous_at"]
        assert {
            measure: tuple(row[column] for column in columns)
            for measure, row in changed[f"A{number}/B{number}"].items()
        } == expected_change(found)
