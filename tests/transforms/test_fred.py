import math
from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.tables.rates import Rates
from schemas.validation import accept
from sources import fred
from tests.sources import bodies
from transforms import fred as transform

CAPTURE = bodies.kept(fred.rates("ACME_RATE", "ACMERATE"))


def rated(*rows: tuple[str | None, str | None]) -> pl.DataFrame:
    raw = pl.DataFrame(rows, {"date": pl.String, "value": pl.String}, orient="row")
    return transform.rates(raw.with_row_index("position").cast({"position": pl.Int64}), CAPTURE)


def test_rates_are_percent_a_year_by_day() -> None:
    assert rated(("2030-07-06", "5.50"), ("2030-07-07", "0.0")).to_dicts() == [
        {
            "series": "ACME_RATE",
            "as_of": date(2030, 7, 6),
            "source": "fred",
            "value": 5.5,
            "position": 0,
        },
        {
            "series": "ACME_RATE",
            "as_of": date(2030, 7, 7),
            "source": "fred",
            "value": 0.0,
            "position": 1,
        },
    ]


@pytest.mark.parametrize("nothing", ["", ".", " . "])
def test_no_statement_is_left_out_and_is_never_zero(nothing: str) -> None:
    rows = rated(("2030-07-05", "5.5"), ("2030-07-06", nothing), ("2030-07-07", "5.25"))

    assert rows.select("position", "value").rows() == [(0, 5.5), (2, 5.25)]


@pytest.mark.parametrize("spelling", ["5.50", "5.5", "+5.5", " 5.500 ", "5.5e0"])
def test_decimals_are_numbers_however_many_there_are(spelling: str) -> None:
    assert rated(("2030-07-06", spelling))["value"].to_list() == [5.5]


@pytest.mark.parametrize(
    ("row", "failure"),
    [
        (("2030-07-06", "n/a"), "value"),
        (("2030-07-06", None), "value"),
        (("2030-07-06", "-"), "value"),
        (("2030-02-30", "5.5"), "as_of"),
        (("07/06/2030", "5.5"), "as_of"),
        ((None, "5.5"), "as_of"),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_row(row: Any, failure: str) -> None:
    rows = rated(("2030-07-05", "5.5"), row)

    verdict = accept(Rates, rows, rows, CAPTURE)

    assert verdict.accepted["value"].to_list() == [5.5]
    [failures] = verdict.rejected["failures"].to_list()
    assert all(told.startswith(f"{failure}: ") for told in failures)


def test_text_is_not_a_number_rather_than_missing() -> None:
    assert math.isnan(rated(("2030-07-06", "n/a"))["value"].item())
