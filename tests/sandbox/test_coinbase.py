import json
from typing import Any

import pytest

from sandbox import coinbase
from sandbox.answers import Answer, Question
from tests.sandbox.test_candles import BOTH, NOON, market

A_DAY = {"granularity": "86400"}
DAYS = {"start": "2030-07-01T00:00:00Z", "end": "2030-07-03"}


def answered(query: dict[str, str], product: str = "BTC-USD", agent: str = "tests/1.0") -> Answer:
    return coinbase.answer(BOTH, NOON, Question(f"/products/{product}/candles", query, agent))


def test_a_window_is_served_newest_first_with_a_day_before_its_start() -> None:
    rows: list[list[Any]] = json.loads(answered(A_DAY | DAYS).body)

    assert len(rows) == 4
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    for _, low, high, opened, close, _ in rows:
        assert low < min(opened, close) <= max(opened, close) < high


def test_whole_numbers_have_no_decimals() -> None:
    assert coinbase.row(
        {"opens_at": 0, "low": 9.001, "high": 12.0, "open": 10.25, "close": 11.999, "volume": 3.0}
    ) == [0, 9, 12, 10.25, 12, 3]


def test_without_a_window_350_candles_are_served() -> None:
    assert len(json.loads(answered(A_DAY).body)) == 350


def test_300_intervals_may_be_asked_for_and_no_more() -> None:
    start = {"start": "2030-01-01T00:00:00Z"}

    assert answered(A_DAY | start | {"end": "2030-10-28T00:00:00Z"}).status == 200
    assert answered(A_DAY | start | {"end": "2030-10-29T00:00:00Z"}).status == 400


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        (A_DAY | DAYS | {"start": "2014-01-01"}, 400, coinbase.TOO_MANY),
        ({"granularity": "7"}, 400, "Unsupported granularity"),
        (A_DAY | DAYS | {"start": "soon"}, 400, "Invalid start"),
    ],
)
def test_what_cannot_be_answered_is_an_error_with_a_message(
    query: dict[str, str], status: int, message: str
) -> None:
    answer = answered(query)

    assert answer.status == status
    assert json.loads(answer.body) == {"message": message}


def test_a_nameless_client_and_an_unknown_product_are_turned_away() -> None:
    ether = Question("/products/ETH-USD/candles", A_DAY, "tests/1.0")

    assert answered(A_DAY, agent="").status == 400
    assert answered(A_DAY, product="ACM-USD").status == 404
    assert coinbase.answer(market("BTC-USD"), NOON, ether).body == b'{"message":"NotFound"}'
