"""What the invented trusts are like."""

from datetime import date

import polars as pl
import pytest

from sandbox import prices, state_street

LAST = date(2025, 12, 11)
COLUMNS = ["date", "nav", "shares_outstanding", "ounces", "published_at"]


@pytest.fixture(scope="module")
def valuations() -> dict[str, pl.DataFrame]:
    return state_street.valuations()


@pytest.mark.parametrize(
    ("fund", "first", "basket"),
    [
        ("GLD", date(2004, 11, 18), 100_000),
        ("GLDM", date(2018, 6, 26), 100_000),
        ("SPY", date(1993, 1, 29), 50_000),
    ],
)
def test_valuations_run_from_the_launch_to_the_last_day_in_baskets(
    valuations: dict[str, pl.DataFrame], fund: str, first: date, basket: int
) -> None:
    rows = valuations[fund]
    shares = rows["shares_outstanding"].drop_nulls()

    assert rows.columns == COLUMNS
    assert (rows["date"][0], rows["date"][-1]) == (first, LAST)
    assert (shares % basket == 0).all()
    assert (shares > 0).all()
    assert (rows["nav"] > 0).all()
    assert (rows["published_at"].dt.date() > rows["date"]).all()


def test_the_trust_was_valued_on_two_days_without_trading(
    valuations: dict[str, pl.DataFrame],
) -> None:
    alone = valuations["GLD"].filter(pl.col("shares_outstanding").is_null())

    assert alone["date"].to_list() == [date(2012, 10, 29), date(2012, 10, 30)]
    assert alone["ounces"].null_count() == 2
    assert alone["nav"].null_count() == 0


@pytest.mark.parametrize("fund", ["GLD", "GLDM"])
def test_ounces_fall_by_the_fee_while_shares_stay(
    valuations: dict[str, pl.DataFrame], fund: str
) -> None:
    rows = valuations[fund].drop_nulls("ounces")
    idle = rows.filter(pl.col("shares_outstanding").diff() == 0)
    per_share = rows["ounces"] / rows["shares_outstanding"]

    assert 0.4 < idle.height / rows.height < 0.6
    assert (per_share.diff().drop_nulls() < 0).mean() > 0.95  # type: ignore[operator]
    assert per_share[0] == pytest.approx(0.1 if fund == "GLD" else 0.02, rel=1e-6)


def test_the_nav_of_gold_is_near_the_price_of_its_shares(
    valuations: dict[str, pl.DataFrame],
) -> None:
    both = valuations["GLD"].join(prices.closes("GLD"), on="date")
    premium = both["close"] / both["nav"] - 1

    assert abs(float(premium.median() or 0)) < 0.002  # type: ignore[arg-type]


@pytest.mark.parametrize("fund", ["GLD", "GLDM"])
def test_gold_takes_in_less_than_silver_in_the_last_week(
    valuations: dict[str, pl.DataFrame], fund: str
) -> None:
    created = pl.col("shares_outstanding").diff() * pl.col("nav")
    week = valuations[fund].select("date", usd=created).filter(pl.col("date") >= date(2025, 12, 4))

    assert -1e9 < week["usd"].sum() < 0.5e9


def test_the_last_sessions_holdings_weigh_a_hundred_percent(
    valuations: dict[str, pl.DataFrame],
) -> None:
    held = state_street.holdings(valuations)["SPY"]
    days = held.group_by("date").agg(pl.col("weight").sum(), pl.len())

    assert days.height == 10
    assert ((days["weight"] - 100).abs() < 0.01).all()
    assert set(days["len"]) == {61}
    assert held["identifier"].str.len_chars().unique().to_list() == [9]
    assert "-" in held["ticker"]
