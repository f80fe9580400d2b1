"""The synthetic market of coins makes the article's sentences about crypto come true."""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sandbox import coins, prices

LAST, FALL, BEFORE = date(2025, 12, 12), date(2025, 12, 11), date(2025, 12, 10)
COPIES = {coin.id: coin.of for coin in coins.COINS if coin.of}
STABLE = {coin.id for coin in coins.COINS if coin.is_stable}


@pytest.fixture(scope="module")
def changes() -> dict[str, float]:
    """Change of each coin on the day of the fall, the largest first."""
    return changes_between(BEFORE, FALL)


def changes_between(before: date, day: date) -> dict[str, float]:
    now, then = (coins.coins().filter(date=moment) for moment in (day, before))
    both = now.join(then, on="coin", maintain_order="left")
    changed = both.select("coin", change=pl.col("price") / pl.col("price_right") - 1)
    return dict(changed.iter_rows())


def test_there_is_a_row_for_every_coin_and_day() -> None:
    rows = coins.coins()

    days = pl.date_range(date(2025, 11, 1), LAST, eager=True)
    assert rows["date"].unique().sort().to_list() == days.to_list()
    assert rows.height == len(coins.COINS) * len(days)
    assert rows.select("date", "coin").is_unique().all()
    assert rows.null_count().sum_horizontal().item() == 0
    assert rows.columns == [
        *("date", "coin", "symbol", "name", "price", "market_cap", "volume", "is_stable")
    ]


def test_there_is_a_total_for_every_day() -> None:
    totals = coins.totals()

    assert totals.columns == ["date", "market_cap", "volume", "bitcoin_share"]
    assert_frame_equal(totals.select("date"), coins.coins().select("date").unique().sort("date"))


def test_the_values_are_the_same_every_time() -> None:
    coins.coins.cache_clear()
    first = coins.coins()
    coins.coins.cache_clear()

    assert_frame_equal(coins.coins(), first)


def market_between(before: date, day: date) -> float:
    then, now = (coins.totals().filter(date=at)["market_cap"].item() for at in (before, day))
    return float(now / then - 1)


def test_the_market_fell_by_the_articles_figure_on_the_articles_day() -> None:
    assert market_between(BEFORE, FALL) == pytest.approx(-0.0274, abs=0.00005)


def test_on_the_day_after_coins_moved_little_and_in_both_directions() -> None:
    moves = changes_between(FALL, LAST)

    assert abs(market_between(FALL, LAST)) < 0.01
    assert abs(moves["bitcoin"]) < 0.01
    assert {move > 0 for coin, move in [*moves.items()][:20] if coin not in STABLE} == {True, False}


def test_the_fall_of_the_whole_is_that_of_its_parts() -> None:
    originals = coins.coins().filter(~pl.col("coin").is_in([*COPIES]))
    listed = originals.group_by("date", maintain_order=True).agg(pl.col("market_cap").sum())
    rest = (coins.totals()["market_cap"] - listed["market_cap"]).pct_change().drop_nulls()

    assert rest.min() > -0.06
    assert rest.max() < 0.06


def test_bitcoin_fell_more_than_2_percent(changes: dict[str, float]) -> None:
    assert changes["bitcoin"] < -0.02


def test_the_first_20_after_taking_stablecoins_out_all_fell(changes: dict[str, float]) -> None:
    large = [coin for coin in changes if coin not in STABLE][:20]

    assert all(changes[coin] < -0.01 for coin in large)


def test_the_first_20_without_stablecoins_and_copies_all_fell(changes: dict[str, float]) -> None:
    large = [coin for coin in changes if coin not in STABLE | {*COPIES}][:20]

    assert all(changes[coin] < -0.01 for coin in large)


def test_of_the_first_20_all_but_stablecoins_fell(changes: dict[str, float]) -> None:
    large = [*changes][:20]

    assert STABLE & {*large}
    assert all(changes[coin] < -0.01 for coin in large if coin not in STABLE)


def test_some_small_coins_rose(changes: dict[str, float]) -> None:
    assert any(change > 0.01 for change in changes.values())


def test_stablecoins_are_flat_at_one() -> None:
    stable = coins.coins().filter("is_stable")

    assert {*stable["coin"]} == STABLE
    assert stable.filter((pl.col("price") - 1).abs() > 0.002).is_empty()


@pytest.mark.parametrize(("copy", "original"), COPIES.items())
def test_a_copy_follows_its_original(copy: str, original: str) -> None:
    ratio = price(copy)["price"] / price(original)["price"]

    assert ratio.max() / ratio.min() < 1.003


def price(coin: str) -> pl.DataFrame:
    return coins.coins().filter(coin=coin).sort("date").select("date", "price")


@pytest.mark.parametrize(("coin", "symbol"), [("bitcoin", "BTC-USD"), ("ethereum", "ETH-USD")])
def test_a_price_lies_between_the_closes_around_it(coin: str, symbol: str) -> None:
    closes = prices.closes(symbol)
    opens = closes.with_columns(pl.col("date") + timedelta(days=1)).rename({"close": "open"})
    days = closes.join(opens, on="date")
    around = price(coin).filter(pl.col("date") < FALL).join(days, on="date", maintain_order="left")

    low, high = pl.min_horizontal("open", "close"), pl.max_horizontal("open", "close")
    assert around.height == 40
    assert around.filter(~pl.col("price").is_between(low, high)).is_empty()


def test_days_move_plausibly() -> None:
    rows = coins.coins().sort("coin", "date")
    moves = rows.select(pl.col("price").pct_change().over("coin").abs()).drop_nulls()["price"]
    market = coins.totals()["market_cap"].pct_change().drop_nulls().abs()

    assert moves.max() < 0.15
    assert market.max() < 0.06
    assert coins.totals()["bitcoin_share"].is_between(0.5, 0.65).all()
    assert rows.filter(pl.col("volume") > pl.col("market_cap") * 2).is_empty()
