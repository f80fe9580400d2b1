from datetime import date

import polars as pl
import pytest

from schemas.tables.holdings import Holdings
from schemas.validation import Verdict, accept
from sources import invesco
from tests.sources import bodies
from transforms import invesco as transform

CAPTURE = bodies.kept(invesco.holdings("ACQ", "00000A103", "Acme QQ Trust", date(2030, 7, 8)))
ROW = {
    "effectiveDate": "2030-07-08",
    "ticker": "AAA ",
    "issuerName": "Alpha Inc",
    "securityTypeName": "Common Stock",
    "cusip": "000000AA0",
    "units": "10,000",
    "marketValueBase": "1,250,000.50",
    "percentageOfTotalNetAssets": "62.500",
    "currency": "USD",
}


def judged(*changes: dict[str, str | None]) -> Verdict:
    rows = [ROW | change for change in changes]
    raw = pl.DataFrame(rows, schema=dict.fromkeys(ROW, pl.String)).with_columns(
        position=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    return accept(Holdings, transform.holdings(raw, CAPTURE), raw, CAPTURE)


def test_a_holding_is_in_our_names_and_units() -> None:
    [row] = judged({}).accepted.to_dicts()

    assert row == {
        "fund": "ACQ",
        "as_of": date(2030, 7, 8),
        "holding": "AAA",
        "source": "invesco",
        "name": "Alpha Inc",
        "ticker": "AAA",
        "asset_class": "Common Stock",
        "quantity": 10_000.0,
        "market_value": 1_250_000.5,
        "weight": 0.625,
        "currency": "USD",
    }


def test_the_table_of_former_years_has_days_of_its_own_and_dollars() -> None:
    accepted = judged({"effectiveDate": "07/08/2030", "currency": None}).accepted

    assert accepted.select("as_of", "currency").rows() == [(date(2030, 7, 8), "USD")]


def test_a_repeated_ticker_and_none_still_make_distinct_holdings() -> None:
    verdict = judged(
        {}, {"ticker": "AAA", "issuerName": "Alpha Rights"}, {"ticker": "", "issuerName": "CASH"}
    )

    assert verdict.accepted["holding"].to_list() == ["AAA", "AAA Alpha Rights", "CASH"]
    assert verdict.accepted["ticker"].to_list() == ["AAA", "AAA", None]


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        pytest.param({"effectiveDate": "8 July"}, "as_of: not_nullable", id="no day"),
        pytest.param({"effectiveDate": "13/08/2030"}, "as_of: not_nullable", id="no month"),
        pytest.param({"issuerName": " "}, "name: not_nullable", id="no name"),
        pytest.param({"units": "many"}, "quantity: less_than(inf)", id="a word"),
        pytest.param({"marketValueBase": "inf"}, "market_value: less_than(inf)", id="no number"),
        pytest.param({"percentageOfTotalNetAssets": "x"}, "weight: less_than(inf)", id="no weight"),
    ],
)
def test_what_cannot_be_read_is_rejected(change: dict[str, str | None], failure: str) -> None:
    verdict = judged({}, change)

    assert verdict.accepted.height == 1
    assert failure in verdict.rejected["failures"][0]
