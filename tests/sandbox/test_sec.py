"""EDGAR's company facts: what they answer, and that they come back as the market's values."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from sandbox import publication, sec
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import accept
from sources import sec as source
from tests.sources import bodies
from transforms import sec as transform

CIK = "0001330568"
AGENT = "Acme admin@example.com"
NOW = datetime(2025, 12, 12, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> Market:
    days = publication.sessions(date(2023, 3, 1), date(2025, 12, 11)).select("date")
    rows = days.with_columns(
        nav=pl.lit(20.0),
        shares_outstanding=1_000_000 + 50_000 * pl.int_range(pl.len()),
        ounces=pl.lit(None, pl.Float64),
    )
    return Market("synthetic", {}, {}, {"SLV": publication.publish_fund_rows(rows)})


def ask(market: Market, cik: str = CIK, now: datetime = NOW, agent: str = AGENT) -> Answer:
    return sec.answer(market, now, Question(f"/api/xbrl/companyfacts/CIK{cik}.json", {}, agent))


def facts(answer: Answer) -> list[dict[str, Any]]:
    concepts = json.loads(answer.body)["facts"]["dei"]
    if not concepts:
        return []
    found: list[dict[str, Any]] = concepts["EntityCommonStockSharesOutstanding"]["units"]["shares"]
    return found


def test_what_is_served_comes_back_as_the_markets_last_session_of_each_quarter(
    market: Market,
) -> None:
    capture = bodies.kept(source.valuations("SLV", CIK, "iShares Silver Trust"), NOW)
    raw = source.parse_valuations(ask(market).body, capture).tables["fund_valuations"]

    verdict = accept(FundValuations, transform.fund_valuations(raw, capture), raw, capture)

    shares = dict(market.valuations["SLV"].select("date", "shares_outstanding").iter_rows())
    told = dict(verdict.accepted.select("as_of", "shares_outstanding").iter_rows())
    assert verdict.rejected.is_empty()
    assert [*told][:3] == [date(2023, 3, 31), date(2023, 6, 30), date(2023, 9, 29)]
    assert [*told][-1] == date(2025, 9, 30)
    assert told == {day: shares[day] for day in told}


def test_a_count_is_served_from_its_filing_on(market: Market) -> None:
    filed = datetime(2025, 9, 30, tzinfo=UTC) + sec.FILED_AFTER
    ends = [facts(ask(market, now=filed - timedelta(days=n)))[-1]["end"] for n in (1, 0)]

    assert ends == ["2025-06-30", "2025-09-30"]


def test_one_annual_report_is_filed_twice_and_only_the_amendment_bears_the_frame(
    market: Market,
) -> None:
    twice = [fact for fact in facts(ask(market)) if fact["end"] == "2023-12-29"]

    assert [fact["form"] for fact in twice] == ["10-K", "10-K/A"]
    assert [fact.get("frame") for fact in twice] == [None, "CY2023Q4I"]
    assert len({fact["val"] for fact in twice}) == 1
    assert len(facts(ask(market))) == 12


def test_before_the_first_filing_there_is_no_such_fact(market: Market) -> None:
    assert facts(ask(market, now=datetime(2023, 4, 1, tzinfo=UTC))) == []


def test_a_client_without_an_address_gets_a_page(market: Market) -> None:
    answer = ask(market, agent="Mozilla/5.0")

    assert (answer.status, answer.media_type) == (403, "text/html")
    assert answer.body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize("cik", ["0000000000", "1330568", "0001222333"])
def test_an_unknown_company_is_not_found_in_xml(market: Market, cik: str) -> None:
    answer = ask(market, cik)

    assert answer.status == 404
    assert b"NoSuchKey" in answer.body


def test_a_market_carries_the_trusts_it_has(market: Market) -> None:
    assert sec.carries(market) == {"valuations": [CIK]}
    assert sec.carries(Market("synthetic", {}, {}, {})) == {"valuations": []}
