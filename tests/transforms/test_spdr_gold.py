from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.tables.fund_valuations import FundValuations
from schemas.validation import Verdict, accept
from sources import spdr_gold
from tests.sources.bodies import kept
from transforms import spdr_gold as transform

GOLD = kept(spdr_gold.valuations("GLD", "gld", "SPDR Gold Shares"))
MINI = kept(spdr_gold.valuations("GLDM", "gldm", "SPDR Gold MiniShares Trust"))
COLUMNS = ("Date", transform.NAV, transform.OUNCES, transform.NET_ASSETS)


def valued(*rows: Any, capture: Any = GOLD) -> Verdict:
    raw = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    raw = raw.with_row_index("position").with_columns(pl.col("position").cast(pl.Int64))
    return accept(FundValuations, transform.fund_valuations(raw, capture), raw, capture)


GOOD = ("02-Jul-2030", "50.5", "98500.25", "50503000.5")


def test_valuations_are_in_our_names_and_units_with_shares_in_whole_baskets() -> None:
    assert valued(GOOD).accepted.to_dicts() == [
        {
            "fund": "GLD",
            "as_of": date(2030, 7, 2),
            "source": "spdr_gold",
            "nav": 50.5,
            "shares_outstanding": 1_000_000.0,
            "net_assets": 50_503_000.5,
            "ounces": 98_500.25,
            "currency": "USD",
            "is_recovered": True,
        }
    ]


@pytest.mark.parametrize("word", ["HOLIDAY", "US Holiday", " HOLIDAY "])
def test_a_holiday_is_no_statement(word: str) -> None:
    verdict = valued(GOOD, ("04-Jul-2030", word, word, word))

    assert verdict.accepted["as_of"].to_list() == [date(2030, 7, 2)]
    assert verdict.rejected.is_empty()


def test_a_day_on_which_the_exchange_was_closed_keeps_its_nav_alone() -> None:
    row = valued(("29-Oct-2012", "165.5", "NYSE Closed", "NYSE Closed")).accepted.row(0, named=True)

    assert row["nav"] == 165.5
    assert [row[name] for name in ("shares_outstanding", "net_assets", "ounces")] == [None] * 3
    assert row["is_recovered"] is False


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_what_is_awaited_is_missing(missing: int) -> None:
    cells = list(GOOD)
    cells[missing] = "AWAITED"
    verdict = valued(cells)
    row = verdict.accepted.row(0, named=True)

    assert verdict.rejected.is_empty()
    assert row[("nav", "ounces", "net_assets")[missing - 1]] is None
    assert (row["shares_outstanding"] is None) == (missing != 2)


@pytest.mark.parametrize("text", ["n/a", "", None, "-", "HOLIDAY", "1.5 oz"])
@pytest.mark.parametrize("column", [1, 2, 3])
def test_whatever_else_is_no_number_is_rejected(text: str | None, column: int) -> None:
    cells: list[str | None] = list(GOOD)
    cells[column] = text
    verdict = valued(GOOD, ("03-Jul-2030", *cells[1:]))

    assert verdict.accepted.height == 1
    assert verdict.rejected["position"].to_list() == [1]


@pytest.mark.parametrize("day", ["2030-07-02", "31-Jun-2030", "", "2 July 2030"])
def test_a_row_without_a_day_is_rejected(day: str) -> None:
    assert "as_of: not_nullable" in valued((day, *GOOD[1:])).rejected["failures"].item()


def test_of_the_smaller_trust_no_shares_are_recovered() -> None:
    row = valued(GOOD, capture=MINI).accepted.row(0, named=True)

    assert row["fund"] == "GLDM"
    assert row["shares_outstanding"] is None
    assert row["is_recovered"] is False
    assert row["net_assets"] == 50_503_000.5
