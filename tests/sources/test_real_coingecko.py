"""What CoinGecko really sent, read in place: no value of it is in this repository."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.capture import Capture, Refused
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.validation import accept
from sources import coingecko
from tests.sources import bodies
from transforms import coingecko as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads" / "coingecko"
PAGE = PAYLOADS / "coins_markets_real_capture_dashbrd.json"
TOTALS = PAYLOADS / "global_real_capture_2026-09-12.json"
CHART = PAYLOADS / "market_chart_real_capture_dashbrd.json"
LATER = datetime(2027, 1, 4, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)

COINS = bodies.kept(coingecko.coins("top_250", "markets"), LATER)
MARKET = bodies.kept(coingecko.coin_market("crypto", "global"), LATER)
CATEGORY = bodies.kept(coingecko.coin_categories("stablecoins", "stablecoins"), LATER)
PARSERS = [
    pytest.param(coingecko.parse_coins, COINS, id="coins"),
    pytest.param(coingecko.parse_coin_market, MARKET, id="coin_market"),
    pytest.param(coingecko.parse_coin_categories, CATEGORY, id="coin_categories"),
]


def stamp(text: str) -> datetime:
    return datetime.fromisoformat(text)


def nearly(percent: float | None) -> Any:
    """Give a percentage as a fraction, but for the last digit that a division costs."""
    return None if percent is None else pytest.approx(percent / 100, rel=1e-12)


def test_a_page_of_coins_comes_back_as_the_same_values() -> None:
    served: list[dict[str, Any]] = json.loads(PAGE.read_bytes())
    parsed = coingecko.parse_coins(PAGE.read_bytes(), COINS)
    raw = parsed.tables["coins"]

    verdict = accept(Coins, transform.coins(raw, COINS), raw, COINS, LATER.date())

    newest = max(stamp(row["last_updated"]) for row in served)
    expected = [
        (
            row["id"],
            newest,
            "coingecko",
            newest.date(),
            row["symbol"],
            row["name"],
            stamp(row["last_updated"]),
            row["market_cap_rank"],
            row["current_price"],
            row["market_cap"],
            row["total_volume"],
        )
        for row in served
    ]
    assert len(served) == 250
    assert verdict.rejected.is_empty()
    assert verdict.accepted.drop("change_24h").rows() == expected
    for row, change in zip(served, verdict.accepted["change_24h"], strict=True):
        assert change == nearly(row["price_change_percentage_24h"])
    assert parsed.columns == tuple(sorted(served[0]))


def test_the_one_coin_without_its_day_before_is_kept_with_null() -> None:
    raw = coingecko.parse_coins(PAGE.read_bytes(), COINS).tables["coins"]

    rows = transform.coins(raw, COINS)

    assert rows.filter(rows["change_24h"].is_null())["coin"].to_list() == ["gains-farm"]


def test_totals_come_back_as_the_same_values() -> None:
    served = json.loads(TOTALS.read_bytes())["data"]
    parsed = coingecko.parse_coin_market(TOTALS.read_bytes(), MARKET)
    raw = parsed.tables["coin_market"]

    verdict = accept(CoinMarket, transform.coin_market(raw, MARKET), raw, MARKET, LATER.date())

    at = datetime.fromtimestamp(served["updated_at"], UTC)
    assert verdict.rejected.is_empty()
    assert verdict.accepted.row(0)[:5] == (
        at,
        "coingecko",
        at.date(),
        served["total_market_cap"]["usd"],
        served["total_volume"]["usd"],
    )
    assert verdict.accepted.row(0)[5:] == (
        nearly(served["market_cap_change_percentage_24h_usd"]),
        nearly(served["market_cap_percentage"]["btc"]),
    )
    assert parsed.columns == tuple(sorted(served))


def test_a_page_of_a_category_has_the_layout_of_the_page_of_all() -> None:
    stable = [coin for coin in json.loads(PAGE.read_bytes()) if coin["id"] != "bitcoin"]
    page = bodies.as_json(stable)
    raw = coingecko.parse_coin_categories(page, CATEGORY).tables["coin_categories"]

    verdict = accept(CoinCategories, transform.coin_categories(raw, CATEGORY), raw, CATEGORY)

    assert verdict.accepted.height == 249


def test_a_page_of_all_coins_is_no_page_of_stablecoins() -> None:
    with pytest.raises(Refused, match="bitcoin is no stablecoin: these are all coins"):
        coingecko.parse_coin_categories(PAGE.read_bytes(), CATEGORY)


@pytest.mark.parametrize(("parse", "capture"), PARSERS)
def test_a_price_series_is_refused_for_what_it_is(parse: Any, capture: Capture) -> None:
    with pytest.raises(
        Refused, match=r"an object was served .* it has 'market_caps', 'prices', 'total_volumes'"
    ):
        parse(CHART.read_bytes(), capture)


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("http401_10012_past_365_days", "10012: Your request exceeds the allowed time range."),
        ("http404_coin_not_found", "coin not found"),
        ("http429_rate_limit", "429: You've exceeded the Rate Limit."),
    ],
)
@pytest.mark.parametrize(("parse", "capture"), PARSERS)
def test_an_error_is_refused_for_what_it_says(
    stem: str, words: str, parse: Any, capture: Capture
) -> None:
    with pytest.raises(Refused, match=f"CoinGecko says {re.escape(words)}"):
        parse((PAYLOADS / "errors" / f"{stem}.json").read_bytes(), capture)


@pytest.mark.parametrize(("parse", "capture"), PARSERS)
def test_every_captured_body_is_covered(parse: Any, capture: Capture) -> None:
    read = {PAGE: ("coins",), TOTALS: ("coin_market",)}
    for file in PAYLOADS.rglob("*.json"):
        if capture.request.dataset in read.get(file, ()):
            parse(file.read_bytes(), capture)
            continue
        with pytest.raises(Refused, match=f"^{capture.request.scope}: "):
            parse(file.read_bytes(), capture)
