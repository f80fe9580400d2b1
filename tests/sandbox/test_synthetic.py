from collections.abc import Callable
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import polars as pl
import pytest

from sandbox.market import Market
from sandbox.synthetic import synthetic

Frames = Callable[[str], pl.DataFrame]
LAST = date(2025, 12, 11)
FIRST_SESSIONS = {
    "SI=F": date(2000, 8, 30),
    "GC=F": date(2000, 8, 30),
    "^GSPC": date(1970, 1, 2),
    "^IXIC": date(1971, 2, 5),
    "^RUT": date(1987, 9, 10),
    "SPY": date(1993, 1, 29),
    "IWM": date(2000, 5, 26),
    "SLV": date(2006, 4, 28),
    "GLD": date(2004, 11, 18),
    "IAU": date(2005, 1, 28),
    "IBIT": date(2024, 1, 11),
    "ETHA": date(2024, 7, 23),
    "BTC-USD": date(2014, 9, 17),
    "ETH-USD": date(2017, 11, 9),
}
LAUNCHES = {
    "SLV": date(2006, 4, 21),
    "IAU": date(2005, 1, 21),
    "IBIT": date(2024, 1, 5),
    "ETHA": date(2024, 6, 24),
    "IVV": date(2000, 5, 15),
    "IWM": date(2000, 5, 22),
}
RETURNS_OF_2025 = {
    "SI=F": (1.19, 1.20),
    "GC=F": (0.62, 0.64),
    "^IXIC": (0.21, 0.23),
    "^GSPC": (0.16, 0.18),
    "^RUT": (0.15, 0.17),
    "BTC-USD": (-0.015, -0.005),
    "ETH-USD": (-0.035, -0.025),
}


@pytest.fixture(scope="session")
def net_flows(valuations: Frames) -> pl.DataFrame:
    """Daily net flow of the silver trust, in shares, ounces and USD."""
    days = pl.col("date") - date(2006, 4, 21)
    ounces_per_share = (-0.005 * days.dt.total_days() / 365).exp()
    created = pl.col("shares_outstanding").diff().fill_null(pl.col("shares_outstanding"))
    return valuations("SLV").select(
        "date",
        shares=created,
        ounces=created * ounces_per_share,
        usd=created * pl.col("nav"),
    )


def monthly(net_flows: pl.DataFrame) -> pl.DataFrame:
    month = pl.col("date").dt.month_start().alias("month")
    return net_flows.group_by(month, maintain_order=True).agg(
        pl.col("shares", "ounces", "usd").sum()
    )


def weekly(net_flows: pl.DataFrame) -> pl.DataFrame:
    week = pl.col("date").dt.truncate("1w").alias("week")
    summed = net_flows.group_by(week, maintain_order=True).agg(
        pl.col("shares", "ounces", "usd").sum()
    )
    return summed.filter(pl.col("week").is_between(date(2024, 12, 30), LAST))


def test_it_is_the_same_market_every_time(market: Market) -> None:
    again = synthetic()

    assert all(again.bars[symbol].equals(bars) for symbol, bars in market.bars.items())
    assert all(again.valuations[fund].equals(rows) for fund, rows in market.valuations.items())
    assert all(again.holdings[fund].equals(rows) for fund, rows in market.holdings.items())
    assert market.origin == "synthetic"


@pytest.mark.parametrize("symbol", FIRST_SESSIONS)
def test_bars_run_from_the_first_session_to_the_last_day(bars: Frames, symbol: str) -> None:
    assert (bars(symbol)["date"][0], bars(symbol)["date"][-1]) == (FIRST_SESSIONS[symbol], LAST)


@pytest.mark.parametrize("fund", LAUNCHES)
def test_valuations_run_from_the_launch_to_the_last_day(valuations: Frames, fund: str) -> None:
    rows = valuations(fund)

    assert (rows["date"][0], rows["date"][-1]) == (LAUNCHES[fund], LAST)
    assert (rows["shares_outstanding"] % 50_000 == 0).all()
    assert (rows["shares_outstanding"] > 0).all()
    assert (rows["nav"] > 0).all()


@pytest.mark.parametrize("symbol", FIRST_SESSIONS)
def test_a_bar_is_a_bar_of_widened_singles(bars: Frames, symbol: str) -> None:
    prices = bars(symbol).select("open", "high", "low", "close", "adj_close")

    assert prices.equals(prices.cast(pl.Float32).cast(pl.Float64))
    assert (prices["high"] >= prices["low"]).all()
    assert prices.select(pl.col("open", "close").is_between("low", "high").all()).row(0) == (1, 1)
    assert prices.null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize("symbol", RETURNS_OF_2025)
def test_the_year_2025_ends_where_the_article_says(bars: Frames, symbol: str) -> None:
    close = bars(symbol)["close"]
    before = bars(symbol).filter(pl.col("date") < date(2025, 1, 1))["close"][-1]
    low, high = RETURNS_OF_2025[symbol]

    assert low < close[-1] / before - 1 < high


def test_silver_closes_its_last_day_at_a_record_by_close_and_high(bars: Frames) -> None:
    silver = bars("SI=F")
    earlier = silver.head(-1)
    before_2025 = earlier.filter(pl.col("date") < date(2025, 1, 1))

    assert 63 < silver["close"][-1] < 63.5
    assert earlier["close"].max() < 62
    assert earlier["high"].max() < silver["close"][-1]
    assert before_2025.sort("close")["date"][-1] == date(2011, 4, 28)
    assert before_2025["close"].max() == pytest.approx(48.6)


def test_some_silver_bars_are_flat_and_some_have_no_volume(bars: Frames) -> None:
    silver = bars("SI=F")
    flat = silver.filter(pl.col("high") == pl.col("low")).height

    assert 0.05 < flat / silver.height < 0.2
    assert (silver["volume"] == 0).any()
    assert silver["high"][-1] > silver["low"][-1]


def test_small_companies_break_out_of_a_base_on_the_last_day(bars: Frames) -> None:
    year = bars("^RUT").filter(pl.col("date") > date(2024, 12, 11))
    before, highest = year.head(-1), year.head(-1).sort("close").row(-1, named=True)

    assert year["close"][-1] > highest["close"]
    assert before.filter(pl.col("date") > highest["date"]).height > 20


def test_bitcoin_lost_more_than_half_in_silver_over_four_years(bars: Frames) -> None:
    bitcoin = dict(bars("BTC-USD").select("date", "close").iter_rows())
    silver = dict(bars("SI=F").select("date", "close").iter_rows())
    then = bitcoin[date(2021, 12, 11)] / silver[date(2021, 12, 10)]

    assert bitcoin[LAST] / silver[LAST] < then / 2


def test_ether_in_bitcoin_is_above_its_fifty_week_mean(bars: Frames) -> None:
    ratio = bars("ETH-USD").join(bars("BTC-USD"), on="date", maintain_order="left")
    weeks = ratio.group_by(pl.col("date").dt.truncate("1w"), maintain_order=True).agg(
        ratio=(pl.col("close") / pl.col("close_right")).last(),
    )["ratio"]

    assert weeks[-1] > weeks.tail(50).mean()
    assert weeks[-1] > weeks[-51:-1].mean()


def test_silver_amplifies_gold(bars: Frames) -> None:
    closes = bars("SLV").join(bars("GLD"), on="date").tail(253).select("close", "close_right")
    silver, gold = np.diff(np.log(closes.to_numpy()), axis=0).T
    slope, intercept = np.polyfit(gold, silver, 1)
    error = (silver - slope * gold - intercept).std(ddof=2) / gold.std() / np.sqrt(gold.size)

    assert slope - 1.96 * error > 1


def test_the_silver_trust_trades_near_its_nav(bars: Frames, valuations: Frames) -> None:
    both = bars("SLV").join(valuations("SLV"), on="date")
    premium = both["close"] / both["nav"] - 1

    assert abs(premium.median()) < 0.002
    assert 0.002 < premium.std() < 0.02


def test_silver_shares_end_near_570_million(valuations: Frames) -> None:
    assert 560e6 < valuations("SLV")["shares_outstanding"][-1] < 580e6


@pytest.mark.parametrize("measure", ["shares", "ounces", "usd"])
def test_nine_months_of_inflow_precede_the_running_one(
    net_flows: pl.DataFrame, measure: str
) -> None:
    months = dict(monthly(net_flows).select("month", measure).iter_rows())

    assert months[date(2025, 2, 1)] < 0
    assert all(months[date(2025, month, 1)] > 0 for month in range(3, 13))


@pytest.mark.parametrize("day", [5, 8, 9, 10, 11])
def test_december_is_an_inflow_after_every_day_of_the_demo(
    net_flows: pl.DataFrame,
    day: int,
) -> None:
    to_date = net_flows.filter(pl.col("date").is_between(date(2025, 12, 1), date(2025, 12, day)))

    assert min(to_date.select("shares", "ounces", "usd").sum().row(0)) > 0


@pytest.mark.parametrize("measure", ["shares", "ounces", "usd"])
def test_the_only_earlier_long_streak_lies_in_the_crisis_of_2008(
    net_flows: pl.DataFrame,
    measure: str,
) -> None:
    months = monthly(net_flows).filter(pl.col("month") < date(2025, 1, 1))
    runs = [
        [month for month, _ in run]
        for inflow, run in groupby(months.select("month", measure).iter_rows(), lambda r: r[1] > 0)
        if inflow
    ]
    long = [run for run in runs if len(run) >= 9]

    assert len(long) == 1
    assert 10 <= len(long[0]) <= 12
    assert date(2008, 1, 1) <= long[0][0] <= long[0][-1] <= date(2009, 6, 1)


def test_four_days_took_in_nearly_as_much_as_november(net_flows: pl.DataFrame) -> None:
    days = net_flows.filter(pl.col("date") >= date(2025, 12, 8))
    months = dict(monthly(net_flows).select("month", "ounces").iter_rows())
    december, november = months[date(2025, 12, 1)], months[date(2025, 11, 1)]

    assert days.height == 4
    assert 15.25e6 < days["ounces"].sum() < 15.35e6
    assert 15.65e6 < november < 15.75e6
    assert 0.95 < december / november < 1


def test_exactly_one_complete_week_of_2025_took_in_more_ounces(net_flows: pl.DataFrame) -> None:
    weeks = weekly(net_flows)
    complete, running = weeks.head(-1), weeks["ounces"][-1]

    assert (complete["ounces"] > running).sum() == 1
    assert complete.sort("ounces")["ounces"][-2] < 15e6
    assert complete.sort("ounces")["week"][-1] == date(2025, 7, 21)


def test_the_last_week_is_worth_nearly_a_billion_and_more_than_gold(
    net_flows: pl.DataFrame,
    valuations: Frames,
) -> None:
    created = pl.col("shares_outstanding").diff() * pl.col("nav")
    gold = valuations("IAU").select("date", usd=created).filter(pl.col("date") >= date(2025, 12, 8))

    assert 0.95e9 < weekly(net_flows)["usd"][-1] < 1e9
    assert gold["usd"].sum() < weekly(net_flows)["usd"][-1]


@pytest.mark.parametrize("fund", ["IAU", "IBIT", "ETHA", "IVV", "IWM"])
def test_other_funds_have_months_of_both_signs(valuations: Frames, fund: str) -> None:
    months = (
        valuations(fund)
        .group_by(pl.col("date").dt.month_start())
        .agg(
            pl.col("shares_outstanding").last(),
        )
    )
    created = months.sort("date")["shares_outstanding"].diff().drop_nulls()

    assert (created > 0).any()
    assert (created < 0).any()


def test_adj_close_falls_by_each_dividend(market: Market, bars: Frames) -> None:
    paid = market.dividends["SPY"]
    priced = bars("SPY")
    before = priced.filter(pl.col("date") < paid["date"][-1]).row(-1, named=True)

    assert paid.height > 100
    assert (paid["date"].diff().drop_nulls() > timedelta(days=60)).all()
    assert before["adj_close"] / before["close"] == pytest.approx(
        1 - paid["amount"][-1] / before["close"],
        rel=1e-6,
    )


@pytest.mark.parametrize("fund", ["IVV", "IWM", "IBIT", "ETHA"])
def test_holdings_weigh_a_hundred_percent_of_the_net_assets(
    market: Market,
    valuations: Frames,
    fund: str,
) -> None:
    days = market.holdings[fund].group_by("date").agg(pl.col("weight", "market_value").sum())
    both = days.join(valuations(fund), on="date")
    net_assets = both["nav"] * both["shares_outstanding"]

    assert days.height == 90
    assert ((days["weight"] - 100).abs() < 1e-6).all()
    assert ((both["market_value"] / net_assets - 1).abs() < 0.01).all()


@pytest.mark.parametrize("fund", ["IVV", "IWM"])
def test_holdings_hold_the_usual_oddities(market: Market, fund: str) -> None:
    day = market.holdings[fund].filter(pl.col("date") == LAST)
    future = day.filter(pl.col("asset_class") == "Futures")

    assert day.filter(pl.col("asset_class") == "Equity").height >= 40
    assert day.filter(pl.col("ticker").is_duplicated()).height == 2
    assert "-" in day["ticker"]
    assert future.select("market_value", pl.col("notional_value") > 0).rows() == [(0.0, True)]
