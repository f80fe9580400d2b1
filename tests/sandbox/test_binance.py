import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox import binance
from sandbox.answers import Answer, Question
from tests.sandbox.test_candles import BOTH, NOON, market

DAILY = {"symbol": "BTCUSDT", "interval": "1d"}
FIRST = int(datetime(2030, 7, 1, tzinfo=UTC).timestamp()) * 1000
A_DAY = 86_400_000


def answered(query: dict[str, str]) -> Answer:
    return binance.answer(BOTH, NOON, Question("/api/v3/klines", query, ""))


def served(**query: object) -> list[list[Any]]:
    texts = {name: str(value) for name, value in query.items()}
    found: list[list[Any]] = json.loads(answered(DAILY | texts).body)
    return found


def test_a_candle_has_twelve_elements_and_prices_of_two_decimals_in_eight() -> None:
    [row] = served(startTime=FIRST, endTime=FIRST)

    kinds = [int, *[str] * 5, int, str, int, str, str, str]
    assert list(map(type, row)) == kinds
    assert (row[0], row[6]) == (FIRST, FIRST + A_DAY - 1)
    assert all(price.endswith("000000") and len(price.partition(".")[2]) == 8 for price in row[1:5])


def test_from_a_start_the_first_candles_are_served_and_without_one_the_last() -> None:
    first, last = served(startTime=FIRST, limit=3), served(limit=3)

    assert [row[0] for row in first] == [FIRST, FIRST + A_DAY, FIRST + 2 * A_DAY]
    assert last[-1][6] > NOON.timestamp() * 1000


def test_500_candles_are_usual_and_1000_the_most() -> None:
    assert len(served()) == 500
    assert len(served(limit=5000)) == 1000


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (DAILY | {"symbol": "ACMUSDT"}, -1121),
        (DAILY | {"symbol": "BTCUSD"}, -1121),
        ({"interval": "1d"}, -1121),
        (DAILY | {"interval": "1y"}, -1120),
        (DAILY | {"startTime": "soon"}, -1100),
    ],
)
def test_what_cannot_be_answered_is_an_error_with_a_code(query: dict[str, str], code: int) -> None:
    answer = answered(query)

    assert answer.status == 400
    assert json.loads(answer.body)["code"] == code


def test_a_coin_that_the_market_lacks_is_an_invalid_symbol() -> None:
    ether = Question("/api/v3/klines", DAILY | {"symbol": "ETHUSDT"}, "")

    answer = binance.answer(market("BTC-USD"), NOON, ether)
    assert answer.body == b'{"code":-1121,"msg":"Invalid symbol."}'
