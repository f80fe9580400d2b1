from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from sandbox import macro, prices


def test_the_target_range_has_a_value_on_every_day_and_a_quarter_between_its_bounds() -> None:
    rates = macro.rates()
    upper, lower = rates["DFEDTARU"], rates["DFEDTARL"]

    assert upper["date"].diff().drop_nulls().dt.total_days().unique().to_list() == [1]
    assert (upper["date"].min(), upper["date"].max()) == (date(2008, 12, 16), date(2025, 12, 12))
    assert (upper["value"] - lower["value"]).unique().to_list() == [0.25]
    assert lower["value"].min() == 0


def test_the_target_was_cut_six_times_between_september_2024_and_december_2025() -> None:
    upper = macro.rates()["DFEDTARU"]
    steps = upper.with_columns(step=pl.col("value").diff()).filter(pl.col("step") != 0)

    assert steps.height == 31
    assert steps.filter(pl.col("date") >= date(2024, 9, 19))["step"].to_list() == [
        -0.5,
        *[-0.25] * 5,
    ]
    assert upper.filter(date=date(2025, 12, 11))["value"].item() == 3.75
    assert upper.filter(date=date(2025, 12, 10))["value"].item() == 4


def test_a_rate_is_public_at_noon_of_its_day() -> None:
    first = macro.rates()["DFEDTARU"].row(0, named=True)

    assert first["published_at"] == datetime(2008, 12, 16, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["DFEDTARU", "DFEDTARL"])
def test_the_built_in_rates_are_the_captured_ones(captured: Path, name: str) -> None:
    real = macro.rates_from(captured / f"rates/{name}.csv")
    built_in = macro.rates()[name]

    assert built_in.head(real.height).rows() == real.rows()
    assert built_in.columns == real.columns


def test_an_average_is_of_all_sessions_of_a_whole_month() -> None:
    silver = macro.averages()["Silver"]
    walk = prices.walk("SI=F")
    closes = walk.filter(pl.col("date").dt.strftime("%Y-%m") == "2011-04")["close"]

    average = silver.filter(date=date(2011, 4, 1))["average"].item()
    assert average == pytest.approx(closes.mean(), abs=5e-5)
    assert silver["date"][0] > walk["date"][0]
    assert silver["date"][-1] == date(2025, 11, 1)


def test_every_month_of_every_metal_is_public_on_the_third_of_the_next() -> None:
    for rows in macro.averages().values():
        assert rows.columns == ["date", "average", "published_at"]
        months = pl.date_range(rows["date"][0], rows["date"][-1], "1mo", eager=True)
        assert rows["date"].to_list() == months.to_list()
        assert rows["average"].min() > 0  # type: ignore[operator]
        assert rows["published_at"][-1] == datetime(2025, 12, 3, 12, tzinfo=UTC)
