"""What the sandbox serves as an exchange comes back as the market's own values."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from sandbox import binance, candles, coinbase, kraken, publication
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.capture import Request
from schemas.tables.bars import Bars
from schemas.validation import accept
from sources import binance as binance_source
from sources import coinbase as coinbase_source
from sources import kraken as kraken_source
from tests.sources import bodies
from transforms import binance as binance_transform
from transforms import coinbase as coinbase_transform
from transforms import kraken as kraken_transform

FIRST, DAYS = date(2028, 1, 1), 1100
LAST = FIRST + timedelta(days=DAYS - 1)
NOON = datetime(2031, 1, 5, 12, tzinfo=UTC)  # the day after LAST
NAMES = ("open", "high", "low", "close")


def bars(price: float) -> pl.DataFrame:
    """Walk a price up and down, so that no day is like another; volume in US dollars."""
    nth = pl.int_range(DAYS).cast(pl.Float64)
    close = price * (1 + (nth / 7).sin() / 10 + nth / 3000)
    drawn = pl.select(
        date=pl.date_range(FIRST, LAST),
        open=close * 0.99871,
        high=close * 1.02345,
        low=close * 0.97654,
        close=close,
        adj_close=close,
        volume=(1e9 * (2 + nth.cos())).cast(pl.Int64),
    )
    return publication.publish_bars(drawn, "CRYPTOCURRENCY")


def market(*coins: str) -> Market:
    prices = {"BTC-USD": 61_234.567, "ETH-USD": 2_345.678}
    return Market("synthetic", {}, {coin: bars(prices[coin]) for coin in coins}, {})


BOTH = market("BTC-USD", "ETH-USD")


def answered(provider: Any, request: Request, now: datetime = NOON, of: Market = BOTH) -> Answer:
    answer: Answer = provider.answer(of, now, Question(request.path, request.params, "tests/1.0"))
    return answer


CASES: list[Any] = [
    pytest.param(kraken, kraken_source, kraken_transform, "XBTUSD", "BTC-USD", 1, id="kraken BTC"),
    pytest.param(kraken, kraken_source, kraken_transform, "ETHUSD", "ETH-USD", 2, id="kraken ETH"),
    *(
        pytest.param(
            coinbase, coinbase_source, coinbase_transform, coin, coin, 2, id=f"coinbase {coin}"
        )
        for coin in ("BTC-USD", "ETH-USD")
    ),
    pytest.param(
        binance, binance_source, binance_transform, "BTCUSDT", "BTC-USD", 2, id="binance BTC"
    ),
    pytest.param(
        binance, binance_source, binance_transform, "ETHUSDT", "ETH-USD", 2, id="binance ETH"
    ),
]


@pytest.mark.parametrize(("provider", "source", "transform", "symbol", "coin", "decimals"), CASES)
@pytest.mark.parametrize("asked_from", [FIRST, LAST - timedelta(days=9)], ids=["all", "ten days"])
@pytest.mark.parametrize("asked_to", [NOON.date(), LAST], ids=["today", "yesterday"])
def test_every_finished_day_comes_back_as_the_markets_values(
    provider: Any,
    source: Any,
    transform: Any,
    symbol: str,
    coin: str,
    decimals: int,
    asked_from: date,
    asked_to: date,
) -> None:
    currency = "USDT" if provider is binance else "USD"
    request = source.quotes(coin, symbol, currency, asked_from, asked_to)
    capture = bodies.kept(request, NOON)
    raw = source.parse_quotes(answered(provider, request).body, capture).tables["bars"]

    verdict = accept(Bars, transform.bars(raw, capture), raw, capture)

    known = BOTH.bars[coin].filter(pl.col("date").is_between(request.asked_from, LAST))
    found = verdict.accepted.sort("session")
    expected = known.select("date", *(pl.col(name).round(decimals) for name in NAMES))
    assert verdict.rejected.is_empty()
    assert found.select("session", *NAMES).rows() == expected.rows()
    assert found["volume"].to_list() == pytest.approx(
        (known["volume"] / known["close"]).to_list(), abs=1e-8
    )
    assert set(found["currency"]) == {currency}


@pytest.mark.parametrize(("provider", "source", "transform", "symbol", "coin", "decimals"), CASES)
def test_at_midnight_a_day_is_finished_long_before_yahoo_publishes_it(
    provider: Any, source: Any, transform: Any, symbol: str, coin: str, decimals: int
) -> None:
    now = datetime(2030, 7, 9, 0, 0, 1, tzinfo=UTC)
    request = source.quotes(coin, symbol, "USD", date(2030, 7, 1), date(2030, 7, 9))
    capture = bodies.kept(request, now)
    raw = source.parse_quotes(answered(provider, request, now).body, capture).tables["bars"]

    sessions = transform.bars(raw, capture)["session"]

    assert max(sessions) == date(2030, 7, 8)
    assert raw.height > len(sessions)


@pytest.mark.parametrize("provider", [kraken, coinbase, binance])
def test_only_coins_that_the_market_has_are_carried(provider: Any) -> None:
    assert len(provider.carries(BOTH)["quotes"]) == 2
    assert len(provider.carries(market("BTC-USD"))["quotes"]) == 1
    assert provider.carries(market()) == {"quotes": []}


def served(now: datetime, change: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    changed = Market("synthetic", {}, {"BTC-USD": change(BOTH.bars["BTC-USD"])}, {})
    return candles.candles(changed, "BTC-USD", now)


def test_the_running_day_repeats_the_last_close_until_more_of_it_is_public() -> None:
    running = served(NOON, lambda frame: frame)[-1]
    early = pl.col("date").cast(pl.Datetime("us", "UTC")) + timedelta(hours=1)
    public = served(
        datetime(2031, 1, 4, 12, tzinfo=UTC),
        lambda frame: frame.with_columns(published_at=early),
    )[-1]

    close = BOTH.bars["BTC-USD"]["close"][-1]
    assert running["opens_at"].item() == int(datetime(2031, 1, 5, tzinfo=UTC).timestamp())
    assert running.select(NAMES).row(0) == (close,) * 4
    assert public.select(NAMES).row(0) == BOTH.bars["BTC-USD"].select(NAMES).row(-1)


def test_a_day_without_a_price_is_no_candle() -> None:
    def spoilt(frame: pl.DataFrame) -> pl.DataFrame:
        lost = pl.col("date") == LAST
        return frame.with_columns(close=pl.when(~lost).then(pl.col("close")))

    assert served(NOON, spoilt).height == served(NOON, lambda frame: frame).height - 1


def test_before_its_first_day_a_coin_has_no_candles() -> None:
    assert served(datetime(2027, 1, 1, tzinfo=UTC), lambda frame: frame).is_empty()
