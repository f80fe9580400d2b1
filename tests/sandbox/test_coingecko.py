"""CoinGecko as the sandbox plays it; what it serves comes back as the market's values."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from sandbox import coingecko, coins, server
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.capture import Capture
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.validation import accept
from sources import coingecko as source
from tests.sources import bodies
from transforms import coingecko as transform

EVENING = datetime(2025, 12, 11, 18, 0, 3, tzinfo=UTC)
A_DAY = timedelta(days=1)
EMPTY = Market(origin="synthetic", instruments={}, bars={}, valuations={})
MARKET = Market(
    origin="synthetic",
    instruments={},
    bars={},
    valuations={},
    coins=coins.coins(),
    coin_totals=coins.totals(),
)
PAGE = source.coins("top_250", "markets")
TOTALS = source.coin_market("crypto", "global")
CATEGORY = source.coin_categories("stablecoins", "stablecoins")


def asked(path: str, query: dict[str, str], now: datetime, market: Market = MARKET) -> Answer:
    question = Question(path, query, "python-httpx/0.28")
    return coingecko.ROUTES[path](market, now, question)


def page(now: datetime = EVENING, **query: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(asked(coingecko.MARKETS, query, now).body)
    return listed


def global_data(now: datetime = EVENING) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(asked(coingecko.GLOBAL, {}, now).body)["data"]
    return data


def test_the_sandbox_finds_the_provider() -> None:
    assert server.providers()["coingecko"] is coingecko


def test_it_carries_what_the_market_has() -> None:
    assert coingecko.carries(MARKET) == {
        "coins": ["markets"],
        "coin_market": ["global"],
        "coin_categories": ["stablecoins"],
    }
    assert coingecko.carries(EMPTY) == {"coins": [], "coin_market": [], "coin_categories": []}


def test_a_market_without_coins_has_empty_pages_and_no_totals() -> None:
    assert asked(coingecko.MARKETS, {}, EVENING, EMPTY).body == b"[]"
    assert asked(coingecko.GLOBAL, {}, EVENING, EMPTY).status == 404


def test_a_coin_has_26_fields_and_one_for_the_period_asked() -> None:
    [plain, *_] = page()
    [more, *_] = page(price_change_percentage="24h")

    assert len(plain) == 26
    assert {*more} - {*plain} == {"price_change_percentage_24h_in_currency"}
    assert plain["id"] == "bitcoin"
    assert plain["roi"] is None


def test_coins_are_listed_by_market_cap_and_ranked_among_all() -> None:
    listed, stable = page(), page(category="stablecoins")

    caps = [coin["market_cap"] for coin in listed]
    assert caps == sorted(caps, reverse=True)
    assert [coin["market_cap_rank"] for coin in listed] == [*range(1, len(listed) + 1)]
    assert [coin["market_cap_rank"] for coin in stable][:2] == [3, 6]


def test_pages_are_honoured() -> None:
    listed = page(per_page="250")

    assert page(per_page="7", page="2") == listed[7:14]
    assert page(per_page="7", page="99") == []
    assert page(per_page="many", page="-1") == page()


def test_a_category_has_its_coins_only_and_an_unknown_one_none() -> None:
    stable = {*MARKET.coins.filter("is_stable")["coin"]}

    assert {coin["id"] for coin in page(category="stablecoins")} == stable
    assert page(category="none-such") == []


def test_types_wobble_and_some_values_are_unknown() -> None:
    listed = page()

    assert {type(coin["total_volume"]) for coin in listed} == {int, float}
    assert {type(coin["market_cap"]) for coin in listed} == {int}
    unmeasured = [coin["id"] for coin in listed if coin["high_24h"] is None]
    assert sorted(unmeasured) == sorted(coingecko.NEW)
    assert b'e-06,"market_cap"' in asked(coingecko.MARKETS, {}, EVENING).body
    assert b"e+16" in asked(coingecko.GLOBAL, {}, EVENING).body


def test_a_coin_was_updated_up_to_a_minute_before_the_last_full_one() -> None:
    stamps = [datetime.fromisoformat(coin["last_updated"]) for coin in page()]

    full = EVENING.replace(second=0)
    assert all(full - timedelta(minutes=1) < stamp <= full for stamp in stamps)
    assert len({*stamps}) > 1


def test_the_totals_are_of_the_last_full_ten_minutes() -> None:
    later = global_data(EVENING + timedelta(minutes=9))

    assert later["updated_at"] == int(EVENING.replace(second=0).timestamp())
    assert later == global_data()


def test_between_two_points_values_move_at_a_constant_rate() -> None:
    rows = MARKET.coin_totals.sort("date")["market_cap"]
    midway = global_data(EVENING + A_DAY / 2)["total_market_cap"]["usd"]

    assert midway == pytest.approx((rows[-1] * rows[-2]) ** 0.5, rel=1e-9)


@pytest.mark.parametrize(
    ("now", "row"),
    [(datetime(2025, 1, 1, tzinfo=UTC), 0), (datetime(2026, 1, 1, tzinfo=UTC), -1)],
)
def test_outside_its_days_the_market_stands_still(now: datetime, row: int) -> None:
    expected = MARKET.coin_totals.sort("date")["market_cap"][row]

    assert global_data(now)["total_market_cap"]["usd"] == pytest.approx(expected)
    assert global_data(now)["market_cap_change_percentage_24h_usd"] == pytest.approx(0)


def test_no_record_is_from_the_future() -> None:
    now = datetime(2025, 11, 20, 12, tzinfo=UTC)

    for coin in page(now):
        assert coin["ath"] >= coin["current_price"] >= coin["atl"]
        assert datetime.fromisoformat(coin["ath_date"]) <= now
        assert datetime.fromisoformat(coin["atl_date"]) <= now


def test_our_change_of_the_market_is_the_articles_and_theirs_nearly() -> None:
    now, then = global_data(), global_data(EVENING - A_DAY)

    ours = now["total_market_cap"]["usd"] / then["total_market_cap"]["usd"] - 1
    theirs = now["market_cap_change_percentage_24h_usd"] / 100
    assert ours == pytest.approx(-0.0274, abs=0.00005)
    assert theirs == pytest.approx(ours, abs=0.0005)
    assert abs(theirs - ours) > 0.00001


def test_all_of_the_20_largest_but_stablecoins_are_down_by_their_own_figures() -> None:
    stable = {coin["id"] for coin in page(category="stablecoins")}
    others = [coin for coin in page() if coin["id"] not in stable]

    assert all(coin["price_change_percentage_24h"] < 0 for coin in others[:20])
    assert others[0]["price_change_percentage_24h"] < -2


def capture(request: Any) -> Capture:
    return bodies.kept(request, EVENING)


def served(request: Any, now: datetime = EVENING) -> bytes:
    return asked(request.path, request.params, now).body


def test_a_page_comes_back_as_the_markets_values() -> None:
    asking = capture(PAGE)
    raw = source.parse_coins(served(PAGE), asking).tables["coins"]

    verdict = accept(Coins, transform.coins(raw, asking), raw, asking, EVENING.date())

    last = MARKET.coins.filter(pl.col("date") == EVENING.date())
    both = verdict.accepted.join(last, on="coin")
    assert verdict.rejected.is_empty()
    assert both.height == verdict.accepted.height == last.height
    assert both["observed_at"].unique().item() == both["updated_at"].max()
    assert [*both["symbol"], *both["name"]] == [*both["symbol_right"], *both["name_right"]]
    for ours, theirs in [("price", "price_right"), ("market_cap", "market_cap_right")]:
        assert (both[ours] / both[theirs] - 1).abs().max() < 1e-4  # the coin's own moment
    assert (both["volume_24h"] / both["volume"] - 1).abs().max() < 1e-2
    assert both["change_24h"].null_count() == len(coingecko.NEW)


def test_totals_come_back_as_the_markets_values() -> None:
    asking = capture(TOTALS)
    raw = source.parse_coin_market(served(TOTALS), asking).tables["coin_market"]

    verdict = accept(CoinMarket, transform.coin_market(raw, asking), raw, asking, EVENING.date())

    [row] = verdict.accepted.to_dicts()
    [last] = MARKET.coin_totals.filter(date=EVENING.date()).to_dicts()
    assert row["observed_at"] == EVENING.replace(second=0)
    assert row["market_cap"] == pytest.approx(last["market_cap"], rel=1e-9)
    assert row["volume_24h"] == pytest.approx(last["volume"], rel=1e-9)
    assert row["bitcoin_share"] == pytest.approx(last["bitcoin_share"], rel=1e-9)


def test_a_category_comes_back_as_the_markets_stablecoins() -> None:
    asking = capture(CATEGORY)
    raw = source.parse_coin_categories(served(CATEGORY), asking).tables["coin_categories"]

    rows = transform.coin_categories(raw, asking)
    verdict = accept(CoinCategories, rows, raw, asking, EVENING.date())

    assert {*verdict.accepted["coin"]} == {*MARKET.coins.filter("is_stable")["coin"]}
    assert {*verdict.accepted["category"]} == {"stablecoins"}
    assert {*verdict.accepted["as_of"]} == {EVENING.date()}
