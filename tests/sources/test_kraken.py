import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused, Request
from sources import kraken
from tests.sources import bodies

A_DAY = 86_400
FIRST = int(datetime(2030, 7, 1, tzinfo=UTC).timestamp())
ASKED = bodies.kept(
    kraken.quotes("ACM-USD", "ACMUSD", "USD", date(2030, 7, 1), date(2030, 7, 9)),
)
PAIR = "XACMZUSD"


def candle(nth: int, close: str = "11.5") -> list[Any]:
    return [FIRST + nth * A_DAY, "11.0", "12.0", "10.5", close, "11.3", "25.12500000", 7]


CANDLES = [candle(nth) for nth in range(4)]


def body(rows: Any = CANDLES, pair: str = PAIR, **result: Any) -> bytes:
    told = {"last": FIRST + 2 * A_DAY} | result
    return bodies.as_json({"error": [], "result": {pair: rows} | told})


def read(payload: bytes) -> list[dict[str, Any]]:
    return kraken.parse_quotes(payload, ASKED).tables["bars"].to_dicts()


def test_candles_are_asked_for_from_the_day_before() -> None:
    request = ASKED.request

    assert request.scope == "kraken/quotes/ACM-USD"
    assert request.path == "/0/public/OHLC"
    assert request.params == {
        "pair": "ACMUSD",
        "interval": "1440",
        "since": str(FIRST - A_DAY),
    }
    assert (request.asked_from, request.asked_to) == (date(2030, 7, 1), date(2030, 7, 9))
    assert request.expects == {"symbol": "ACMUSD", "currency": "USD"}


def test_no_more_is_claimed_than_kraken_ever_serves() -> None:
    request = kraken.quotes("ACM-USD", "ACMUSD", "USD", date(2014, 1, 1), date(2030, 7, 9))

    assert request.asked_from == date(2028, 7, 21)
    assert request.params["since"] == str(int(datetime(2028, 7, 20, tzinfo=UTC).timestamp()))


def test_candles_stay_as_served_beside_the_last_finished_one() -> None:
    parsed = kraken.parse_quotes(body(), ASKED)

    assert parsed.tables["bars"].height == 4
    assert parsed.tables["bars"].row(0, named=True) == {
        "position": 0,
        "time": FIRST,
        "open": "11.0",
        "high": "12.0",
        "low": "10.5",
        "close": "11.5",
        "volume": "25.12500000",
        "last": FIRST + 2 * A_DAY,
    }
    assert parsed.columns == tuple(
        sorted(["time", "open", "high", "low", "close", "vwap", "volume", "count", "last"])
    )


@pytest.mark.parametrize("pair", ["XACMZUSD", "ACMUSD"])
def test_the_pair_is_the_key_that_is_not_last_wherever_it_stands(pair: str) -> None:
    result = {"last": FIRST + 2 * A_DAY, pair: CANDLES}

    assert read(bodies.as_json({"result": result, "error": []})) == read(body())


def test_no_candles_are_no_fault() -> None:
    parsed = kraken.parse_quotes(body([], last=0), ASKED)

    assert parsed.tables["bars"].is_empty()
    assert parsed.columns == ()


def test_a_bad_candle_among_good_ones_stays_to_be_rejected() -> None:
    stray = [FIRST + 7, "x", None, "", "y", None, "z", None]

    rows = read(body([*CANDLES[:3], stray]))

    assert rows[3]["time"] == FIRST + 7
    assert (rows[3]["open"], rows[3]["close"]) == ("x", "y")


def test_of_nobodys_pair_any_is_taken() -> None:
    anybody = bodies.kept(Request(source="kraken", dataset="quotes", subject="ACM", path="/"))

    assert kraken.parse_quotes(body(pair="XBCMZEUR"), anybody).tables["bars"].height == 4


def hourly(rows: int) -> list[list[Any]]:
    return [[FIRST + nth * 3600, *candle(0)[1:]] for nth in range(rows)]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(bodies.PAGE.encode(), "HTML was served where JSON", id="a page"),
        pytest.param(body()[:-30], "broken or cut-off JSON", id="cut off"),
        pytest.param(
            b'{"error":["EGeneral:Too many requests"]}',
            "Kraken says EGeneral:Too many requests",
            id="an error with status 200",
        ),
        pytest.param(
            b'{"error":["EQuery:Unknown asset pair\\ud800"],"result":{}}',
            r"Kraken says EQuery:Unknown asset pair\?",
            id="an unknown pair",
        ),
        pytest.param(b"[]", "has no error", id="a list"),
        pytest.param(b'{"result":{}}', "has no error", id="nothing about errors"),
        pytest.param(b'{"error":[]}', "has no result", id="no result"),
        pytest.param(b'{"error":[],"result":{"last":1}}', "0 pairs are there", id="no pair"),
        pytest.param(body(XBCMZUSD=CANDLES), "2 pairs are there where 1", id="two pairs"),
        pytest.param(
            body(pair="XBCMZUSD"), "pair is 'XBCMZUSD' where 'ACMUSD' was asked", id="another coin"
        ),
        pytest.param(
            body(pair="XACMZEUR"), "pair is 'XACMZEUR' where 'ACMUSD' was asked", id="another money"
        ),
        pytest.param(body(pair="ACMUSDT"), "pair is 'ACMUSDT' where", id="tether"),
        pytest.param(body(last=None), "has no last", id="no last"),
        pytest.param(body(last=True), "last holds bool", id="last is no number"),
        pytest.param(body(last=10**20), "last holds too large a number", id="last beyond all time"),
        pytest.param(body(last=FIRST), "3 candles are newer than `last`", id="last is far behind"),
        pytest.param(body({"a": 1}), "no list of candles", id="no list"),
        pytest.param(body(None), "no list of candles", id="null"),
        pytest.param(body([*CANDLES, {}]), "a candle is no array", id="an object for a candle"),
        pytest.param(
            body([[*row, 0] for row in CANDLES]), "has 9 elements where 8", id="an element more"
        ),
        pytest.param(body([row[:-1] for row in CANDLES]), "has 7 elements where 8", id="one less"),
        pytest.param(
            body([[FIRST, 11.0, *row[2:]] for row in CANDLES]), "open holds float", id="a number"
        ),
        pytest.param(
            body([[10**15, *row[1:]] for row in CANDLES]), "time: less_than", id="milliseconds"
        ),
        pytest.param(
            body(hourly(9), last=FIRST + 7 * 3600),
            "8 of 9 candles are not those of a day",
            id="hours",
        ),
        pytest.param(
            body([candle(9), candle(10)], last=FIRST + 9 * A_DAY),
            "begin after 2030-07-09: Kraken serves no older",
            id="out of reach",
        ),
    ],
)
def test_what_is_no_answer_of_daily_candles_of_the_pair_is_refused(
    payload: bytes, told: str
) -> None:
    with pytest.raises(Refused, match=f"^kraken/quotes/ACM-USD: .*{told}"):
        read(payload)


def test_a_refusal_for_the_interval_tells_the_columns() -> None:
    with pytest.raises(Refused) as refusal:
        read(body(hourly(9), last=FIRST + 7 * 3600))

    assert "vwap" in refusal.value.columns


prices = st.floats(0.1, 1e6).map("{:.1f}".format)


@settings(max_examples=30)
@given(st.lists(st.tuples(prices, prices, prices, prices), max_size=9))
def test_any_prices_come_back(rows: list[tuple[str, ...]]) -> None:
    served = [[FIRST + nth * A_DAY, *row, "1.0", "2.00000000", 3] for nth, row in enumerate(rows)]

    found = read(json.dumps(json.loads(body(served, last=FIRST + 9 * A_DAY)), indent=1).encode())

    assert [(row["open"], row["high"], row["low"], row["close"]) for row in found] == rows
