from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from sources import binance
from tests.sources import bodies

A_DAY = 86_400_000
FIRST = int(datetime(2030, 7, 1, tzinfo=UTC).timestamp()) * 1000
ASKED = bodies.kept(
    binance.quotes("ACM-USD", "ACMUSDT", "USDT", date(2030, 7, 1), date(2030, 7, 9)),
)
PRICES = ("11.00000000", "12.00000000", "10.50000000", "11.50000000")
TAIL = ("288.93750000", 7, "12.50000000", "143.75000000", "0")


def candle(nth: int, span: int = A_DAY) -> list[Any]:
    opened = FIRST + nth * span
    return [opened, *PRICES, "25.12500000", opened + span - 1, *TAIL]


CANDLES = [candle(nth) for nth in range(4)]


def read(rows: Any) -> list[dict[str, Any]]:
    payload = rows if isinstance(rows, bytes) else bodies.as_json(rows)
    return binance.parse_quotes(payload, ASKED).tables["bars"].to_dicts()


def test_candles_are_asked_for_by_milliseconds_both_ends_included() -> None:
    request = ASKED.request

    assert request.scope == "binance/quotes/ACM-USD"
    assert request.path == "/api/v3/klines"
    assert request.params == {
        "symbol": "ACMUSDT",
        "interval": "1d",
        "startTime": str(FIRST),
        "endTime": str(FIRST + 9 * A_DAY - 1),
        "limit": "1000",
    }
    assert request.expects == {"symbol": "ACMUSDT", "currency": "USDT"}


def test_of_a_long_window_the_latest_1000_days_are_asked_for_and_no_more_claimed() -> None:
    request = binance.quotes("ACM-USD", "ACMUSDT", "USDT", date(2014, 1, 1), date(2030, 7, 9))

    assert request.asked_from is not None
    assert (date(2030, 7, 9) - request.asked_from).days == 999
    assert request.params["startTime"] == str(FIRST - 991 * A_DAY)


def test_candles_stay_as_served() -> None:
    parsed = binance.parse_quotes(bodies.as_json(CANDLES), ASKED)

    assert parsed.tables["bars"].row(1, named=True) == {
        "position": 1,
        "openTime": FIRST + A_DAY,
        "open": "11.00000000",
        "high": "12.00000000",
        "low": "10.50000000",
        "close": "11.50000000",
        "volume": "25.12500000",
        "closeTime": FIRST + 2 * A_DAY - 1,
    }
    assert len(parsed.columns) == 12


def test_no_candles_are_no_fault() -> None:
    parsed = binance.parse_quotes(b"[]", ASKED)

    assert parsed.tables["bars"].is_empty()
    assert parsed.columns == ()


def test_a_bad_candle_among_good_ones_stays_to_be_rejected() -> None:
    rows = read([*CANDLES, [FIRST + 7, "x", None, "", "y", "z", None, *TAIL]])

    assert (rows[4]["openTime"], rows[4]["close"], rows[4]["closeTime"]) == (FIRST + 7, "y", None)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(bodies.PAGE.encode(), "HTML was served where JSON", id="a page"),
        pytest.param(bodies.as_json(CANDLES)[:-9], "broken or cut-off JSON", id="cut off"),
        pytest.param(
            {"code": -1121, "msg": "Invalid symbol."},
            "Binance says -1121 Invalid symbol",
            id="unknown symbol",
        ),
        pytest.param(
            {"code": -1003, "msg": "Way too much; IP banned until 1909742400000."},
            "Binance says -1003 .* banned until 1909742400000",
            id="banned until",
        ),
        pytest.param({"code": 0}, "Binance says 0", id="a code without words"),
        pytest.param({}, "no list of candles", id="an object"),
        pytest.param(["x"], "a candle is no array", id="a text for a candle"),
        pytest.param([row[:11] for row in CANDLES], "has 11 elements where 12", id="one less"),
        pytest.param([[*row, 1] for row in CANDLES], "has 13 elements where 12", id="one more"),
        pytest.param([[row[0], 11.0, *row[2:]] for row in CANDLES], "open holds float", id="float"),
        pytest.param([[10**18, *row[1:]] for row in CANDLES], "openTime: less_than", id="us"),
        pytest.param(
            [candle(nth, A_DAY // 24) for nth in range(9)],
            "9 of 9 candles are not those of a day",
            id="hours",
        ),
        pytest.param(
            [candle(nth, 7 * A_DAY) for nth in range(9)],
            "9 of 9 candles are not those of a day",
            id="weeks",
        ),
    ],
)
def test_what_are_no_daily_candles_is_refused(rows: Any, told: str) -> None:
    with pytest.raises(Refused, match=f"^binance/quotes/ACM-USD: .*{told}"):
        read(rows)


price = st.floats(0.01, 1e6).map("{:.8f}".format)


@settings(max_examples=30)
@given(st.lists(st.tuples(price, price, price, price, price), max_size=9))
def test_any_numbers_come_back(rows: list[tuple[str, ...]]) -> None:
    opens = [FIRST + nth * A_DAY for nth in range(len(rows))]
    found = read([[at, *row, at + A_DAY - 1, *TAIL] for at, row in zip(opens, rows, strict=True)])

    names = ("open", "high", "low", "close", "volume")
    assert [tuple(row[name] for name in names) for row in found] == rows
