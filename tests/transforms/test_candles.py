from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from schemas.capture import Request
from schemas.tables.bars import Bars
from schemas.validation import accept
from tests.sources import bodies
from transforms import binance, coinbase, kraken

FIRST = date(2030, 7, 1)
REQUEST = Request(
    source="acme",
    dataset="quotes",
    subject="ACM-USD",
    path="/",
    asked_from=date(2030, 7, 2),
    asked_to=date(2030, 7, 9),
    expects={"symbol": "ACMUSDT", "currency": "USDT"},
)
CAPTURE = bodies.kept(REQUEST, datetime(2030, 7, 5, 12, tzinfo=UTC))
PRICES = {"open": 11.25, "high": 12.0, "low": 10.5, "close": 11.5, "volume": 25.125}
TEXTS = {name: f"{price:.8f}" for name, price in PRICES.items()}


def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def days(count: int) -> list[int]:
    return [seconds(FIRST + timedelta(days=nth)) for nth in range(count)]


def of_kraken(opens: list[int | None], last: int, **changed: Any) -> pl.DataFrame:
    return pl.DataFrame({"time": opens}, schema={"time": pl.Int64}).select(
        pl.int_range(pl.len()).alias("position"),
        "time",
        **{name: pl.lit(text) for name, text in (TEXTS | changed).items()},
        last=pl.lit(last, pl.Int64),
    )


def of_coinbase(opens: list[int | None]) -> pl.DataFrame:
    return pl.DataFrame({"time": opens}, schema={"time": pl.Int64}).select(
        pl.int_range(pl.len()).alias("position"),
        "time",
        **{name: pl.lit(price) for name, price in PRICES.items()},
    )


def of_binance(opens: list[int | None], span: int = 86_400_000) -> pl.DataFrame:
    return pl.DataFrame({"openTime": opens}, schema={"openTime": pl.Int64}).select(
        pl.int_range(pl.len()).alias("position"),
        openTime=pl.col("openTime") * 1000,
        **{name: pl.lit(text) for name, text in TEXTS.items()},
        closeTime=pl.col("openTime") * 1000 + span - 1,
    )


def sessions(bars: pl.DataFrame) -> list[int | None]:
    return [session and session.day for session in bars["session"]]


def test_bars_are_in_our_names_in_the_currency_asked_for_and_final() -> None:
    expected = pl.DataFrame(
        {
            "instrument": ["ACM-USD"],
            "session": [date(2030, 7, 2)],
            "source": ["binance"],
            "open": [11.25],
            "high": [12.0],
            "low": [10.5],
            "close": [11.5],
            "adj_close": pl.Series([None], dtype=pl.Float64),
            "volume": [25.125],
            "currency": ["USDT"],
            "is_final": [True],
            "position": pl.Series([1], dtype=pl.Int64),
        }
    )

    assert_frame_equal(binance.bars(of_binance([*days(2)]), CAPTURE), expected)


@pytest.mark.parametrize(
    "bars",
    [
        pytest.param(kraken.bars(of_kraken([*days(5)], days(5)[3]), CAPTURE), id="kraken"),
        pytest.param(coinbase.bars(of_coinbase([*reversed(days(5))]), CAPTURE), id="coinbase"),
        pytest.param(binance.bars(of_binance([*days(5)]), CAPTURE), id="binance"),
    ],
)
def test_the_running_day_and_days_not_asked_for_are_left_out(bars: pl.DataFrame) -> None:
    assert sorted(sessions(bars)) == [2, 3, 4]  # type: ignore[type-var]  # none is null


def test_a_day_that_kraken_does_not_call_finished_is_left_out_even_when_it_is_over() -> None:
    assert sessions(kraken.bars(of_kraken([*days(4)], days(4)[2]), CAPTURE)) == [2, 3]


def test_a_day_is_over_at_its_midnight() -> None:
    midnight = bodies.kept(REQUEST, datetime(2030, 7, 5, tzinfo=UTC))
    before = bodies.kept(REQUEST, datetime(2030, 7, 4, 23, 59, 59, 999_999, tzinfo=UTC))

    assert sessions(binance.bars(of_binance([*days(5)]), midnight)) == [2, 3, 4]
    assert sessions(binance.bars(of_binance([*days(5)]), before)) == [2, 3]


def test_without_a_window_every_finished_day_counts() -> None:
    capture = bodies.kept(
        Request(source="a", dataset="q", subject="A", path="/", expects={"currency": "USD"}),
        CAPTURE.known_at,
    )

    assert sessions(coinbase.bars(of_coinbase([*days(5)]), capture)) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(of_kraken([None], days(5)[4]), id="kraken: none"),
        pytest.param(of_kraken([days(2)[1] + 3600], days(5)[4]), id="kraken: an hour"),
        pytest.param(of_coinbase([None]), id="coinbase: none"),
        pytest.param(of_coinbase([days(2)[1] - 1]), id="coinbase: a second early"),
        pytest.param(of_binance([None]), id="binance: none"),
        pytest.param(of_binance([days(2)[1] + 60]), id="binance: a minute late"),
        pytest.param(of_binance([days(2)[1]], span=604_800_000), id="binance: a week"),
    ],
)
def test_a_candle_of_no_day_is_left_to_be_rejected(raw: pl.DataFrame) -> None:
    bars = {"last": kraken.bars, "closeTime": binance.bars}.get(raw.columns[-1], coinbase.bars)

    verdict = accept(Bars, bars(raw, CAPTURE), raw, CAPTURE)

    assert verdict.accepted.is_empty()
    assert verdict.rejected["failures"].to_list() == [["session: not_nullable"]]


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume"])
def test_what_is_no_number_is_left_to_be_rejected(name: str) -> None:
    raw = of_kraken([days(2)[1]], days(5)[4], **{name: "n/a"})

    verdict = accept(Bars, kraken.bars(raw, CAPTURE), raw, CAPTURE)

    assert verdict.accepted.is_empty()
    assert any(failure.startswith(name) for failure in verdict.rejected["failures"][0])
