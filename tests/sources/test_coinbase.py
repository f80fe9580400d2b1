from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from sources import coinbase
from tests.sources import bodies

A_DAY = 86_400
FIRST = int(datetime(2030, 7, 1, tzinfo=UTC).timestamp())
ASKED = bodies.kept(
    coinbase.quotes("ACM-USD", "ACM-USD", "USD", date(2030, 7, 1), date(2030, 7, 9)),
)


def candle(nth: int) -> list[Any]:
    return [FIRST + nth * A_DAY, 10.5, 12, 11.25, 11.5, 25.125]


CANDLES = [candle(nth) for nth in (3, 2, 1, 0)]


def read(rows: Any) -> list[dict[str, Any]]:
    payload = rows if isinstance(rows, bytes) else bodies.as_json(rows)
    return coinbase.parse_quotes(payload, ASKED).tables["bars"].to_dicts()


def test_candles_are_asked_for_by_day_both_ends_included() -> None:
    request = ASKED.request

    assert request.scope == "coinbase/quotes/ACM-USD"
    assert request.path == "/products/ACM-USD/candles"
    assert request.params == {
        "granularity": "86400",
        "start": "2030-07-01T00:00:00Z",
        "end": "2030-07-09T00:00:00Z",
    }
    assert request.expects == {"symbol": "ACM-USD", "currency": "USD"}


def test_of_a_long_window_the_latest_300_days_are_asked_for_and_no_more_claimed() -> None:
    request = coinbase.quotes("ACM-USD", "ACM-USD", "USD", date(2014, 1, 1), date(2030, 7, 9))

    assert request.asked_from == date(2029, 9, 13)
    assert (date(2030, 7, 9) - request.asked_from).days == 299
    assert request.params["start"] == "2029-09-13T00:00:00Z"


def test_a_symbol_is_one_step_of_the_path() -> None:
    request = coinbase.quotes("ACM-USD", "../a?b", "USD", date(2030, 7, 1), date(2030, 7, 9))

    assert request.path == "/products/..%2Fa%3Fb/candles"


def test_low_and_high_stand_before_open_and_close() -> None:
    parsed = coinbase.parse_quotes(bodies.as_json(CANDLES), ASKED)

    assert parsed.tables["bars"].row(0, named=True) == {
        "position": 0,
        "time": FIRST + 3 * A_DAY,
        "low": 10.5,
        "high": 12.0,
        "open": 11.25,
        "close": 11.5,
        "volume": 25.125,
    }
    assert parsed.columns == ("close", "high", "low", "open", "time", "volume")


def test_no_candles_are_no_fault() -> None:
    parsed = coinbase.parse_quotes(b"[]", ASKED)

    assert parsed.tables["bars"].is_empty()
    assert parsed.columns == ()


def test_a_bad_candle_among_good_ones_stays_to_be_rejected() -> None:
    rows = read([*CANDLES, [FIRST + 7, None, None, None, None, None]])

    assert (rows[4]["time"], rows[4]["close"]) == (FIRST + 7, None)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(bodies.PAGE.encode(), "HTML was served where JSON", id="a page"),
        pytest.param(bodies.as_json(CANDLES)[:-9], "broken or cut-off JSON", id="cut off"),
        pytest.param(
            {"message": "Public rate limit exceeded"},
            "Coinbase says Public rate limit exceeded",
            id="too many requests",
        ),
        pytest.param({"message": "Not\nFound"}, "Coinbase says Not Found", id="unknown product"),
        pytest.param({}, "no list of candles", id="an object"),
        pytest.param([*CANDLES, 7], "a candle is no array", id="a number for a candle"),
        pytest.param([row[:5] for row in CANDLES], "has 5 elements where 6", id="one less"),
        pytest.param([[*row, 1] for row in CANDLES], "has 7 elements where 6", id="one more"),
        pytest.param([[*row[:4], "11.5", 1] for row in CANDLES], "close holds str", id="a text"),
        pytest.param([[*row[:4], 10**400, 1] for row in CANDLES], "too large", id="a huge number"),
        pytest.param([[1.5, *row[1:]] for row in CANDLES], "time holds float", id="half a second"),
        pytest.param([[row[0] * 1000, *row[1:]] for row in CANDLES], "time: less_than", id="ms"),
        pytest.param(
            [[FIRST + nth * 3600, *candle(0)[1:]] for nth in range(9)],
            "8 of 9 candles are not those of a day",
            id="hours",
        ),
    ],
)
def test_what_are_no_daily_candles_is_refused(rows: Any, told: str) -> None:
    with pytest.raises(Refused, match=f"^coinbase/quotes/ACM-USD: .*{told}"):
        read(rows)


price = st.one_of(st.integers(1, 10**6), st.floats(0.01, 1e6))


@settings(max_examples=30)
@given(st.lists(st.tuples(price, price, price, price, price), max_size=9))
def test_any_numbers_come_back(rows: list[tuple[float, ...]]) -> None:
    found = read([[FIRST + nth * A_DAY, *row] for nth, row in enumerate(rows)])

    names = ("low", "high", "open", "close", "volume")
    assert [tuple(row[name] for name in names) for row in found] == rows
