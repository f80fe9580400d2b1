"""What changed within 24 hours, by our own observations and by the source's own word."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from tests.warehouse.conftest import Ask
from tests.warehouse.market import frame

NOW = datetime(2030, 3, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def changes(
    ask: Ask,
    coins: Sequence[dict[str, Any]] = (),
    market: Sequence[dict[str, Any]] = (),
) -> pl.DataFrame:
    return ask(
        "changes_24h",
        coins=frame(Coins, [{"as_of": row["observed_at"].date()} | row for row in coins]),
        coin_market=frame(
            CoinMarket, [{"as_of": row["observed_at"].date()} | row for row in market]
        ),
    ).sort("observed_at", "subject", "source")


def coin(at: datetime, price: float | None, **values: Any) -> dict[str, Any]:
    return {"coin": "btc", "observed_at": at, "price": price} | values


def last(found: pl.DataFrame) -> tuple[Any, ...]:
    return found.select("compared_with", "change_24h").row(-1)


@pytest.mark.parametrize(
    ("minutes", "is_compared"),
    [
        pytest.param(24 * 60, True, id="a day before"),
        pytest.param(23 * 60 + 30, True, id="30 minutes too late"),
        pytest.param(24 * 60 + 30, True, id="30 minutes too early"),
        pytest.param(23 * 60 + 29, False, id="31 minutes too late"),
        pytest.param(24 * 60 + 31, False, id="31 minutes too early"),
        pytest.param(48 * 60, False, id="two days before"),
    ],
)
def test_a_price_is_compared_with_one_at_most_30_minutes_off(
    ask: Ask,
    minutes: int,
    is_compared: bool,  # noqa: FBT001 -- a case's expectation
) -> None:
    before = NOW - minutes * MINUTE
    found = changes(ask, coins=[coin(before, 100.0), coin(NOW, 97.0)])

    expected = (before, pytest.approx(-0.03)) if is_compared else (None, None)
    assert last(found) == expected
    assert found["change_24h"][0] is None


@pytest.mark.parametrize("value", [97.0, 100.0, 104.0])
def test_all_coins_together_rise_and_fall_and_the_sources_figure_stands_beside_ours(
    ask: Ask, value: float
) -> None:
    before = {"observed_at": NOW - timedelta(days=1), "market_cap": 100.0, "change_24h": 0.5}
    found = changes(
        ask, market=[before, {"observed_at": NOW, "market_cap": value, "change_24h": -0.0274}]
    )

    assert found.row(-1, named=True) == {
        "subject": "crypto",
        "observed_at": NOW,
        "source": "bank",
        "as_of": NOW.date(),
        "measure": "market_cap",
        "value": value,
        "compared_with": NOW - timedelta(days=1),
        "change_24h": pytest.approx(value / 100 - 1),
        "reported_change_24h": -0.0274,
    }


def test_the_nearest_observation_is_chosen_and_of_two_the_earlier(ask: Ask) -> None:
    day_before = NOW - timedelta(days=1)
    offsets = (-20, -10, 10, 25)
    before = [coin(day_before + n * MINUTE, 100.0 + n) for n in offsets]

    assert last(changes(ask, coins=[*before, coin(NOW, 90.0)])) == (
        day_before - 10 * MINUTE,
        pytest.approx(0.0),
    )


@pytest.mark.parametrize(
    ("before", "compared_with"),
    [
        pytest.param({"source": "other"}, None, id="another source"),
        pytest.param({"coin": "eth"}, NOW - timedelta(days=1), id="a coin that is new on the list"),
        pytest.param({"price": None}, NOW - timedelta(days=1), id="a price that was not known"),
    ],
)
def test_without_a_price_of_its_own_the_day_before_a_change_is_not_known(
    ask: Ask, before: dict[str, Any], compared_with: datetime | None
) -> None:
    earlier = coin(NOW - timedelta(days=1), 100.0) | before
    found = changes(ask, coins=[earlier, coin(NOW, 90.0, change_24h=-0.1)])

    assert last(found) == (compared_with, None)
    assert found["reported_change_24h"][-1] == -0.1


OBSERVED = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(0, 3 * 48).map(lambda quarter: quarter * 15),
        st.sampled_from([None, 50.0, 100.0, 125.0]),
    ),
    max_size=25,
    unique_by=lambda observed: observed[:2],
)


@settings(max_examples=30)
@given(observed=OBSERVED)
def test_changes_are_those_of_plain_python(
    ask: Ask, observed: list[tuple[str, int, float | None]]
) -> None:
    rows = [coin(NOW + at * MINUTE, price, source=source) for source, at, price in observed]
    prices = {(source, at): price for source, at, price in observed}
    expected = []
    for source, at, price in sorted(observed, key=lambda row: (row[1], row[0])):
        near = [t for s, t in prices if s == source and abs(at - t - 1440) <= 30]
        before = min(near, key=lambda t: (abs(at - t - 1440), t), default=None)
        was = None if before is None else prices[source, before]
        expected.append(
            (
                source,
                None if before is None else NOW + before * MINUTE,
                None if price is None or was is None else price / was - 1,
            )
        )

    found = changes(ask, coins=rows)

    assert found.select("source", "compared_with", "change_24h").rows() == expected
