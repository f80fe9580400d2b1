"""abrdn's gateway: what it answers, and that its answers come back as the market's values."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from sandbox import abrdn, others
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import accept
from sources import abrdn as source
from tests.sources import bodies
from transforms import abrdn as transform

[SIVR] = abrdn.FUNDS
PATH = source.PATH
NOW = datetime(2025, 12, 12, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market("synthetic", {}, {}, others.valuations())


def ask(market: Market, body: bytes, now: datetime = NOW, agent: str = "Mozilla/5.0") -> Answer:
    return abrdn.answer(market, now, Question(PATH, {}, agent, body=body))


def posted(symbol: str = SIVR) -> bytes:
    return json.dumps(source.valuations("SIVR", symbol, "Acme Silver Trust").body).encode()


def test_what_is_served_comes_back_as_the_markets_newest_value(market: Market) -> None:
    capture = bodies.kept(source.valuations("SIVR", SIVR, "Acme Silver Trust"), NOW)
    raw = source.parse_valuations(ask(market, posted()).body, capture).tables["fund_valuations"]

    verdict = accept(FundValuations, transform.fund_valuations(raw, capture), raw, capture)

    [row], newest = verdict.accepted.to_dicts(), market.valuations["SIVR"].row(-1, named=True)
    assert row["as_of"] == newest["date"]
    assert row["shares_outstanding"] == newest["shares_outstanding"]
    assert row["net_assets"] == round(newest["nav"] * newest["shares_outstanding"], 2)


def test_only_what_is_published_is_served(market: Market) -> None:
    early = datetime(2025, 12, 12, 12, 59, tzinfo=UTC)
    served = json.loads(ask(market, posted(), early).body)["content"]

    assert served["fund"]["fundSizeWithDate"]["date"] == "2025-12-10T00:00:00Z"


def test_a_get_is_not_allowed_and_no_browser_is_forbidden(market: Market) -> None:
    assert ask(market, b"").status == 405
    assert ask(market, posted(), agent="curl/8").status == 403


@pytest.mark.parametrize("body", [posted("x/y"), b"{}", b"[]", b"no JSON"])
def test_an_unknown_fund_is_an_error_within_status_200(market: Market, body: bytes) -> None:
    answer = ask(market, body)

    assert answer.status == 200
    assert json.loads(answer.body) == {"content": None, "statusCode": 404}


def test_nothing_published_yet_is_an_unknown_fund(market: Market) -> None:
    answer = ask(market, posted(), datetime(2009, 7, 24, tzinfo=UTC))

    assert json.loads(answer.body)["statusCode"] == 404


def test_a_metal_funds_holdings_are_no_bytes(market: Market) -> None:
    answer = abrdn.holdings(market, NOW, Question(PATH, {}, "Mozilla/5.0"))

    assert (answer.status, answer.body) == (200, b"")


def test_a_market_without_the_fund_carries_nothing(market: Market) -> None:
    assert abrdn.carries(market) == {"valuations": [SIVR]}
    assert abrdn.carries(Market("synthetic", {}, {}, {})) == {"valuations": []}


def test_the_silver_trust_holds_whole_baskets_and_a_little_less_than_an_ounce_a_share(
    market: Market,
) -> None:
    rows = market.valuations["SIVR"]
    per_share = rows["ounces"] / rows["shares_outstanding"]

    assert rows.columns == ["date", "nav", "shares_outstanding", "ounces", "published_at"]
    assert (rows["shares_outstanding"] % 50_000).unique().to_list() == [0]
    assert per_share[0] == 1
    assert 0.95 < per_share[-1] < 0.953
    assert rows.select(pl.col("date").is_unique().all()).item()
