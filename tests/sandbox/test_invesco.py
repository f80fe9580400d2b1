"""Invesco's holdings service: what it answers, and that it comes back as the market's values."""

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from sandbox import invesco, others
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.tables.holdings import Holdings
from schemas.validation import accept
from sources import invesco as source
from tests.sources import bodies
from transforms import invesco as transform

CUSIP = "46090E103"
NOW = datetime(2025, 12, 12, 18, tzinfo=UTC)
LAST = date(2025, 12, 11)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market("synthetic", {}, {}, {}, holdings=others.holdings())


def ask(
    market: Market, cusip: str = CUSIP, now: datetime = NOW, agent: str = "Mozilla/5.0"
) -> Answer:
    path = invesco.PATH.replace("{cusip}", cusip)
    return invesco.answer(market, now, Question(path, {"asOfDate": "2020-01-02"}, agent))


def test_what_is_served_comes_back_as_the_markets_newest_day(market: Market) -> None:
    capture = bodies.kept(source.holdings("QQQ", CUSIP, "Acme QQ Trust", LAST), NOW)
    raw = source.parse_holdings(ask(market).body, capture).tables["holdings"]

    verdict = accept(Holdings, transform.holdings(raw, capture), raw, capture)

    newest = market.holdings["QQQ"].filter(pl.col("date") == LAST)
    columns = ("name", "quantity", "market_value")
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select(columns).rows() == newest.select(columns).rows()
    assert set(verdict.accepted["as_of"]) == {LAST}
    assert verdict.accepted["weight"].sum() == pytest.approx(1, abs=1e-6)
    assert verdict.accepted["holding"].n_unique() == newest.height


def test_its_json_is_called_text(market: Market) -> None:
    answer = ask(market)

    assert answer.media_type.startswith("text/plain")
    assert json.loads(answer.body)["totalNumberOfHoldings"] == 51


def test_a_day_is_served_once_it_is_published_whatever_was_asked(market: Market) -> None:
    early = datetime(2025, 12, 12, 12, 59, tzinfo=UTC)

    assert json.loads(ask(market, now=early).body)["effectiveDate"] == "2025-12-10"
    assert json.loads(ask(market).body)["effectiveDate"] == "2025-12-11"


def test_an_unknown_fund_and_one_without_a_day_are_not_found(market: Market) -> None:
    assert ask(market, "00000A103").status == 404
    assert ask(market, now=datetime(2025, 1, 1, tzinfo=UTC)).status == 404
    assert ask(market, agent="").status == 406


def test_the_table_of_former_years_leads_to_a_page(market: Market) -> None:
    browser, client = (Question(invesco.LEGACY, {}, agent) for agent in ("Mozilla/5.0", "curl/8"))

    led = invesco.moved(market, NOW, browser)

    assert (led.status, led.headers) == (301, {"location": invesco.HUB})
    assert invesco.moved(market, NOW, client).status == 406
    assert invesco.hub(market, NOW, browser).body.startswith(b"<!DOCTYPE html>")


def test_a_market_without_the_fund_carries_nothing(market: Market) -> None:
    assert invesco.carries(market) == {"holdings": [CUSIP]}
    assert invesco.carries(Market("synthetic", {}, {}, {})) == {"holdings": []}


def test_the_invented_holdings_have_the_usual_oddities(market: Market) -> None:
    day = market.holdings["QQQ"].filter(pl.col("date") == LAST)

    assert market.holdings["QQQ"]["date"].n_unique() == others.SESSIONS
    assert day["weight"].sum() == pytest.approx(100)
    assert day.filter(pl.col("ticker").str.ends_with(" ")).height == 16
    assert day.filter(pl.col("ticker").is_duplicated()).height == 2
    assert day.filter(pl.col("ticker") == "")["asset_class"].to_list() == ["Cash"]
