"""Facts: the numbers and the English sentences that state them."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.tables.bars import Bars
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coins import Coins
from schemas.tables.reference import Instruments, KnownPeaks, Stablecoins, StressPeriods
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame, lay
from tests.warehouse.test_streaks import monthly

DAY = date(2030, 3, 4)
Months = list[tuple[str, float | None]]
COMMON = [
    "fact", "subject", "measure", "as_of", "value", "unit", "statement", "labels", "rank",
    "rank_if_counted", "of", "since", "previous_value", "previous_at", "complete", "observations",
    "first_observed", "view",
]  # fmt: skip


def high(ask: Ask, closes: list[float], peaks: list[date], **traits: Any) -> list[dict[str, Any]]:
    bars = [
        {"instrument": "SI=F", "session": DAY + timedelta(number), "close": close}
        for number, close in enumerate(closes)
    ]
    answer = ask(
        "record_high",
        bars=frame(Bars, reversed(bars)),  # no table promises an order
        instruments=frame(Instruments, [{"instrument": "SI=F"} | traits]),
        known_peaks=frame(KnownPeaks, [{"instrument": "SI=F", "peaked_on": day} for day in peaks]),
        coins=frame(Coins, []),
        coin_categories=frame(CoinCategories, []),
        stablecoins=frame(Stablecoins, []),
    )
    return answer.rows(named=True)


RISING = [float(number) for number in range(1, 20)]
BEFORE, WITHIN = date(2030, 3, 3), date(2031, 1, 1)


@pytest.mark.parametrize(
    ("closes", "peaks", "sentence"),
    [
        pytest.param(
            [*RISING, 63.0],
            [WITHIN],
            "Silver (SI=F) closed at 63.00 USD on 2030-03-23, an all-time high; "
            "the record before was 19.00 USD on 2030-03-22.",
            id="all-time, for the series holds every peak that is known",
        ),
        pytest.param(
            [*RISING, 1963.0],
            [BEFORE, WITHIN],
            "Silver (SI=F) closed at 1,963.00 USD on 2030-03-23, the highest since the series "
            "began on 2030-03-04; the record before was 19.00 USD on 2030-03-22.",
            id="not all-time, for an earlier peak lies before it",
        ),
        pytest.param(
            [*RISING, 63.0],
            [],
            "Silver (SI=F) closed at 63.00 USD on 2030-03-23, the highest since the series began "
            "on 2030-03-04; the record before was 19.00 USD on 2030-03-22.",
            id="not all-time, for no peak is known",
        ),
        pytest.param(
            [*RISING, 19.001],
            [WITHIN],
            "Silver (SI=F) closed at 19.00 USD on 2030-03-23, matching the record of 2030-03-22, "
            "an all-time high.",
            id="equal in the decimals it is quoted in",
        ),
        pytest.param(
            [20.0, 25.0, 25.0, *RISING],
            [WITHIN],
            "Silver (SI=F) closed at 19.00 USD on 2030-03-25, 24.00 % below the record of "
            "25.00 USD on 2030-03-05.",
            id="below a record, which is dated to when it was set",
        ),
        pytest.param(
            [*RISING, 9999.99, 9999.98],
            [WITHIN],
            "Silver (SI=F) closed at 9,999.98 USD on 2030-03-24, less than 0.01 % below the record "
            "of 9,999.99 USD on 2030-03-23.",
            id="below a record by next to nothing",
        ),
    ],
)
def test_a_record_is_stated(
    ask: Ask, closes: list[float], peaks: list[date], sentence: str
) -> None:
    [fact] = high(ask, closes, peaks)

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


def test_a_record_has_its_numbers(ask: Ask) -> None:
    [fact] = high(ask, [20.0, 21.0, *RISING], [WITHIN], caveat="front contract")

    assert fact["value"] == 19.0
    assert (fact["rank"], fact["of"], fact["observations"]) == (3, 21, 21)
    assert (fact["previous_value"], fact["previous_at"]) == (21.0, date(2030, 3, 5))
    assert (fact["since"], fact["first_observed"]) == (date(2030, 3, 5), DAY)
    assert fact["labels"] == ["front contract", "nominal"]


def test_a_record_of_an_index_is_in_points(ask: Ask) -> None:
    [fact] = high(ask, [*RISING, 63.0], [WITHIN], kind="index")

    assert fact["unit"] == "index points"
    assert "closed at 63.00 on 2030-03-23" in fact["statement"]
    assert "the record before was 19.00 on 2030-03-22" in fact["statement"]


@pytest.mark.parametrize(
    "closes", [pytest.param([], id="no history"), pytest.param(RISING, id="nineteen sessions")]
)
def test_a_record_of_too_few_sessions_is_not_stated(ask: Ask, closes: list[float]) -> None:
    assert high(ask, closes, [WITHIN]) == []


def streak(ask: Ask, months: Months, measure: str = "ounces") -> list[dict[str, Any]]:
    streaks = ask("inflow_streaks", monthly_net_flows=monthly(*months))
    return ask("inflow_streak", inflow_streaks=streaks).filter(measure=measure).rows(named=True)


LONG: Months = [("f", 1.0), ("c", -1.0), *[("c", 1.0)] * 9]


@pytest.mark.parametrize(
    ("months", "sentence"),
    [
        pytest.param(
            [*LONG, ("r", 1.0)],
            "AAA had net inflows, counted in ounces, for 9 months in a row (December 2029 to "
            "August 2030); September 2030 is an inflow so far: on track for month 10.",
            id="on track",
        ),
        pytest.param(
            [*LONG, ("r", -1.0)],
            "AAA had net inflows, counted in ounces, for 9 months in a row (December 2029 to "
            "August 2030); September 2030 is no inflow so far.",
            id="a running month that is none so far does not end it",
        ),
        pytest.param(
            [*LONG, ("r", None)],
            "AAA had net inflows, counted in ounces, for 9 months in a row (December 2029 to "
            "August 2030); September 2030 cannot be told so far.",
            id="a running month that is not known",
        ),
        pytest.param(
            LONG,
            "AAA had net inflows, counted in ounces, for 9 months in a row (December 2029 to "
            "August 2030).",
            id="on the last session of a month",
        ),
        pytest.param(
            [("f", 1.0), ("c", -1.0), ("c", -1.0), ("c", 1.0), ("r", 1.0)],
            "AAA had net inflows, counted in ounces, for 1 month (January 2030); February 2030 is "
            "an inflow so far: on track for month 2.",
            id="one month is no row of months",
        ),
        pytest.param(
            [("f", 1.0), *[("c", -1.0)] * 3, ("r", 1.0)],
            "AAA had no net inflow, counted in ounces, in January 2030; February 2030 is an inflow "
            "so far: on track for month 1.",
            id="none",
        ),
        pytest.param(
            [("f", 1.0), *[("c", 1.0)] * 3],
            "AAA had net inflows, counted in ounces, for at least 3 months in a row "
            "(November 2029 to January 2030).",
            id="back to the first month known, so perhaps longer",
        ),
    ],
)
def test_a_streak_is_stated(ask: Ask, months: Months, sentence: str) -> None:
    [fact] = streak(ask, months)

    assert fact["statement"] == f"{sentence} [estimated]"
    assert list(fact) == COMMON


def test_a_streak_has_its_numbers(ask: Ask) -> None:
    two: Months = [("c", 1.0), ("c", 1.0), ("c", -1.0)]
    [fact] = streak(ask, [("f", 1.0), ("c", 1.0), ("c", -1.0), *two, *two[:2], ("r", 1.0)])

    assert (fact["value"], fact["rank"], fact["rank_if_counted"], fact["of"]) == (2, 1, 1, 3)
    assert fact["since"] == date(2030, 4, 1)
    assert (fact["previous_value"], fact["previous_at"]) == (2, date(2030, 1, 1))
    assert (fact["observations"], fact["first_observed"]) == (7, date(2029, 10, 1))
    assert fact["complete"] is False
    assert fact["as_of"] == date(2030, 12, 5)


def test_a_streak_without_a_like_has_no_previous_one(ask: Ask) -> None:
    [fact] = streak(ask, [*LONG, ("r", -1.0)])

    assert (fact["previous_value"], fact["previous_at"]) == (None, None)
    assert (fact["rank"], fact["rank_if_counted"], fact["of"]) == (1, None, 1)


def test_labels_travel_with_a_streak(ask: Ask) -> None:
    months: Months = [("f", 1.0), *[("c", 1.0)] * 3]

    assert streak(ask, months)[0]["labels"] == [
        "ounces estimated, +/- 0.1 %",
        "by book date",
        "reaches back to the first month known",
    ]
    assert streak(ask, LONG, "shares")[0]["labels"] == ["by book date"]


@pytest.mark.parametrize(
    "months",
    [
        pytest.param([], id="an empty history"),
        pytest.param([("f", 1.0)], id="the first month alone"),
        pytest.param([("f", 1.0), ("c", 1.0), ("c", 1.0), ("r", 1.0)], id="two finished months"),
        pytest.param(
            [("f", 1.0), *[("c", 1.0)] * 5, ("?", 1.0), ("r", 1.0)],
            id="the last finished month cannot be told",
        ),
        pytest.param(
            [("f", 1.0), *[("c", 1.0)] * 5, ("?", 1.0), ("c", 1.0), ("c", 1.0)],
            id="the streak follows a month that cannot be told",
        ),
    ],
)
def test_a_streak_that_is_not_known_is_not_stated(ask: Ask, months: Months) -> None:
    assert streak(ask, months) == []


def context(ask: Ask, months: Months, *stress: tuple[date, date | None]) -> list[dict[str, Any]]:
    periods = [
        {"stress_period": str(number), "starts_on": starts, "ends_on": ends}
        for number, (starts, ends) in enumerate(stress)
    ]
    return (
        ask(
            "streak_in_context",
            inflow_streaks=ask("inflow_streaks", monthly_net_flows=monthly(*months)),
            stress_periods=frame(StressPeriods, periods),
        )
        .filter(measure="ounces")
        .rows(named=True)
    )


TWICE: Months = [("f", 1.0), *[("c", 1.0)] * 4, ("c", -1.0), *[("c", 1.0)] * 3, ("c", -1.0)]
STRESS = (date(2029, 12, 15), date(2030, 1, 10))


def test_a_streak_is_put_in_context(ask: Ask) -> None:
    [fact] = context(ask, [*TWICE, ("c", 1.0), ("c", 1.0), ("r", 1.0)], STRESS, STRESS)

    assert fact["value"] == pytest.approx(2 / 7)
    assert fact["previous_value"] == pytest.approx(2 / 13)
    assert (fact["of"], fact["since"], fact["previous_at"]) == (
        2,
        date(2030, 8, 1),
        date(2030, 4, 1),
    )
    assert fact["statement"] == (
        "Earlier, AAA had 2 runs of at least 3 months of inflows, counted in ounces; 29 % of the "
        "months in them lay in dated recessions, against 15 % of all months since October 2029."
    )
    assert fact["labels"] == ["recessions as dated by the committees in stress_periods", "n = 2"]
    assert list(fact) == COMMON


@pytest.mark.parametrize(
    ("months", "sentence"),
    [
        pytest.param(
            [*TWICE, ("c", -1.0), *[("c", 1.0)] * 4],
            "Earlier, AAA had 1 run of at least 4 months of inflows, counted in ounces; 50 % of "
            "the months in it lay in dated recessions, against 13 % of all months since "
            "October 2029.",
            id="one run",
        ),
        pytest.param(
            [*TWICE, *[("c", 1.0)] * 5],
            "AAA has had no earlier run of at least 5 months of inflows, counted in ounces, since "
            "October 2029.",
            id="none",
        ),
        pytest.param(
            [*[("f", 1.0)] * 1, *[("c", -1.0)] * 10, ("c", 1.0)],
            "AAA has had no earlier run of at least 1 month of inflows, counted in ounces, since "
            "October 2029.",
            id="one month",
        ),
    ],
)
def test_runs_are_counted_in_singular_and_plural(ask: Ask, months: Months, sentence: str) -> None:
    assert [fact["statement"] for fact in context(ask, months, STRESS)] == [sentence]


def test_where_nothing_like_it_happened_no_share_is_made_up(ask: Ask) -> None:
    [fact] = context(ask, [*TWICE, *[("c", 1.0)] * 5], STRESS)

    assert fact["value"] is None


@pytest.mark.parametrize(
    "months",
    [
        pytest.param([], id="an empty history"),
        pytest.param([("f", 1.0), *[("c", 1.0)] * 10], id="eleven months"),
        pytest.param([*TWICE, ("c", 1.0), ("c", -1.0)], id="no current streak"),
    ],
)
def test_no_context_is_stated_for(ask: Ask, months: Months) -> None:
    assert context(ask, months, STRESS) == []


def test_a_stress_period_that_is_not_over_counts_on(ask: Ask) -> None:
    [fact] = context(ask, [*TWICE, ("c", 1.0), ("r", 1.0)], (date(2030, 4, 30), None))

    assert fact["previous_value"] == pytest.approx(6 / 12)


@pytest.fixture
def market(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    shared.begin()
    lay(shared, Instruments, [{"instrument": "SI=F"}])
    days = pl.date_range(DAY, DAY + timedelta(29), eager=True)
    bars = [{"instrument": "SI=F", "session": day, "close": 1.0 + day.day} for day in days]
    lay(shared, Bars, bars)
    yield shared
    shared.rollback()


@pytest.mark.parametrize(
    ("origin", "ending"),
    [("synthetic", "2030-03-30. [synthetic data]"), ("live", "2030-03-30."), ("history", "-30.")],
)
def test_a_sentence_on_synthetic_data_says_so(
    market: duckdb.DuckDBPyConnection, origin: str, ending: str
) -> None:
    market.execute("update ops.origin set origin = ?", [origin])
    market.execute("set variable as_of = date '2030-03-31'")
    record = "where fact = 'record_high' and measure = 'close'"
    statements = [
        market.execute(f"select statement from {view} {record}").fetchall()
        for view in ("facts", "record_high")
    ]
    market.execute("reset variable as_of")

    [[[united]], [[alone]]] = statements
    assert united == alone
    assert alone.endswith(ending)


def test_facts_have_the_common_shape(market: duckdb.DuckDBPyConnection) -> None:
    assert [column for column, *_ in market.execute("describe facts").fetchall()] == COMMON
