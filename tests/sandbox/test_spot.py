from datetime import UTC, date, datetime

import polars as pl
import pytest

from sandbox import bars, instruments, spot

LAST = date(2025, 12, 11)
FIRST_DAYS = {
    "xagusd": date(1979, 12, 31),
    "xauusd": date(1979, 12, 31),
    "btc.v": date(2014, 9, 17),
    "eth.v": date(2017, 11, 9),
    "iwm.us": date(2000, 5, 26),
}
OF = {"xagusd": "SI=F", "xauusd": "GC=F", "btc.v": "BTC-USD", "eth.v": "ETH-USD"}

Frames = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def quotes() -> Frames:
    return spot.quotes()


@pytest.fixture(scope="module")
def fixings() -> Frames:
    return spot.fixings()


def on(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    return rows.filter(pl.col("date") == day)


def test_they_are_the_same_every_time(quotes: Frames, fixings: Frames) -> None:
    assert all(spot.quotes()[symbol].equals(rows) for symbol, rows in quotes.items())
    assert all(spot.fixings()[name].equals(rows) for name, rows in fixings.items())


@pytest.mark.parametrize("symbol", FIRST_DAYS)
def test_a_series_runs_to_the_last_day_and_is_made_of_bars(quotes: Frames, symbol: str) -> None:
    rows = quotes[symbol]
    inside = pl.col("open", "close").is_between("low", "high").all()

    assert (rows["date"][0], rows["date"][-1]) == (FIRST_DAYS[symbol], LAST)
    assert rows["date"].is_unique().all()
    assert rows.select(inside).row(0) == (True, True)
    assert rows["low"].min() > 0
    assert rows["published_at"][-1] == datetime(2025, 12, 12, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize("symbol", OF)
def test_a_series_stays_close_to_the_one_beside_it(quotes: Frames, symbol: str) -> None:
    beside = bars.bars(instruments.describe(OF[symbol])).unique("date", keep="last")
    both = quotes[symbol].join(beside, on="date")
    basis = both["close"] / both["close_right"] - 1

    assert both.height == beside.height
    assert abs(basis.mean()) < 0.0005
    assert 0.0003 < basis.std() < 0.003


def test_silver_closes_its_last_day_at_a_record_above_63(quotes: Frames) -> None:
    silver = quotes["xagusd"]
    in_1980 = silver.filter(pl.col("date").dt.year() == 1980)["close"].max()

    assert silver["close"][-1] > 63
    assert silver["close"].head(-1).max() < 62.5
    assert silver["high"].head(-1).max() < silver["close"][-1]
    assert 40 < in_1980 < 48


def test_metals_trade_on_new_yorks_holidays_but_not_at_christmas(quotes: Frames) -> None:
    silver = quotes["xagusd"]

    assert set(silver["date"].dt.weekday()) == {1, 2, 3, 4, 5}
    assert on(silver, date(2025, 7, 4)).height == 1
    assert on(silver, date(2025, 11, 27)).height == 1
    assert on(silver, date(2024, 12, 25)).is_empty()
    assert on(silver, date(2025, 4, 18)).is_empty()


def test_metals_have_no_volume_and_some_flat_bars(quotes: Frames) -> None:
    for symbol in ("xagusd", "xauusd"):
        rows = quotes[symbol]
        flat = rows.filter(pl.col("low") == pl.col("high")).height

        assert rows["volume"].null_count() == rows.height
        assert 0.02 < flat / rows.height < 0.2
        assert rows["high"][-1] > rows["low"][-1]


def test_a_coins_volume_is_in_coins_and_turns_fractional(quotes: Frames) -> None:
    volume = quotes["btc.v"]["volume"]

    assert (volume.head(1000) % 1 == 0).all()
    assert volume[-1] % 1 != 0
    assert volume[-1] < 1e7


def test_a_fund_is_adjusted_for_the_dividends_after_a_day(quotes: Frames) -> None:
    plain = bars.bars(instruments.describe("IWM")).unique("date", keep="last", maintain_order=True)
    adjusted = quotes["iwm.us"]
    share = (adjusted["close"] / plain["close"]).to_numpy()

    assert share[-1] == pytest.approx(1)
    assert share[0] < 0.8
    assert (share[1:] >= share[:-1] - 1e-4).all()
    assert adjusted["volume"][0] > plain["volume"][0]
    assert adjusted["volume"][-1] == plain["volume"][-1]


def test_a_history_becomes_a_series() -> None:
    days = [date(2025, 12, 5), date(2025, 12, 8)]
    history = pl.DataFrame(
        {"date": days, "open": 10.0, "high": 10.0, "low": 10.0, "close": [10.0, None]}
    ).with_columns(adj_close=pl.lit(9.0), volume=pl.lit(5000))

    series = {coin: spot.from_prices(history, is_coin=coin) for coin in (True, False)}

    assert series[True]["volume"].to_list() == [500.0]
    assert series[False].rows() == [
        (days[0], 10.0, 10.0, 10.0, 10.0, 5000.0, datetime(2025, 12, 6, 6, 30, tzinfo=UTC))
    ]


def test_fixings_are_of_londons_business_days(fixings: Frames) -> None:
    silver, evening = fixings["silver"], fixings["gold_pm"]

    assert (silver["date"][0], silver["date"][-1]) == (date(1980, 1, 2), LAST)
    assert on(silver, date(2025, 7, 4)).height == 1
    assert on(silver, date(2025, 8, 25)).is_empty()
    assert on(silver, date(2024, 12, 26)).is_empty()
    assert on(silver, date(2024, 12, 24))["is_locked"].to_list() == [1]
    assert silver["is_locked"].sum() < 100
    assert on(fixings["gold_am"], date(2024, 12, 24)).height == 1
    assert on(evening, date(2024, 12, 24)).is_empty()


def test_a_fixing_lies_near_the_close_before_and_the_close(fixings: Frames, quotes: Frames) -> None:
    for name, symbol in (("silver", "xagusd"), ("gold_am", "xauusd"), ("gold_pm", "xauusd")):
        closes = quotes[symbol].with_columns(before=pl.col("close").shift(1))
        both = fixings[name].join(closes, on="date")
        low, high = (
            extreme("before", "close") for extreme in (pl.min_horizontal, pl.max_horizontal)
        )
        between = pl.col("usd").is_between(low * 0.9999, high * 1.0001)

        assert both.height > 0.99 * fixings[name].height
        assert both.select(between.all()).item()
    assert fixings["silver"]["usd"][-1] < quotes["xagusd"]["close"][-1]


def test_there_are_no_euros_before_1999(fixings: Frames) -> None:
    for rows in fixings.values():
        has_euros = rows["eur"].is_not_null()

        assert rows.filter(has_euros)["date"].min() == date(1999, 1, 4)
        assert rows.filter(~has_euros)["date"].max() < date(1999, 1, 1)
        assert rows["gbp"].null_count() == 0
        assert (rows["gbp"] < rows["usd"]).all()
