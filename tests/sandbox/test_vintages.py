"""What was known when: corrections of values, and the moments of publication."""

from datetime import UTC, date, datetime, time

import polars as pl
import pytest

from sandbox import publication
from sandbox.market import Market, visible


def utc(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year, month, day, ...


def shares(market: Market, now: datetime, day: date) -> int:
    rows = visible(market.valuations["SLV"], now).filter(pl.col("date") == day)
    return int(rows["shares_outstanding"].item())


def test_a_wrong_count_of_shares_is_corrected_with_the_next_row(market: Market) -> None:
    day = date(2025, 12, 8)
    first, final = (shares(market, utc(2025, 12, d, 18), day) for d in (9, 10))

    assert final - first == 1_500_000


def test_one_nav_is_corrected(market: Market) -> None:
    rows = market.valuations["IAU"].filter(pl.col("date").is_duplicated())

    assert rows["nav"].n_unique() == 2
    assert rows["published_at"].to_list() == [utc(2025, 12, 10, 13), utc(2025, 12, 11, 13)]


@pytest.mark.parametrize("symbol", ["SI=F", "^GSPC", "SLV"])
def test_volumes_are_low_at_first_and_final_two_business_days_later(
    market: Market,
    symbol: str,
) -> None:
    bars = market.bars[symbol].filter(pl.col("date") == date(2025, 12, 9))

    assert bars["volume"][0] < bars["volume"][1]
    assert bars["close"][0] == bars["close"][1]
    assert bars["published_at"][1] == utc(2025, 12, 11, 12)


@pytest.mark.parametrize(
    ("kind", "day", "published"),
    [
        pytest.param("ETF", date(2025, 12, 11), utc(2025, 12, 11, 21, 15), id="winter"),
        pytest.param("INDEX", date(2025, 7, 10), utc(2025, 7, 10, 20, 15), id="summer"),
        pytest.param("ETF", date(2025, 11, 28), utc(2025, 11, 28, 18, 15), id="early close"),
        pytest.param("ETF", date(2025, 11, 27), utc(2025, 11, 27, 21, 15), id="off calendar"),
        pytest.param("FUTURE", date(2025, 12, 11), utc(2025, 12, 11, 22, 15), id="future"),
        pytest.param("CRYPTOCURRENCY", date(2025, 12, 11), utc(2025, 12, 12, 6, 30), id="coin"),
    ],
)
def test_a_bar_is_published_after_its_session(kind: str, day: date, published: datetime) -> None:
    assert (
        publication.publish_bars(pl.DataFrame({"date": [day]}), kind)["published_at"][0]
        == published
    )


def test_nothing_dated_after_the_day_is_visible_the_evening_after(market: Market) -> None:
    for day in (date(2025, 12, 5), date(2025, 12, 8), date(2025, 12, 10)):
        now = datetime.combine(day, time(18), UTC).replace(day=day.day + 1)
        known = {**market.bars, **{f"nav {f}": rows for f, rows in market.valuations.items()}}
        assert {visible(rows, now)["date"].max() for rows in known.values()} == {day}
