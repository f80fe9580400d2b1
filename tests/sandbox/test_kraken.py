import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox import kraken
from sandbox.answers import Question
from tests.sandbox.test_candles import BOTH, NOON, market


def served(query: dict[str, str], now: datetime = NOON) -> dict[str, Any]:
    answer = kraken.answer(BOTH, now, Question("/0/public/OHLC", query, ""))
    assert answer.status == 200
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_the_pair_stands_under_its_internal_name_beside_last_the_row_before_the_running_one() -> (
    None
):
    found = served({"pair": "ETHUSD", "interval": "1440"})

    rows = found["result"]["XETHZUSD"]
    assert found["error"] == []
    assert list(map(type, rows[0])) == [int, str, str, str, str, str, str, int]
    assert rows[-1][0] == int(datetime(2031, 1, 5, tzinfo=UTC).timestamp())
    assert found["result"]["last"] == rows[-2][0]


def test_no_more_than_720_candles_are_ever_served() -> None:
    latest = served({"pair": "XBTUSD", "interval": "1440"})["result"]["XXBTZUSD"]

    assert len(latest) == 720
    assert served({"pair": "XBTUSD", "interval": "1440", "since": "1"})["result"]["XXBTZUSD"] == (
        latest
    )


def test_since_is_exclusive() -> None:
    yesterday = int(datetime(2031, 1, 4, tzinfo=UTC).timestamp())
    query = {"pair": "XBTUSD", "interval": "1440", "since": str(yesterday)}

    assert len(served(query)["result"]["XXBTZUSD"]) == 1


@pytest.mark.parametrize("pair", ["XBTUSD", "ETHUSD"])
def test_before_the_first_day_there_is_nothing(pair: str) -> None:
    found = served({"pair": pair, "interval": "1440"}, datetime(2027, 1, 1, tzinfo=UTC))

    assert found["result"] == {kraken.PAIRS[pair].internal_name: [], "last": 0}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"pair": "ACMUSD", "interval": "1440"}, "EQuery:Unknown asset pair"),
        ({"interval": "1440"}, "EQuery:Unknown asset pair"),
        ({"pair": "XBTUSD", "interval": "7"}, "EGeneral:Invalid arguments"),
        ({"pair": "XBTUSD", "interval": "1440", "since": "x"}, "EGeneral:Invalid arguments"),
    ],
)
def test_errors_come_with_status_200(query: dict[str, str], words: str) -> None:
    assert served(query) == {"error": [words]}


def test_a_coin_that_the_market_lacks_is_an_unknown_pair() -> None:
    question = Question("/0/public/OHLC", {"pair": "ETHUSD", "interval": "1440"}, "")

    assert b"Unknown asset pair" in kraken.answer(market("BTC-USD"), NOON, question).body
