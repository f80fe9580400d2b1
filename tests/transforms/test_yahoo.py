import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from schemas.capture import Refused
from schemas.tables.bars import Bars
from schemas.tables.corporate_actions import CorporateActions
from schemas.validation import Verdict, accept, refuse_if_mostly_bad
from sources import yahoo
from tests.sources import bodies
from tests.sources.bodies import BARS, chart, stamp
from transforms import yahoo as transform

GOOD = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
NEW_YORK = "America/New_York"


def bars(document: dict[str, Any], known_at: datetime = bodies.KNOWN_AT) -> pl.DataFrame:
    capture = bodies.asked_quotes(known_at=known_at)
    return transform.bars(
        yahoo.parse_quotes(bodies.as_json(document), capture).tables["bars"], capture
    )


def judged(document: dict[str, Any], known_at: datetime = bodies.KNOWN_AT) -> Verdict:
    capture = bodies.asked_quotes(known_at=known_at)
    raw = yahoo.parse_quotes(bodies.as_json(document), capture).tables["bars"]
    verdict = accept(Bars, transform.bars(raw, capture), raw, capture)
    refuse_if_mostly_bad([verdict], capture)
    return verdict


def sessions(document: dict[str, Any], known_at: datetime = bodies.KNOWN_AT) -> list[date]:
    return bars(document, known_at)["session"].to_list()


def test_bars_are_in_our_names_and_carry_their_position() -> None:
    expected = pl.DataFrame(
        {
            "instrument": ["ACM"],
            "session": [date(2030, 7, 8)],
            "source": ["yahoo"],
            "open": [12.5],
            "high": [13.5],
            "low": [12.0],
            "close": [13.0],
            "adj_close": [12.75],
            "volume": [5000.0],
            "currency": ["USD"],
            "is_final": [False],
            "position": pl.Series([4], dtype=pl.Int64),
        }
    )
    assert_frame_equal(bars(chart()).tail(1), expected)


def test_good_bars_are_all_accepted() -> None:
    verdict = judged(chart())

    assert verdict.accepted.height == len(BARS)
    assert verdict.rejected.is_empty()


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        pytest.param(
            "Europe/London", time(0), id="summer bars of London are stamped the day before"
        ),
        pytest.param("Asia/Seoul", time(0), id="Seoul's month begins in the one before"),
        pytest.param(NEW_YORK, time(0), id="futures begin at midnight in New York"),
        pytest.param("UTC", time(0), id="coins begin at midnight UTC"),
    ],
)
def test_a_session_is_the_exchanges_own_day_in_summer_and_winter(zone: str, at: time) -> None:
    days = [date(2030, 1, 2), date(2030, 4, 1), date(2030, 7, 1), date(2030, 10, 31)]
    rows = {stamp(day, at, zone): GOOD for day in days}

    assert sessions(chart(rows, exchangeTimezoneName=zone, gmtoffset=3600)) == days


@settings(deadline=None, max_examples=40)
@given(
    day=st.dates(date(1928, 1, 1), date(2100, 1, 1)),
    zone=st.sampled_from([NEW_YORK, "Europe/London", "Asia/Seoul", "UTC", "Australia/Sydney"]),
    after_midnight=st.timedeltas(timedelta(hours=4), timedelta(hours=20)),
)
def test_any_moment_of_a_local_day_is_of_that_day(
    day: date, zone: str, after_midnight: timedelta
) -> None:
    instant = datetime.combine(day, time(0), ZoneInfo(zone)) + after_midnight

    document = chart({int(instant.timestamp()): GOOD}, exchangeTimezoneName=zone)

    assert sessions(document, datetime(2200, 1, 1, tzinfo=UTC)) == [instant.date()]


def test_a_row_without_a_price_is_no_trade() -> None:
    rows = dict(BARS)
    rows[stamp(date(2030, 7, 3))] = (None, None, None, None, 0, None)

    assert date(2030, 7, 3) not in sessions(chart(rows))
    assert judged(chart(rows)).rejected.is_empty()


def test_the_newest_row_without_a_close_is_unfinished() -> None:
    rows = {**BARS, stamp(date(2030, 7, 9)): (13.0, 13.5, 12.5, None, 100, None)}

    assert sessions(chart(rows)) == sessions(chart())


def test_an_earlier_row_without_a_close_is_rejected_not_dropped() -> None:
    rows = {**BARS, stamp(date(2030, 7, 3)): (11.5, 12.5, 11.0, None, 3_000, None)}

    verdict = judged(chart(rows))

    assert verdict.accepted.height == len(BARS) - 1
    assert verdict.rejected["position"].to_list() == [2]
    assert verdict.rejected["failures"].to_list() == [["close: not_nullable"]]


def test_of_a_session_served_twice_the_last_row_counts() -> None:
    live = stamp(date(2030, 7, 8), time(16, 0, 2))

    served = bars(chart({**BARS, live: (12.5, 14.0, 12.0, 13.75, 6_000, 13.75)}))

    assert served.height == len(BARS)
    assert served.row(-1, named=True)["close"] == 13.75
    assert served.row(-1, named=True)["position"] == 5


def test_rows_may_come_newest_first() -> None:
    newest_first = bars(chart(list(reversed(BARS.items()))))

    assert_frame_equal(newest_first.drop("position"), bars(chart()).drop("position"))
    assert newest_first["position"].to_list() == [4, 3, 2, 1, 0]


OPENS, CLOSES = stamp(date(2030, 7, 8)), stamp(date(2030, 7, 8), time(16))


@pytest.mark.parametrize(
    ("hour", "minute", "is_there"),
    [
        pytest.param(15, 0, False, id="before the close"),
        pytest.param(20, 5, True, id="after the close"),
    ],
)
def test_a_running_session_is_not_recorded(hour: int, minute: int, is_there: bool) -> None:  # noqa: FBT001 -- a column of the table
    known_at = datetime(2030, 7, 8, hour, minute, tzinfo=UTC)
    document = chart(currentTradingPeriod=bodies.period(OPENS, CLOSES))

    assert (date(2030, 7, 8) in sessions(document, known_at)) is is_there
    assert date(2030, 7, 5) in sessions(document, known_at)


def test_a_finished_session_stays_when_yahoo_has_moved_on_to_the_next_period() -> None:
    tomorrow = bodies.period(OPENS + 86_400, CLOSES + 86_400)
    document = chart(currentTradingPeriod=tomorrow)

    assert date(2030, 7, 8) in sessions(document, datetime(2030, 7, 9, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "told",
    [None, {}, {"regular": {}}, {"regular": {"end": None}}, [[]]],
    ids=["null", "empty", "no end", "end null", "shares of another shape"],
)
def test_without_a_period_no_session_is_taken_for_running(told: Any) -> None:
    document = chart(currentTradingPeriod=told)

    assert len(sessions(document, datetime(2030, 7, 8, 15, tzinfo=UTC))) == len(BARS)


@pytest.mark.parametrize(
    ("known_at", "last"),
    [
        pytest.param(datetime(2030, 7, 6, 12, tzinfo=UTC), date(2030, 7, 5), id="at noon"),
        pytest.param(
            datetime(2030, 7, 6, 23, 59, 30, tzinfo=UTC), date(2030, 7, 5), id="in the last minute"
        ),
        pytest.param(datetime(2030, 7, 7, 0, 0, tzinfo=UTC), date(2030, 7, 6), id="at midnight"),
    ],
)
def test_a_coins_day_is_over_at_midnight_though_its_period_ends_at_2359(
    known_at: datetime, last: date
) -> None:
    days = [date(2030, 7, 4), date(2030, 7, 5), date(2030, 7, 6)]
    start = stamp(days[-1], time(0), "UTC")
    document = chart(
        {stamp(day, time(0), "UTC"): GOOD for day in days},
        exchangeTimezoneName="UTC",
        currentTradingPeriod=bodies.period(start, start + 86_340),
    )

    assert sessions(document, known_at)[-1] == last


def test_a_coins_new_day_is_running_while_the_period_lags_behind() -> None:
    yesterday = stamp(date(2030, 7, 6), time(0), "UTC")
    document = chart(
        {yesterday: GOOD, yesterday + 86_400 + 240: GOOD},
        exchangeTimezoneName="UTC",
        currentTradingPeriod=bodies.period(yesterday, yesterday + 86_340),
    )

    assert sessions(document, datetime(2030, 7, 7, 0, 5, tzinfo=UTC)) == [date(2030, 7, 6)]


@pytest.mark.parametrize(
    ("session", "final_on"),
    [
        pytest.param(date(2030, 7, 8), date(2030, 7, 10), id="Monday, on Wednesday"),
        pytest.param(date(2030, 7, 5), date(2030, 7, 9), id="Friday, on Tuesday"),
        pytest.param(date(2030, 7, 6), date(2030, 7, 10), id="Saturday, as if Monday"),
    ],
)
def test_a_bar_is_final_two_business_days_later(session: date, final_on: date) -> None:
    document = chart({stamp(session): GOOD})
    at = datetime.combine(final_on, time(0), UTC)

    assert bars(document, at)["is_final"].to_list() == [True]
    assert bars(document, at - timedelta(seconds=1))["is_final"].to_list() == [False]


def test_prices_stay_as_served() -> None:
    served = 12.899999618530273
    rows = {stamp(date(2030, 7, 8)): (served, served, served, served, 38_503_645_184, served)}

    row = bars(chart(rows, currency="GBp")).row(0, named=True)

    assert (row["close"], row["volume"], row["currency"]) == (served, 38_503_645_184.0, "GBp")


@pytest.mark.parametrize(
    ("column", "value", "failure"),
    [
        (5, math.inf, "adj_close: less_than(3.4028234663852886e+38)"),
        (3, math.nan, "close: less_than(3.4028234663852886e+38)"),
        (3, 0.0, "close: greater_than(0)"),
        (0, -1.0, "open: greater_than(0)"),
        (1, 1.0, "low_is_not_above_high"),
        (4, -1.0, "volume: greater_than_or_equal_to(0)"),
    ],
)
def test_a_value_that_cannot_be_is_rejected(column: int, value: float, failure: str) -> None:
    row = list(BARS[stamp(date(2030, 7, 3))])
    row[column] = value
    verdict = judged(chart({**BARS, stamp(date(2030, 7, 3)): row}))

    assert verdict.accepted.height == len(BARS) - 1
    assert failure in verdict.rejected["failures"].item()


def test_a_chart_without_a_currency_is_refused() -> None:
    with pytest.raises(Refused, match="currency: not_nullable"):
        judged(chart(currency=None))


def actions(events: dict[str, Any], **meta: Any) -> pl.DataFrame:
    capture = bodies.asked_quotes()
    raw = yahoo.parse_quotes(bodies.as_json(chart(events=events, **meta)), capture).tables
    rows = transform.corporate_actions(raw["corporate_actions"], capture)
    verdict = accept(CorporateActions, rows, raw["corporate_actions"], capture)
    refuse_if_mostly_bad([verdict], capture)
    return verdict.accepted


def test_dividends_and_gains_have_amounts_and_splits_have_ratios() -> None:
    at = stamp(date(2030, 7, 2))
    found = actions(
        {
            "dividends": {"1": {"amount": 0.25, "date": at}},
            "splits": {"1": {"date": at, "numerator": 1.0, "denominator": 4.0}},
            "capitalGains": {"1": {"amount": 1.5, "date": at, "currency": "CAD"}},
        }
    )

    assert found.drop("instrument", "ex_date", "source").rows() == [
        ("dividend", None, 0.25, "USD"),
        ("split", 0.25, None, None),
        ("capital_gain", None, 1.5, "CAD"),
    ]
    assert found["ex_date"].to_list() == [date(2030, 7, 2)] * 3


@pytest.mark.parametrize(
    "split",
    [
        pytest.param({"numerator": 1.0, "denominator": 0.0}, id="nothing for something"),
        pytest.param({"numerator": 0.0, "denominator": 0.0}, id="nothing for nothing"),
        pytest.param({"numerator": 1.0}, id="half a ratio"),
    ],
)
def test_a_split_without_a_ratio_is_not_accepted(split: dict[str, float]) -> None:
    with pytest.raises(Refused, match="ratio"):
        actions({"splits": {"1": {"date": stamp(date(2030, 7, 2)), **split}}})
