"""State Street's files, and that what the sandbox serves is read back as the same values."""

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from sandbox import publication, ssga, state_street
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.capture import Refused
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.validation import accept
from sources import ssga as source
from tests.sources.bodies import kept
from transforms import ssga as transform

LATER = datetime(2027, 1, 4, tzinfo=UTC)
LAST = date(2025, 12, 11)
FOLDER = ssga.PATH.rpartition("/")[0]


@pytest.fixture(scope="module")
def market() -> Market:
    valuations = state_street.valuations()
    return Market(
        origin="synthetic",
        instruments={},
        bars={},
        valuations=valuations,
        holdings=state_street.holdings(valuations),
    )


def asked(market: Market, file: str, now: datetime = LATER, agent: str = "Mozilla/5.0") -> Answer:
    return ssga.answer(market, now, Question(f"{FOLDER}/{file}", {}, agent))


@pytest.mark.parametrize("fund", ["GLD", "GLDM", "SPY"])
def test_a_history_is_read_back_as_the_same_values(market: Market, fund: str) -> None:
    capture = kept(source.valuations(fund, fund.lower(), "x"), LATER)
    payload = asked(market, f"navhist-us-en-{fund.lower()}.xlsx").body
    raw = source.parse_valuations(payload, capture).tables["fund_valuations"]

    verdict = accept(FundValuations, transform.fund_valuations(raw, capture), raw, capture)

    columns = ("nav", "shares_outstanding")
    expected = market.valuations[fund].select("date", *columns).reverse()
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select("as_of", *columns).rows() == expected.rows()


def test_the_latest_holdings_are_read_back_as_the_same_values(market: Market) -> None:
    capture = kept(source.holdings("SPY", "spy", "x", date(2020, 1, 2)), LATER)
    payload = asked(market, "holdings-daily-us-en-spy.xlsx").body
    raw = source.parse_holdings(payload, capture).tables["holdings"]

    rows = accept(Holdings, transform.holdings(raw, capture), raw, capture).accepted

    expected = market.holdings["SPY"].filter(pl.col("date") == LAST)
    assert set(rows["as_of"]) == {LAST}
    assert rows["name"].to_list() == expected["name"].to_list()
    assert rows["quantity"].to_list() == expected["shares"].to_list()
    assert (rows["weight"] * 100).to_list() == pytest.approx(expected["weight"].to_list())


def test_holdings_of_yesterday_are_overwritten(market: Market) -> None:
    morning = datetime(2025, 12, 10, 14, tzinfo=UTC)
    capture = kept(source.holdings("SPY", "spy", "x", LAST), morning)
    payload = asked(market, "holdings-daily-us-en-spy.xlsx", morning).body

    raw = source.parse_holdings(payload, capture).tables["holdings"]

    assert set(raw["Holdings:"]) == {"As of 09-Dec-2025"}


def test_a_day_without_shares_has_dashes() -> None:
    rows = {"date": [LAST], "nav": [2.5], "shares_outstanding": [None], "ounces": [None]}
    day = date(2025, 12, 10)
    known = {"date": [day], "nav": [2.5], "shares_outstanding": [100], "ounces": [1.0]}
    frame = pl.concat([pl.DataFrame(known), pl.DataFrame(rows, schema_overrides=SCHEMA)])
    small = Market("synthetic", {}, {}, {"GLD": publication.publish_fund_rows(frame)})
    payload = asked(small, "navhist-us-en-gld.xlsx").body

    parsed = source.parse_valuations(payload, kept(source.valuations("GLD", "gld", "x")))

    assert parsed.tables["fund_valuations"].row(0)[2:] == ("2.5", "-", "-")


SCHEMA = {"shares_outstanding": pl.Int64, "ounces": pl.Float64}


@pytest.mark.parametrize(
    ("file", "agent", "status"),
    [
        ("navhist-us-en-iau.xlsx", "Mozilla/5.0", 404),
        ("holdings-daily-us-en-gld.xlsx", "Mozilla/5.0", 404),
        ("pdhist-us-en-gld.xlsx", "Mozilla/5.0", 404),
        ("navhist-us-en-gld.xlsx", "python-httpx/0.28", 403),
    ],
)
def test_other_files_and_other_clients_get_a_page(
    market: Market, file: str, agent: str, status: int
) -> None:
    answer = asked(market, file, agent=agent)

    assert answer.status == status
    with pytest.raises(Refused, match="HTML"):
        source.parse_valuations(answer.body, kept(source.valuations("GLD", "gld", "x")))


def test_before_the_first_day_there_is_no_file(market: Market) -> None:
    before = datetime(1990, 1, 1, tzinfo=UTC)

    assert asked(market, "navhist-us-en-spy.xlsx", before).status == 404
    assert asked(market, "holdings-daily-us-en-spy.xlsx", before).status == 404


def test_it_carries_what_the_market_has_but_nothing_of_a_captured_history(market: Market) -> None:
    assert ssga.carries(market) == {"valuations": ["gld", "gldm", "spy"], "holdings": ["spy"]}
    assert ssga.carries(replace(market, origin="history")) == {"valuations": [], "holdings": []}
