from datetime import date
from typing import Any

import polars as pl
import pytest

from schemas.tables.fund_valuations import FundValuations
from schemas.validation import Verdict, accept
from sources import ssga
from tests.sources.bodies import kept
from transforms import ssga as transform

VALUATIONS = kept(ssga.valuations("ACS", "acs", "Acme Silver Trust"))
HOLDINGS = kept(ssga.holdings("ACS", "acs", "Acme Silver Trust", date(2030, 7, 8)))
COLUMNS = ("Date", "NAV", "Shares Outstanding", "Total Net Assets")
HELD = ("Holdings:", "Name", "Ticker", "Weight", "Shares Held")
AS_OF = "As of 08-Jul-2030"


def frame(columns: tuple[str, ...], rows: Any) -> pl.DataFrame:
    raw = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    return raw.with_row_index("position").with_columns(pl.col("position").cast(pl.Int64))


def valued(*rows: Any) -> Verdict:
    raw = frame(COLUMNS, rows)
    return accept(FundValuations, transform.fund_valuations(raw, VALUATIONS), raw, VALUATIONS)


def test_valuations_are_in_our_names_and_units() -> None:
    assert valued(("08-Jul-2030", "25.125", "1500000", "37687500.5")).accepted.to_dicts() == [
        {
            "fund": "ACS",
            "as_of": date(2030, 7, 8),
            "source": "ssga",
            "nav": 25.125,
            "shares_outstanding": 1_500_000.0,
            "net_assets": 37_687_500.5,
            "ounces": None,
            "currency": "USD",
            "is_recovered": False,
        }
    ]


def test_a_dash_is_missing() -> None:
    verdict = valued(("08-Jul-2030", "25.125", "-", "-"))

    assert verdict.rejected.is_empty()
    assert verdict.accepted["shares_outstanding"].to_list() == [None]


@pytest.mark.parametrize(
    ("row", "failure"),
    [
        (("2030-07-08", "1", "1", "1"), "as_of: not_nullable"),
        (("08-Jul-2030", "n/a", "1", "1"), "nav: less_than(inf)"),
        (("08-Jul-2030", "1", "many", "1"), "shares_outstanding: less_than(inf)"),
        (("08-Jul-2030", "1", "1", "5e-324 or so"), "net_assets: less_than(inf)"),
    ],
)
def test_what_cannot_be_read_is_rejected(row: Any, failure: str) -> None:
    assert failure in valued(row).rejected["failures"].item()


def test_holdings_are_in_our_names_and_units() -> None:
    raw = frame(HELD, [(AS_OF, "ALPHA INC", "AAA", "60.5", "10000")])

    assert transform.holdings(raw, HOLDINGS).to_dicts() == [
        {
            "fund": "ACS",
            "as_of": date(2030, 7, 8),
            "holding": "AAA",
            "source": "ssga",
            "name": "ALPHA INC",
            "ticker": "AAA",
            "asset_class": None,
            "quantity": 10_000.0,
            "market_value": None,
            "weight": 0.605,
            "currency": None,
            "position": 0,
        }
    ]


def test_a_holding_without_a_ticker_is_its_name() -> None:
    raw = frame(HELD, [(AS_OF, "US DOLLAR", "-", "0.1", "5"), (AS_OF, "US DOLLAR", "-", "0", "1")])

    rows = transform.holdings(raw, HOLDINGS)

    assert rows["holding"].to_list() == ["US DOLLAR", "US DOLLAR #2"]
    assert rows["ticker"].to_list() == [None, None]
