from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.tables.fund_valuations import FundValuations
from schemas.validation import Verdict, accept
from sources import sec
from tests.sources import bodies
from transforms import sec as transform

CAPTURE = bodies.kept(sec.valuations("ACS", "0000012345", "Acme Silver Trust"))
NAMES = {
    "end": pl.String,
    "val": pl.Float64,
    "form": pl.String,
    "filed": pl.String,
}

Fact = tuple[Any, ...]
FIRST: Fact = ("2030-03-31", 1_400_000, "10-Q", "2030-05-12")


def judged(*facts: Fact) -> Verdict:
    raw = pl.DataFrame(facts, schema=NAMES, orient="row").with_columns(
        position=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    return accept(FundValuations, transform.fund_valuations(raw, CAPTURE), raw, CAPTURE)


def counts(verdict: Verdict) -> list[Fact]:
    return verdict.accepted.select("as_of", "shares_outstanding").rows()


def test_a_filing_states_shares_and_nothing_else() -> None:
    [row] = judged(FIRST).accepted.to_dicts()

    assert row == {
        "fund": "ACS",
        "as_of": date(2030, 3, 31),
        "source": "sec",
        "nav": None,
        "shares_outstanding": 1_400_000.0,
        "net_assets": None,
        "ounces": None,
        "currency": "USD",
        "is_recovered": False,
    }


def test_an_amendment_equal_to_its_report_counts_once() -> None:
    verdict = judged(FIRST, ("2030-03-31", 1_400_000, "10-Q/A", "2031-02-17"))

    assert counts(verdict) == [(date(2030, 3, 31), 1_400_000)]
    assert verdict.rejected.is_empty()


@pytest.mark.parametrize("order", [1, -1], ids=["as filed", "newest first"])
def test_a_late_report_that_bears_the_day_of_the_one_before_is_rejected_alone(order: int) -> None:
    late = ("2030-03-31", 1_350_000, "10-Q", "2030-08-08")

    verdict = judged(*(FIRST, late)[::order])

    assert counts(verdict) == [(date(2030, 3, 31), 1_400_000)]
    assert verdict.rejected["failures"].to_list() == [["as_of: not_nullable"]]
    assert "2030-08-08" in verdict.rejected["row"][0]


@pytest.mark.parametrize(
    ("form", "filed"),
    [
        pytest.param("10-Q/A", "2030-08-08", id="an amendment"),
        pytest.param("10-Q", "2030-05-20", id="in time"),
        pytest.param("10-Q", None, id="who knows when"),
        pytest.param(None, "2030-08-08", id="who knows what"),
    ],
)
def test_what_else_contradicts_a_filing_makes_both_conflicting_duplicates(
    form: str | None, filed: str | None
) -> None:
    verdict = judged(FIRST, ("2030-03-31", 1_350_000, form, filed))

    assert counts(verdict) == []
    assert verdict.rejected["failures"].to_list() == [["conflicting duplicate"]] * 2


def test_a_late_filing_of_a_day_of_its_own_counts() -> None:
    assert counts(judged(("2030-03-31", 1_400_000, "10-Q", "2030-09-30"))) == [
        (date(2030, 3, 31), 1_400_000)
    ]


def test_a_cover_page_day_is_taken_as_it_is() -> None:
    assert counts(judged(("2030-08-05", 7, "10-Q", "2030-08-06"))) == [(date(2030, 8, 5), 7)]


@pytest.mark.parametrize(
    ("fact", "failure"),
    [
        pytest.param(
            ("2030-03-31", None, "10-Q", "2030-05-12"),
            "shares_outstanding: less_than(inf)",
            id="no count",
        ),
        pytest.param(("31 March", 7, "10-Q", "2030-05-12"), "as_of: not_nullable", id="no day"),
        pytest.param(
            ("2030-03-31", -7, "10-Q", "2030-05-12"),
            "shares_outstanding: greater_than_or_equal_to(0)",
            id="below zero",
        ),
    ],
)
def test_what_cannot_be_is_rejected(fact: Fact, failure: str) -> None:
    assert judged(fact).rejected["failures"].to_list() == [[failure]]
