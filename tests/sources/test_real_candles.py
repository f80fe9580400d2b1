"""What the exchanges really sent, read in place: no value of it is in this repository."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.capture import Capture, Refused
from schemas.tables.bars import Bars
from schemas.validation import accept
from sources import binance, coinbase, kraken
from tests.sources import bodies
from transforms import binance as binance_transform
from transforms import coinbase as coinbase_transform
from transforms import kraken as kraken_transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
FROM, TO = date(2026, 8, 1), date(2026, 8, 20)
LATER = datetime(2027, 1, 4, tzinfo=UTC)
COLUMNS = ("session", "open", "high", "low", "close", "volume")

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


def of_kraken(symbol: str = "XBTUSD", known_at: datetime = LATER) -> Capture:
    return bodies.kept(kraken.quotes("BTC-USD", symbol, "USD", FROM, TO), known_at)


def of_coinbase(known_at: datetime = LATER) -> Capture:
    return bodies.kept(coinbase.quotes("BTC-USD", "BTC-USD", "USD", FROM, TO), known_at)


OF_BINANCE = bodies.kept(binance.quotes("BTC-USD", "BTCUSDT", "USDT", FROM, TO), LATER)


def day(seconds: int) -> date:
    return datetime.fromtimestamp(seconds, UTC).date()


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def test_krakens_finished_candles_are_accepted_and_its_running_one_is_not() -> None:
    body = payload("kraken/ohlc_XBTUSD_1440_2026-08.json")
    served = json.loads(body)["result"]["XXBTZUSD"]
    raw = kraken.parse_quotes(body, of_kraken()).tables["bars"]

    verdict = accept(Bars, kraken_transform.bars(raw, of_kraken()), raw, of_kraken())

    expected = [
        (day(row[0]), float(row[1]), float(row[2]), float(row[3]), float(row[4]), float(row[6]))
        for row in served[:-1]
    ]
    assert len(served) == 10
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select(COLUMNS).rows() == expected
    assert set(verdict.accepted["currency"]) == {"USD"}


def test_krakens_bitcoin_is_not_its_ether() -> None:
    with pytest.raises(Refused, match="pair is 'XXBTZUSD' where 'ETHUSD' was asked"):
        kraken.parse_quotes(payload("kraken/ohlc_XBTUSD_1440_2026-08.json"), of_kraken("ETHUSD"))


def test_coinbases_candles_are_accepted_but_the_one_of_the_running_day() -> None:
    body = payload("coinbase/candles_BTC-USD_86400_2026-08.json")
    served = json.loads(body)
    expected = [(day(r[0]), r[3], r[2], r[1], r[4], r[5]) for r in served]

    assert len(served) == 10
    assert coinbases_bars(body, of_coinbase()) == expected
    assert coinbases_bars(body, of_coinbase(known_at=noon(expected[0][0]))) == expected[1:]


def coinbases_bars(body: bytes, capture: Capture) -> list[Any]:
    raw = coinbase.parse_quotes(body, capture).tables["bars"]
    verdict = accept(Bars, coinbase_transform.bars(raw, capture), raw, capture)
    assert verdict.rejected.is_empty()
    return verdict.accepted.select(COLUMNS).rows()


def noon(of: date) -> datetime:
    return datetime(of.year, of.month, of.day, 12, tzinfo=UTC)


def test_the_two_exchanges_agree_on_the_days_both_have() -> None:
    body = payload("kraken/ohlc_XBTUSD_1440_2026-08.json")
    raw = kraken.parse_quotes(body, of_kraken()).tables["bars"]
    one = kraken_transform.bars(raw, of_kraken())
    other = coinbases_bars(payload("coinbase/candles_BTC-USD_86400_2026-08.json"), of_coinbase())

    closes = dict(one.select("session", "close").rows())
    shared = [(closes[row[0]], row[4]) for row in other if row[0] in closes]
    assert shared
    assert all(abs(a / b - 1) < 0.002 for a, b in shared)


def test_binances_minute_is_refused_for_its_interval_and_would_be_a_days_candle() -> None:
    body = payload("binance/klines_BTCUSDT_1m_limit1_2021-06-24.json")
    with pytest.raises(Refused, match="1 of 1 candles are not those of a day"):
        binance.parse_quotes(body, OF_BINANCE)

    [row] = json.loads(body)
    midnight = int(datetime(2026, 8, 3, tzinfo=UTC).timestamp()) * 1000
    ends = midnight + int(timedelta(days=1).total_seconds()) * 1000 - 1
    daily = bodies.as_json([[midnight, *row[1:6], ends, *row[7:]]])
    raw = binance.parse_quotes(daily, OF_BINANCE).tables["bars"]
    verdict = accept(Bars, binance_transform.bars(raw, OF_BINANCE), raw, OF_BINANCE)

    assert verdict.accepted.select(COLUMNS).rows() == [
        (date(2026, 8, 3), *(float(text) for text in row[1:6]))
    ]
    assert verdict.accepted["currency"].to_list() == ["USDT"]


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("kraken/http200_too_many_requests.json", "Kraken says EGeneral:Too many requests"),
        ("coinbase/http429_public_rate_limit.json", "Coinbase says Public rate limit exceeded"),
        ("binance/http400_invalid_symbol.json", "Binance says -1121 Invalid symbol"),
        ("binance/http418_ip_banned.json", "-1003 .* IP banned until 1620286253180"),
    ],
)
def test_an_error_is_refused_for_what_it_says(file: str, told: str) -> None:
    parse, capture = {
        "kraken": (kraken.parse_quotes, of_kraken()),
        "coinbase": (coinbase.parse_quotes, of_coinbase()),
        "binance": (binance.parse_quotes, OF_BINANCE),
    }[file.partition("/")[0]]

    with pytest.raises(Refused, match=told):
        parse(payload(file), capture)
