from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import days
from transforms.days import AMERICAN, DASHED, ISO, SLASHED, SPACED


@pytest.mark.parametrize("layout", days.WRITTEN)
@given(written=st.dates(date(1000, 1, 1)))
def test_any_day_survives_being_written(layout: str, written: date) -> None:
    frame = pl.DataFrame({"x": [f"{written:{layout}}", f"  {written:{layout}} "]})

    assert frame.select(days.day("x", layout))["x"].to_list() == [written, written]


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        (ISO, "2022-05-11T00:00:00"),
        (ISO, "2022-5-11"),
        (ISO, "2022-02-30"),
        (AMERICAN, "11 May 2022"),
        (AMERICAN, "May 32, 2022"),
        (SLASHED, "13/05/2022"),
        (SLASHED, "05/11/22"),
        (DASHED, "11-05-2022"),
        (SPACED, "11 May 20222"),
        (SPACED, "Total"),
        (ISO, ""),
        (ISO, None),
    ],
)
def test_what_is_no_day_in_its_layout_is_null(layout: str, text: str | None) -> None:
    frame = pl.DataFrame({"x": [text]}, schema={"x": pl.String})

    assert frame.select(days.day("x", layout))["x"].to_list() == [None]


def test_words_before_a_day_are_taken_off() -> None:
    frame = pl.DataFrame({"x": ["As of 10-May-2024", "Of 10-May-2024"]})

    read = frame.select(days.day("x", DASHED, after="As of "))["x"].to_list()

    assert read == [date(2024, 5, 10), None]
