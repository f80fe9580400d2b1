from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from schemas.capture import Capture
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.validation import Verdict, accept
from sources import coingecko
from tests.sources import bodies
from transforms import coingecko as transform

COINS = bodies.kept(coingecko.coins("top_250", "markets"))
TOTALS = bodies.kept(coingecko.coin_market("crypto", "global"))
CATEGORY = bodies.kept(coingecko.coin_categories("stablecoins", "stablecoins"))


def coin(name: str = "bitcoin", at: str | None = "2030-07-09T11:59:01.125Z", **told: Any) -> Any:
    return {
        "id": name,
        "symbol": name[:3],
        "name": name.title(),
        "current_price": 500,
        "market_cap": 10_000_000,
        "market_cap_rank": 1,
        "total_volume": 2e5,
        "price_change_percentage_24h": -2.5,
        "market_cap_change_percentage_24h": 0.25,
        "last_updated": at,
        **told,
    }


def judged(*rows: Any, capture: Capture = COINS) -> Verdict:
    raw = coingecko.parse_coins(bodies.as_json(rows), capture).tables["coins"]
    return accept(Coins, transform.coins(raw, capture), raw, capture, capture.known_at.date())


def total(**told: Any) -> Verdict:
    data = {
        "total_market_cap": {"usd": 2e7},
        "total_volume": {"usd": 2e5},
        "market_cap_percentage": {"btc": 58.5},
        "market_cap_change_percentage_24h_usd": -2.75,
        "updated_at": int(datetime(2030, 7, 9, 11, 50, tzinfo=UTC).timestamp()),
        **told,
    }
    raw = coingecko.parse_coin_market(bodies.as_json({"data": data}), TOTALS).tables["coin_market"]
    return accept(CoinMarket, transform.coin_market(raw, TOTALS), raw, TOTALS)


def test_coins_are_in_our_names_and_units() -> None:
    assert judged(coin()).accepted.to_dicts() == [
        {
            "coin": "bitcoin",
            "observed_at": datetime(2030, 7, 9, 11, 59, 1, 125_000, tzinfo=UTC),
            "source": "coingecko",
            "as_of": date(2030, 7, 9),
            "symbol": "bit",
            "name": "Bitcoin",
            "updated_at": datetime(2030, 7, 9, 11, 59, 1, 125_000, tzinfo=UTC),
            "rank": 1,
            "price": 500.0,
            "market_cap": 1e7,
            "volume_24h": 2e5,
            "change_24h": -0.025,
        }
    ]


def test_the_moment_of_a_page_is_its_newest_coins() -> None:
    rows = judged(coin(at="2030-07-08T23:59:59Z"), coin("acme", "2030-07-09T00:00:00.5Z")).accepted

    assert set(rows["observed_at"]) == {datetime(2030, 7, 9, 0, 0, 0, 500_000, tzinfo=UTC)}
    assert set(rows["as_of"]) == {date(2030, 7, 9)}
    assert rows["updated_at"].dt.date().to_list() == [date(2030, 7, 8), date(2030, 7, 9)]


def test_a_coin_from_the_future_does_not_date_the_page() -> None:
    rows = judged(coin(), coin("acme", "2030-07-09T13:00:00.001Z")).accepted

    assert set(rows["observed_at"]) == {datetime(2030, 7, 9, 11, 59, 1, 125_000, tzinfo=UTC)}


def test_a_clock_may_be_an_hour_ahead() -> None:
    rows = judged(coin(), coin("acme", "2030-07-09T13:00:00.000Z")).accepted

    assert set(rows["observed_at"]) == {datetime(2030, 7, 9, 13, tzinfo=UTC)}


def test_a_page_only_of_the_future_has_no_moment_and_no_good_row() -> None:
    verdict = judged(coin(at="2031-07-09T11:59:01Z"))

    assert verdict.accepted.is_empty()
    assert "observed_at: not_nullable" in verdict.rejected["failures"].item()


@pytest.mark.parametrize("at", [None, "", "soon", "2030-02-30T11:59:01Z", "2030-07-09T11:59:01"])
def test_a_moment_that_cannot_be_read_is_null(at: str | None) -> None:
    rows = judged(coin(), coin("acme", at)).accepted

    assert rows["updated_at"].null_count() == 1
    assert rows["observed_at"].null_count() == 0


def test_an_unranked_coins_market_cap_stays_zero() -> None:
    [row] = judged(coin(market_cap=0, market_cap_rank=None)).accepted.to_dicts()

    assert (row["market_cap"], row["rank"]) == (0, None)


def test_nulls_stay_nulls() -> None:
    told = {"current_price": None, "total_volume": None, "price_change_percentage_24h": None}

    [row] = judged(coin(**told)).accepted.to_dicts()

    assert row["price"] is row["volume_24h"] is row["change_24h"] is None


@pytest.mark.parametrize(
    ("told", "failure"),
    [
        ({"id": None}, "coin: not_nullable"),
        ({"name": None}, "name: not_nullable"),
        ({"current_price": -1}, "price: greater_than_or_equal_to(0)"),
        ({"current_price": float("inf")}, "price: less_than(inf)"),
        ({"total_volume": float("nan")}, "volume_24h: less_than(inf)"),
        ({"price_change_percentage_24h": -101.0}, "change_24h: greater_than_or_equal_to(-1)"),
        ({"market_cap_rank": 0}, "rank: greater_than_or_equal_to(1)"),
    ],
)
def test_a_bad_row_is_rejected_and_the_others_stay(told: dict[str, Any], failure: str) -> None:
    verdict = judged(coin(), coin("acme") | told)

    assert verdict.accepted["coin"].to_list() == ["bitcoin"]
    assert failure in verdict.rejected["failures"].item()


def test_a_coin_that_is_there_twice_counts_once_unless_it_differs() -> None:
    assert judged(coin(), coin()).accepted.height == 1
    assert judged(coin(), coin(current_price=501)).accepted.is_empty()


def test_totals_are_in_our_names_and_units() -> None:
    expected = pl.DataFrame(
        {
            "observed_at": [datetime(2030, 7, 9, 11, 50, tzinfo=UTC)],
            "source": ["coingecko"],
            "as_of": [date(2030, 7, 9)],
            "market_cap": [2e7],
            "volume_24h": [2e5],
            "change_24h": [-0.0275],
            "bitcoin_share": [0.585],
        },
        schema_overrides={"observed_at": pl.Datetime("us", "UTC")},
    )
    assert_frame_equal(total().accepted, expected)


def test_totals_without_a_market_cap_are_rejected() -> None:
    verdict = total(total_market_cap={"usd": None})

    assert "market_cap: not_nullable" in verdict.rejected["failures"].item()


def test_a_categorys_coins_are_dated_by_the_newest_of_them() -> None:
    rows = [coin("tether", "2030-07-08T11:00:00Z"), coin("usd-coin", "2030-07-09T00:00:00Z")]
    parsed = coingecko.parse_coin_categories(bodies.as_json(rows), CATEGORY)
    raw = parsed.tables["coin_categories"]

    verdict = accept(CoinCategories, transform.coin_categories(raw, CATEGORY), raw, CATEGORY)

    assert verdict.accepted.rows() == [
        ("stablecoins", "tether", date(2030, 7, 9), "coingecko", "Tether"),
        ("stablecoins", "usd-coin", date(2030, 7, 9), "coingecko", "Usd-Coin"),
    ]
