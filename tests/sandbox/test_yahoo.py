"""What the built-in market does not have: splits, holes in the rows."""

import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from sandbox import instruments, publication, yahoo
from sandbox.answers import Question
from sandbox.market import Market

DAYS = [date(2025, 12, 10), date(2025, 12, 11)]


def tiny(close: list[float | None]) -> Market:
    rows = pl.DataFrame(
        {"date": DAYS, "open": [1.0, 2.0], "high": [2.0, 3.0], "low": [1.0, 1.0], "close": close},
    ).with_columns(adj_close="close", volume=pl.lit(7))
    return Market(
        origin="synthetic",
        instruments={"ABC": instruments.describe("ABC")},
        bars={"ABC": publication.publish_bars(rows, "ETF")},
        splits={"ABC": pl.DataFrame({"date": DAYS[1:], "numerator": [10.0], "denominator": [1.0]})},
        valuations={},
    )


def result(market: Market, now: datetime) -> dict[str, Any]:
    query = {"interval": "1d", "period1": "0", "events": "div,splits"}
    answer = yahoo.answer(market, now, Question("/v8/finance/chart/ABC", query, "Mozilla/5.0"))
    found: dict[str, Any] = json.loads(answer.body)["chart"]["result"][0]
    return found


def test_a_split_is_an_event_once_its_session_is_public() -> None:
    market = tiny([1.5, 2.5])
    before, after = (result(market, datetime(2025, 12, day, 18, tzinfo=UTC)) for day in (11, 12))
    opened = int(datetime(2025, 12, 11, 14, 30, tzinfo=UTC).timestamp())

    assert "events" not in before
    assert after["events"]["splits"] == {
        str(opened): {
            "date": opened,
            "numerator": 10.0,
            "denominator": 1.0,
            "splitRatio": "10:1",
        },
    }


def test_a_missing_close_is_null_even_in_the_evening() -> None:
    found = result(tiny([1.5, None]), datetime(2025, 12, 11, 22, tzinfo=UTC))

    assert found["indicators"]["quote"][0]["close"][-1] is None
    assert len(found["timestamp"]) == 3


def test_nothing_published_yet_is_an_unknown_symbol() -> None:
    question = Question("/v8/finance/chart/ABC", {}, "Mozilla/5.0")
    answer = yahoo.answer(tiny([1.0, 2.0]), datetime(2025, 1, 1, tzinfo=UTC), question)

    assert answer.status == 404
