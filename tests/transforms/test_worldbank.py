from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.tables.monthly_averages import MonthlyAverages
from schemas.validation import accept
from sources import worldbank
from tests.sources import bodies
from transforms import worldbank as transform

CAPTURE = bodies.kept(worldbank.monthly_averages("SILVER_MONTHLY", "Silver"))


def averaged(*rows: tuple[str, str]) -> pl.DataFrame:
    raw = pl.DataFrame(
        [(n, *row, "($/troy oz)", "Updated on July 02, 2030") for n, row in enumerate(rows)],
        ["position", "period", "value", "unit", "updated"],
        orient="row",
    )
    return transform.monthly_averages(raw, CAPTURE)


def test_a_month_is_known_by_its_first_day_and_counts_for_its_last() -> None:
    rows = averaged(("2028M02", "25.5"), ("2030M12", "26"))

    assert rows.row(0, named=True) == {
        "series": "SILVER_MONTHLY",
        "as_of": date(2028, 2, 29),
        "source": "worldbank",
        "month": date(2028, 2, 1),
        "average": 25.5,
        "unit": "$/troy oz",
        "position": 0,
    }
    assert rows.row(1)[1] == date(2030, 12, 31)


@pytest.mark.parametrize("nothing", ["..", "...", "\u2026", " .. "])
def test_what_is_not_stated_is_left_out(nothing: str) -> None:
    rows = averaged(("2030M04", "25"), ("2030M05", nothing), ("2030M06", "27"))

    assert rows.select("position", "average").rows() == [(0, 25.0), (2, 27.0)]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (("2030M05", "n/a"), "average"),
        (("2030M05", ""), "average"),
        (("2030M05", "0"), "average"),
        (("2030M13", "26"), "as_of"),
        (("2030-05", "26"), "as_of"),
        (("", "26"), "as_of"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_row(row: Any, column: str) -> None:
    rows = averaged(("2030M04", "25"), row)

    verdict = accept(MonthlyAverages, rows, rows, CAPTURE)

    assert verdict.accepted["average"].to_list() == [25.0]
    [failures] = verdict.rejected["failures"].to_list()
    assert any(told.startswith(f"{column}: ") for told in failures)


def test_the_running_month_of_an_edition_is_premature() -> None:
    rows = averaged(("2030M06", "25"), ("2030M07", "26"))

    verdict = accept(MonthlyAverages, rows, rows, CAPTURE, CAPTURE.known_at.date())

    assert verdict.accepted["month"].to_list() == [date(2030, 6, 1)]
