"""Records within a day: their moment, and the region that traded then (claim C21)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coins import Coins
from schemas.tables.reference import Instruments, KnownPeaks, Stablecoins
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame
from tests.warehouse.test_facts import COMMON

START = datetime(2030, 3, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
Prices = Sequence[float | None]


def observed(prices: Prices, start: datetime = START, **about: Any) -> list[dict[str, Any]]:
    """Observe a coin every hour."""
    moments = [start + number * HOUR for number in range(len(prices))]
    return [
        {
            "coin": "bitcoin",
            "name": "Bitcoin",
            "observed_at": moment,
            "as_of": moment.date(),
            "price": price,
            "market_cap": 5e9,
        }
        | about
        for moment, price in zip(moments, prices, strict=True)
    ]


def records(ask: Ask, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    found = ask("intraday_records", coins=frame(Coins, reversed(rows)))
    return found.sort("coin", "source", "observed_at")


def stated(
    ask: Ask, rows: Sequence[dict[str, Any]], stablecoins: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    return (
        ask(
            "record_high",
            coins=frame(Coins, reversed(rows)),
            stablecoins=frame(Stablecoins, stablecoins),
            coin_categories=frame(CoinCategories, []),
            bars=frame(Bars, []),
            instruments=frame(Instruments, []),
            known_peaks=frame(KnownPeaks, []),
        )
        .sort("subject")
        .rows(named=True)
    )


@pytest.mark.parametrize(
    ("at", "region"),
    [
        ("00:00:00", "Asia"),
        ("07:59:59.999999", "Asia"),
        ("08:00:00", "Europe"),
        ("13:29:59", "Europe"),
        ("13:30:00", "America"),
        ("21:59:59", "America"),
        ("22:00:00", "late"),
        ("23:59:59.999999", "late"),
    ],
)
def test_every_moment_has_one_region(ask: Ask, at: str, region: str) -> None:
    moment = datetime.fromisoformat(f"2030-03-05T{at}+00:00")
    found = records(ask, [*observed([1.0]), *observed([2.0], moment)])

    assert found["region"].to_list() == [region]


def test_records_are_set_and_matched(ask: Ask) -> None:
    found = records(ask, observed([3.0, 4.0, None, 2.0, 4.0, 5.0]))

    columns = ("observed_at", "value", "kind", "previous_value", "previous_at", "observations")
    assert found.select(columns).rows() == [
        (START + HOUR, 4.0, "sets", 3.0, START, 2),
        (START + 4 * HOUR, 4.0, "matches", 4.0, START + HOUR, 4),
        (START + 5 * HOUR, 5.0, "sets", 4.0, START + HOUR, 5),
    ]


def test_sources_are_not_mixed(ask: Ask) -> None:
    rows = [*observed([1.0, 3.0]), *observed([4.0, 2.0], source="other")]

    assert records(ask, rows).select("source", "value").rows() == [("bank", 3.0)]


RISING = [float(number) for number in range(1, 20)]
AT = "at 2030-03-04 19:00 UTC (America session)"
OF_20 = "20 observations since 2030-03-04 00:00 UTC"


@pytest.mark.parametrize(
    ("last", "sentence"),
    [
        pytest.param(
            63.0,
            f"Bitcoin (bitcoin) stood at 63.00 USD {AT}, the highest of {OF_20}; the highest "
            "before was 19.00 USD at 2030-03-04 18:00 UTC (America session).",
            id="a record",
        ),
        pytest.param(
            19.0,
            f"Bitcoin (bitcoin) stood at 19.00 USD {AT}, matching the highest of {OF_20}, that of "
            "2030-03-04 18:00 UTC (America session).",
            id="as high as the record",
        ),
        pytest.param(
            9.5,
            f"Bitcoin (bitcoin) stood at 9.500 USD {AT}, 50.00 % below the highest of {OF_20}, "
            "19.00 USD at 2030-03-04 18:00 UTC (America session).",
            id="below it",
        ),
        pytest.param(
            18.9999,
            f"Bitcoin (bitcoin) stood at 19.00 USD {AT}, less than 0.01 % below the highest of "
            f"{OF_20}, 19.00 USD at 2030-03-04 18:00 UTC (America session).",
            id="hardly below it",
        ),
    ],
)
def test_the_latest_observation_is_stated(ask: Ask, last: float, sentence: str) -> None:
    [fact] = stated(ask, observed([*RISING, last]))

    assert fact["statement"] == sentence
    assert list(fact) == COMMON


def test_the_record_may_be_of_another_region_and_day(ask: Ask) -> None:
    [fact] = stated(ask, observed([*[1.0] * 3, 63.0, *[2.0] * 22]))

    assert fact["statement"].startswith("Bitcoin (bitcoin) stood at 2.000 USD at 2030-03-05 01:00")
    assert fact["statement"].endswith("63.00 USD at 2030-03-04 03:00 UTC (Asia session).")


def test_a_record_within_a_day_has_its_numbers(ask: Ask) -> None:
    [fact] = stated(ask, observed([20.0, *RISING]))

    assert (fact["fact"], fact["measure"], fact["unit"]) == ("record_high", "intraday", "USD")
    assert (fact["value"], fact["rank"], fact["of"], fact["observations"]) == (19.0, 2, 20, 20)
    assert (fact["previous_value"], fact["previous_at"]) == (20.0, START.date())
    assert (fact["since"], fact["first_observed"]) == (START.date(), START.date())
    assert fact["view"] == "intraday_records"
    assert fact["labels"] == [
        "observed at intervals: the record may have been set between two of them",
        "since 2030-03-04 00:00 UTC",
        "sessions in UTC: Asia from 00:00, Europe 08:00, America 13:30, late 22:00",
        "nominal",
    ]


@pytest.mark.parametrize(
    ("rows", "stablecoins"),
    [
        pytest.param([], [], id="no history"),
        pytest.param(observed(RISING), [], id="nineteen observations"),
        pytest.param(observed([*RISING, None]), [], id="nineteen that are known"),
        pytest.param(observed([*RISING, 0.0]), [], id="nineteen at which it was traded"),
        pytest.param(
            observed([*RISING, 20.0]), [{"coin": "bitcoin", "kind": "wrapped"}], id="a copy"
        ),
    ],
)
def test_no_record_is_stated_for(
    ask: Ask, rows: list[dict[str, Any]], stablecoins: list[dict[str, Any]]
) -> None:
    assert stated(ask, rows, stablecoins) == []


def test_small_coins_are_passed_over_but_for_bitcoin_and_ether(ask: Ask) -> None:
    prices = [*RISING, 20.0]
    coins = [row for n in range(21) for row in observed(prices, coin=f"c{n:02}")]
    small = [
        row
        for name in ("bitcoin", "ethereum", "small")
        for row in observed(prices, coin=name, market_cap=1.0)
    ]

    subjects = [fact["subject"] for fact in stated(ask, [*coins, *small])]

    assert subjects == ["bitcoin", *(f"c{n:02}" for n in range(20)), "ethereum"]


PRICES = st.sampled_from([None, 0.0, *[1.0, 2.0, 3.0, 4.0] * 3])
SERIES = st.lists(PRICES, max_size=8) | st.lists(PRICES, min_size=22, max_size=36)


@settings(max_examples=20)
@given(coins=st.dictionaries(st.sampled_from("abc"), SERIES, max_size=3))
def test_records_are_those_of_a_loop(ask: Ask, coins: dict[str, list[float | None]]) -> None:
    rows = [row for name, prices in coins.items() for row in observed(prices, coin=name)]
    last = max((len(prices) for prices in coins.values()), default=0) - 1
    set_or_matched: list[tuple[Any, ...]] = []
    latest: dict[str, tuple[Any, ...]] = {}
    for name in sorted(coins):
        seen: list[tuple[float, int]] = []
        for number, price in enumerate(coins[name]):
            if not price:
                continue
            highest, at = max(seen, key=lambda s: (s[0], -s[1]), default=(-1.0, -1))
            if seen and price >= highest:
                kind = "sets" if price > highest else "matches"
                moments = (START + number * HOUR, START + at * HOUR)
                set_or_matched.append((name, *moments, price, kind, len(seen) + 1))
            rank = 1 + sum(before > price for before, _ in seen)
            seen.append((price, number))
            if len(seen) >= 20:
                day = (START + number * HOUR).date()
                latest[name] = (price, rank, highest, (START + at * HOUR).date(), len(seen), day)

    found = records(ask, rows).select(
        *("coin", "observed_at", "previous_at", "value", "kind", "observations")
    )
    facts = {fact["subject"]: fact for fact in stated(ask, rows)}

    assert found.rows() == set_or_matched
    columns = ("value", "rank", "previous_value", "previous_at", "of", "as_of")
    assert {name: tuple(fact[c] for c in columns) for name, fact in facts.items()} == {
        name: numbers for name, numbers in latest.items() if len(coins[name]) == last + 1
    }
