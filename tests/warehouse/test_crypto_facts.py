"""What the crypto market, its coins and its breadth did within 24 hours (claims C2, C3, C12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.tables.reference import Stablecoins
from tests.warehouse.conftest import Ask
from tests.warehouse.market import answer, frame
from tests.warehouse.test_facts import COMMON
from warehouse import definitions

NOW = datetime(2030, 3, 5, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)
TODAY = NOW.date()
Rows = Sequence[dict[str, Any]]


def dated(rows: Rows) -> list[dict[str, Any]]:
    """Date rows by their moment, last first: no table promises an order."""
    return [{"as_of": row["observed_at"].date()} | row for row in reversed(rows)]


def relations(
    coins: Rows = (), market: Rows = (), stablecoins: Rows = (), categories: Rows = ()
) -> dict[str, pl.DataFrame]:
    return {
        "coins": frame(Coins, dated(coins)),
        "coin_market": frame(CoinMarket, dated(market)),
        "stablecoins": frame(Stablecoins, stablecoins),
        "coin_categories": frame(
            CoinCategories,
            [{"category": "stablecoins", "as_of": TODAY} | row for row in categories],
        ),
    }


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("moved(-0.0274)", "fell 2.74 %"),
        ("moved(0.5)", "rose 50.00 %"),
        ("moved(0)", "did not change"),
        ("moved(-0.00003)", "fell less than 0.01 %"),
        ("moved(0.00003)", "rose less than 0.01 %"),
        ("moved(null)", None),
        ("in_words(3.1478e12)", "3.148 trillion"),
        ("in_words(56.3e9)", "56.30 billion"),
        ("in_words(812e6)", "812.00 million"),
        ("in_words(1234.5)", "1,234.50"),
        ("in_words(null)", None),
    ],
)
def test_a_phrase_is_english(phrase: str, text: str | None) -> None:
    with duckdb.connect() as connection:
        definitions.create_macros(connection)

        assert answer(connection, f"select {phrase}") == [(text,)]


def market(at: datetime, cap: float, change: float | None = None) -> dict[str, Any]:
    return {"observed_at": at, "market_cap": cap, "change_24h": change}


def of_the_market(ask: Ask, *observed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = ask("market_change_24h", **relations(market=observed))
    return {fact["measure"]: fact for fact in found.rows(named=True)}


@pytest.mark.parametrize(
    ("then", "now", "reported", "sentences"),
    [
        pytest.param(
            4e12,
            3e12,
            -0.2495,
            [
                (
                    "The crypto market cap fell 25.00 % in 24 hours, from 4.000 trillion USD at "
                    "2030-03-04 12:00 UTC to 3.000 trillion USD at 2030-03-05 12:00 UTC, by our "
                    "own observations; by bank's own figure it fell 24.95 %."
                ),
                (
                    "By bank's own figure the crypto market cap fell 24.95 % in the 24 hours to "
                    "2030-03-05 12:00 UTC; by our own observations it fell 25.00 %."
                ),
            ],
            id="a fall",
        ),
        pytest.param(
            8e11,
            8e11,
            0.00001,
            [
                (
                    "The crypto market cap did not change in 24 hours, from 800.00 billion USD at "
                    "2030-03-04 12:00 UTC to 800.00 billion USD at 2030-03-05 12:00 UTC, by our "
                    "own observations; by bank's own figure it rose less than 0.01 %."
                ),
                (
                    "By bank's own figure the crypto market cap rose less than 0.01 % in the 24 "
                    "hours to 2030-03-05 12:00 UTC; by our own observations it did not change."
                ),
            ],
            id="no change",
        ),
        pytest.param(
            4e12,
            5e12,
            None,
            [
                (
                    "The crypto market cap rose 25.00 % in 24 hours, from 4.000 trillion USD at "
                    "2030-03-04 12:00 UTC to 5.000 trillion USD at 2030-03-05 12:00 UTC, by our "
                    "own observations; bank states no figure of its own."
                ),
            ],
            id="a source that states none",
        ),
        pytest.param(
            None,
            5e12,
            0.01,
            [
                (
                    "By bank's own figure the crypto market cap rose 1.00 % in the 24 hours to "
                    "2030-03-05 12:00 UTC; our own observations cannot tell."
                ),
            ],
            id="no observation of the day before",
        ),
        pytest.param(None, 5e12, None, [], id="nothing to tell it from"),
    ],
)
def test_the_markets_change_is_stated(
    ask: Ask, then: float | None, now: float, reported: float | None, sentences: list[str]
) -> None:
    before = [] if then is None else [market(BEFORE, then)]
    found = of_the_market(ask, *before, market(NOW, now, reported))

    assert [found[measure]["statement"] for measure in sorted(found)] == sentences


def test_the_markets_change_has_its_numbers(ask: Ask) -> None:
    early = market(BEFORE - timedelta(minutes=29), 9e12)
    found = of_the_market(ask, early, market(BEFORE, 4e12), market(NOW, 3e12, -0.24))
    ours, theirs = found["market_cap"], found["market_cap_reported"]

    assert list(ours) == COMMON
    assert (ours["subject"], ours["as_of"], ours["unit"]) == ("crypto", TODAY, "fraction")
    assert (ours["value"], theirs["value"]) == (-0.25, -0.24)
    assert (ours["previous_at"], theirs["previous_at"]) == (BEFORE.date(), None)
    assert (ours["observations"], theirs["observations"]) == (2, None)
    assert ours["labels"] == ["composition changes"]
    assert theirs["labels"] == ["composition changes", "as bank states it"]


def test_only_the_latest_observation_of_the_market_is_stated(ask: Ask) -> None:
    later = market(NOW + timedelta(hours=1), 1e12, 0.5)
    found = of_the_market(ask, market(BEFORE, 4e12), market(NOW, 3e12, -0.2), later)

    assert {measure: fact["value"] for measure, fact in found.items()} == {
        "market_cap_reported": 0.5
    }


def test_of_two_sources_of_one_moment_the_first_is_stated(ask: Ask) -> None:
    found = of_the_market(ask, market(NOW, 3e12, 0.1) | {"source": "other"}, market(NOW, 3e12, 0.2))

    assert found["market_cap_reported"]["value"] == 0.2


def test_without_observations_nothing_is_stated(ask: Ask) -> None:
    for fact in ("market_change_24h", "coin_change_24h", "breadth"):
        assert ask(fact, **relations()).is_empty()


def coin(name: str, at: datetime, price: float | None, **values: Any) -> dict[str, Any]:
    return {
        "coin": name,
        "name": name.title(),
        "observed_at": at,
        "price": price,
        "market_cap": 5e9,
    } | values


def of_coins(ask: Ask, *observed: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    found = ask("coin_change_24h", **relations(observed))
    return {(fact["subject"], fact["measure"]): fact for fact in found.rows(named=True)}


@pytest.mark.parametrize(
    ("then", "now", "reported", "sentences"),
    [
        pytest.param(
            100000.0,
            97500.0,
            -0.0249,
            [
                (
                    "Bitcoin (bitcoin) fell 2.50 % in 24 hours, from 100,000.00 USD at 2030-03-04 "
                    "12:00 UTC to 97,500.00 USD at 2030-03-05 12:00 UTC, by our own observations; "
                    "by bank's own figure it fell 2.49 %."
                ),
                (
                    "By bank's own figure Bitcoin (bitcoin) fell 2.49 % in the 24 hours to "
                    "2030-03-05 12:00 UTC; by our own observations it fell 2.50 %."
                ),
            ],
            id="a fall",
        ),
        pytest.param(
            8e-06,
            8.4e-06,
            None,
            [
                (
                    "Bitcoin (bitcoin) rose 5.00 % in 24 hours, from 0.000008000 USD at 2030-03-04 "
                    "12:00 UTC to 0.000008400 USD at 2030-03-05 12:00 UTC, by our own "
                    "observations; bank states no figure of its own."
                ),
            ],
            id="a price of many decimals",
        ),
        pytest.param(
            None,
            97500.0,
            0.0,
            [
                (
                    "By bank's own figure Bitcoin (bitcoin) did not change in the 24 hours to "
                    "2030-03-05 12:00 UTC; our own observations cannot tell."
                ),
            ],
            id="a price of the day before that is not known",
        ),
        pytest.param(5.0, 0.0, None, [], id="a price of 0 is no fall, but no trading"),
        pytest.param(0.0, 5.0, None, [], id="nor is there a rise from 0"),
    ],
)
def test_a_coins_change_is_stated(
    ask: Ask, then: float | None, now: float, reported: float | None, sentences: list[str]
) -> None:
    found = of_coins(
        ask, coin("bitcoin", BEFORE, then), coin("bitcoin", NOW, now, change_24h=reported)
    )

    assert [found[key]["statement"] for key in sorted(found)] == sentences


def test_a_coins_change_has_its_numbers(ask: Ask) -> None:
    found = of_coins(ask, coin("bitcoin", BEFORE, 8.0), coin("bitcoin", NOW, 6.0, change_24h=-0.2))
    ours, theirs = found["bitcoin", "price"], found["bitcoin", "price_reported"]

    assert list(ours) == COMMON
    assert (ours["value"], ours["unit"], ours["as_of"]) == (-0.25, "fraction", TODAY)
    assert (ours["previous_at"], ours["observations"], ours["labels"]) == (BEFORE.date(), 2, [])
    assert (theirs["value"], theirs["labels"]) == (-0.2, ["as bank states it"])


def test_the_20_largest_coins_are_stated_and_bitcoin_and_ether(ask: Ask) -> None:
    small = [
        coin(name, NOW, 1.0, market_cap=1.0, change_24h=0.1)
        for name in ("bitcoin", "ethereum", "small")
    ]
    large = [coin(f"c{n:02}", NOW, 1.0, change_24h=0.1) for n in range(21)]

    stated = {subject for subject, _ in of_coins(ask, *small, *large)}

    assert stated == {f"c{n:02}" for n in range(20)} | {"bitcoin", "ethereum"}


def snapshot(count: int, change: float | None = -0.1, **values: Any) -> list[dict[str, Any]]:
    """List coins of falling size, as the source saw them change."""
    return [
        coin(f"c{n:02}", NOW, 90.0, market_cap=1e9 - n, change_24h=change, **values)
        for n in range(count)
    ]


def breadth(ask: Ask, **given: Any) -> dict[str, dict[str, Any]]:
    found = ask("breadth", **relations(**given))
    return {fact["measure"]: fact for fact in found.rows(named=True)}


TWO_COPIES = [{"coin": "c01", "kind": "stablecoin"}, {"coin": "c03", "kind": "staked"}]


def test_breadth_is_stated_in_both_readings_by_us_and_by_the_source(ask: Ask) -> None:
    before = [coin(f"c{n:02}", BEFORE, 100.0 if n % 2 else 90.0) for n in range(25)]
    found = breadth(ask, coins=[*before, *snapshot(25)], stablecoins=TWO_COPIES)

    sentences = {measure: fact["statement"] for measure, fact in found.items()}
    assert sentences == {
        "exclude_then_top20": "Of the 20 largest coins that are neither stablecoins nor wrapped "
        "or staked copies, 9 fell, 0 rose and 11 did neither in the 24 hours to 2030-03-05 12:00 "
        "UTC, by our own observations.",
        "exclude_then_top20_reported": "Of the 20 largest coins that are neither stablecoins nor "
        "wrapped or staked copies, 20 fell, 0 rose and 0 did neither in the 24 hours to "
        "2030-03-05 12:00 UTC, by bank's own figures.",
        "top20_then_exclude": "Of the 20 largest coins, 18 are neither stablecoins nor wrapped or "
        "staked copies; of these, 8 fell, 0 rose and 10 did neither in the 24 hours to "
        "2030-03-05 12:00 UTC, by our own observations.",
        "top20_then_exclude_reported": "Of the 20 largest coins, 18 are neither stablecoins nor "
        "wrapped or staked copies; of these, 18 fell, 0 rose and 0 did neither in the 24 hours to "
        "2030-03-05 12:00 UTC, by bank's own figures.",
    }


def test_breadth_has_its_numbers(ask: Ask) -> None:
    coins = snapshot(24)
    coins[5]["change_24h"] = None
    coins[6]["change_24h"] = 0.0
    coins[7]["change_24h"] = 0.1
    found = breadth(ask, coins=coins, stablecoins=TWO_COPIES, categories=[{"coin": "c02"}])

    fact = found["top20_then_exclude_reported"]
    assert list(fact) == COMMON
    assert (fact["value"], fact["unit"]) == (14 / 17, "share of coins")
    assert (fact["subject"], fact["of"], fact["observations"]) == ("top_20", 17, 17)
    assert "14 fell, 1 rose and 2 did neither" in fact["statement"]
    assert fact["labels"] == [
        "stablecoins by reference list and by bank",
        "1 change not known, counted as neither",
    ]


def test_breadth_without_the_sources_list_says_so(ask: Ask) -> None:
    found = breadth(ask, coins=snapshot(20))

    assert found["exclude_then_top20_reported"]["labels"] == ["stablecoins by reference list alone"]


def test_one_coin_that_is_left_is_counted_in_the_singular(ask: Ask) -> None:
    copies = [{"coin": f"c{n:02}", "kind": "wrapped"} for n in range(19)]
    found = breadth(ask, coins=snapshot(20), stablecoins=copies)

    assert list(found) == ["top20_then_exclude_reported"]
    assert found["top20_then_exclude_reported"]["statement"].startswith(
        "Of the 20 largest coins, 1 is neither"
    )


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"coins": snapshot(19)}, id="fewer than 20 coins"),
        pytest.param({"coins": snapshot(20, None)}, id="no change is known"),
        pytest.param(
            {"coins": snapshot(20), "categories": [{"coin": f"c{n:02}"} for n in range(20)]},
            id="stablecoins only",
        ),
    ],
)
def test_breadth_that_cannot_be_told_is_not_stated(ask: Ask, given: dict[str, Any]) -> None:
    assert breadth(ask, **given) == {}


def test_the_latest_list_of_stablecoins_counts(ask: Ask) -> None:
    lists: Rows = [{"coin": "c00", "as_of": date(2030, 3, 1)}, {"coin": "c01"}]
    found = ask("latest_coins", **relations(snapshot(2), categories=lists)).sort("coin")

    assert found["kind"].to_list() == [None, "stablecoin"]


def test_another_sources_stablecoins_are_none_of_ours(ask: Ask) -> None:
    lists: Rows = [{"coin": "c00", "source": "other"}]
    found = ask("latest_coins", **relations(snapshot(1), categories=lists))

    assert found.select("kind", "is_categorised").rows() == [(None, False)]


@dataclass(frozen=True)
class Drawn:
    """A coin as drawn: its size, what the source and we saw, and what it is."""

    cap: float | None
    stated_rank: int | None
    then: float | None
    now: float | None
    reported: float | None
    kind: str | None
    is_listed: bool

    @property
    def is_copy(self) -> bool:
        return self.kind is not None or self.is_listed

    @property
    def change(self) -> float | None:
        if not self.then or not self.now:
            return None
        return self.now / self.then - 1


DRAWN = st.builds(
    Drawn,
    cap=st.sampled_from([None, 1e9, 2e9, 3e9, 4e9]),
    stated_rank=st.none() | st.integers(1, 5),
    then=st.sampled_from([None, 0.0, 8.0, 8.0, 10.0]),
    now=st.sampled_from([None, 0.0, 8.0, 8.0, 10.0]),
    reported=st.sampled_from([None, 0.0, 0.1, -0.1, -0.1]),
    kind=st.sampled_from([None] * 8 + ["stablecoin", "wrapped"]),
    is_listed=st.sampled_from([False] * 8 + [True]),
)


def by_size(drawn: dict[str, Drawn]) -> list[str]:
    return sorted(
        (name for name, coin in drawn.items() if coin.cap is not None),
        key=lambda name: (-(drawn[name].cap or 0), drawn[name].stated_rank or 99, name),
    )


def counted(reading: str, drawn: dict[str, Drawn]) -> tuple[int, list[Drawn]]:
    """Give how many coins a reading needs that are there, and those that it counts."""
    if reading == "exclude_then_top20":
        own = [drawn[name] for name in by_size(drawn) if not drawn[name].is_copy][:20]
        return len(own), own
    top = [drawn[name] for name in by_size(drawn)][:20]
    return len(top), [coin for coin in top if not coin.is_copy]


@settings(max_examples=20)
@given(coins=st.lists(DRAWN, max_size=35))
def test_breadth_and_changes_are_those_of_plain_python(ask: Ask, coins: list[Drawn]) -> None:
    drawn = {f"c{n:02}": coin for n, coin in enumerate(coins)}
    given = relations(
        [
            coin(name, at, price, market_cap=it.cap, rank=it.stated_rank, change_24h=it.reported)
            for name, it in drawn.items()
            for at, price in ((BEFORE, it.then), (NOW, it.now))
        ],
        stablecoins=[{"coin": name, "kind": it.kind} for name, it in drawn.items() if it.kind],
        categories=[{"coin": name} for name, it in drawn.items() if it.is_listed],
    )
    expected = {}
    for reading in ("exclude_then_top20", "top20_then_exclude"):
        there, members = counted(reading, drawn)
        for suffix, changes in (
            ("", [coin.change for coin in members]),
            ("_reported", [coin.reported for coin in members]),
        ):
            known = [change for change in changes if change is not None]
            if there == 20 and known:
                down = sum(change < 0 for change in known)
                expected[f"{reading}{suffix}"] = (down / len(members), len(members))

    found = ask("breadth", **given).select("measure", "value", "of").rows()
    moved = ask("coin_change_24h", **given).select("subject", "measure", "value").rows()

    assert {measure: numbers for measure, *numbers in found} == {
        measure: [*numbers] for measure, numbers in expected.items()
    }
    assert {(name, measure): value for name, measure, value in moved} == {
        (name, measure): change
        for name in by_size(drawn)[:20]
        for measure, change in (
            ("price", drawn[name].change),
            ("price_reported", drawn[name].reported),
        )
        if change is not None
    }
