from datetime import date

import polars as pl
import pytest

from schemas.tables.fund_valuations import FundValuations
from schemas.validation import Verdict, accept
from sources import abrdn
from tests.sources import bodies
from transforms import abrdn as transform

CAPTURE = bodies.kept(abrdn.valuations("ACS", "acme-fund/acme-class", "Acme Silver Trust"))


def valued(**served: str) -> Verdict:
    row = {
        "shareClass.ticker": "ACS",
        "shareClass.baseCurrency": "USD",
        "shareClass.sharesOutstanding": "1250000",
        "fund.fundSizeWithDate.value": "31250000.25",
        "fund.fundSizeWithDate.date": "2030-07-08T00:00:00Z",
    }
    told = {name: served.get(name.rpartition(".")[2], value) for name, value in row.items()}
    raw = pl.DataFrame(told).with_columns(position=pl.lit(0, pl.Int64))
    return accept(FundValuations, transform.fund_valuations(raw, CAPTURE), raw, CAPTURE)


def test_the_undated_count_is_of_the_fund_sizes_day_and_no_nav_is_derived() -> None:
    [row] = valued().accepted.to_dicts()

    assert row == {
        "fund": "ACS",
        "as_of": date(2030, 7, 8),
        "source": "abrdn",
        "nav": None,
        "shares_outstanding": 1_250_000.0,
        "net_assets": 31_250_000.25,
        "ounces": None,
        "currency": "USD",
        "is_recovered": False,
    }


def test_an_empty_fund_size_is_missing() -> None:
    assert valued(value="").accepted["net_assets"].to_list() == [None]


@pytest.mark.parametrize(
    ("served", "failure"),
    [
        pytest.param({"date": ""}, "as_of: not_nullable", id="no day"),
        pytest.param({"date": "08/07/2030"}, "as_of: not_nullable", id="another form of day"),
        pytest.param({"date": "2030-02-30T00:00:00Z"}, "as_of: not_nullable", id="no such day"),
        pytest.param(
            {"sharesOutstanding": "many"}, "shares_outstanding: less_than(inf)", id="a word"
        ),
        pytest.param({"value": "1.25bn"}, "net_assets: less_than(inf)", id="no number"),
        pytest.param({"baseCurrency": ""}, "currency: not_nullable", id="no currency"),
    ],
)
def test_what_cannot_be_read_is_rejected(served: dict[str, str], failure: str) -> None:
    verdict = valued(**served)

    assert verdict.accepted.is_empty()
    assert verdict.rejected["failures"].to_list() == [[failure]]
