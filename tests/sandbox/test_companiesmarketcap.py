from datetime import UTC, date, datetime

import polars as pl
import pytest

from sandbox import assets, companiesmarketcap, prices
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.capture import Refused
from schemas.tables.asset_caps import AssetCaps
from schemas.validation import accept
from sources import companiesmarketcap as source
from tests.sources.bodies import kept
from transforms import companiesmarketcap as transform

BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
NOW = datetime(2025, 12, 11, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def market() -> Market:
    return Market("synthetic", {}, {}, {}, assets=assets.assets())


def asked(market: Market, now: datetime = NOW, agent: str = BROWSER, **query: str) -> Answer:
    return companiesmarketcap.answer(market, now, Question(companiesmarketcap.PATH, query, agent))


def accepted(market: Market, now: datetime, page: str = "1") -> pl.DataFrame:
    capture = kept(source.asset_caps("assets", page), now)
    body = asked(market, now, **capture.request.params).body
    raw = source.parse_asset_caps(body, capture).tables["asset_caps"]
    verdict = accept(AssetCaps, transform.asset_caps(raw, capture), raw, capture, now.date())
    assert verdict.rejected.is_empty()
    return verdict.accepted


def test_what_is_served_comes_back_as_the_markets_values(market: Market) -> None:
    found = accepted(market, NOW)

    columns = ["asset", "name", "symbol", "kind", "market_cap", "price"]
    known = market.assets.filter(date=NOW.date()).sort("market_cap", descending=True).head(100)
    assert found.select(columns).rows() == known.select(columns).rows()
    assert found["rank"].to_list() == [*range(1, 101)]
    assert set(found["as_of"]) == {NOW.date()}
    assert {*found["kind"]} == {"company", "metal", "coin", "fund"}


@pytest.mark.parametrize(
    ("month", "day", "rank"), [(11, 28, 8), (12, 8, 7), (12, 11, 6), (12, 12, 6)]
)
def test_silver_rises_to_the_sixth_place(market: Market, month: int, day: int, rank: int) -> None:
    found = accepted(market, datetime(2025, month, day, 22, tzinfo=UTC))

    assert found.filter(asset="silver")["rank"].to_list() == [rank]
    assert found["asset"][0] == "gold"


def test_metals_and_coins_are_worth_what_the_market_pays(market: Market) -> None:
    rows = accepted(market, NOW)
    found = dict(rows.select("asset", "price").rows())

    for name, symbol in [("gold", "GC=F"), ("silver", "SI=F"), ("bitcoin", "BTC-USD")]:
        close = prices.walk(symbol).filter(date=NOW.date())["close"][0]
        assert found[name] == pytest.approx(close, abs=0.005)
    assert 3.4e12 < rows.filter(asset="silver")["market_cap"][0] < 3.7e12


def test_before_its_first_day_and_beyond_its_last_page_there_are_no_rows(market: Market) -> None:
    early = asked(market, datetime(2025, 11, 1, tzinfo=UTC))
    beyond = asked(market, page="9")

    assert early.body == beyond.body == asked(Market("history", {}, {}, {})).body
    assert beyond.status == 200
    with pytest.raises(Refused, match="no cell name-td"):
        source.parse_asset_caps(beyond.body, kept(source.asset_caps("assets", "9"), NOW))


def test_the_second_page_goes_on_and_is_too_short_to_be_one(market: Market) -> None:
    body = asked(market, page="2").body

    assert b'data-sort="101"' in body
    with pytest.raises(Refused, match="rows where a page has 100"):
        source.parse_asset_caps(body, kept(source.asset_caps("assets", "2"), NOW))


def test_a_page_number_that_is_none_is_the_first(market: Market) -> None:
    assert asked(market, page="x").body == asked(market, page="1").body == asked(market).body


def test_a_program_is_blocked(market: Market) -> None:
    answer = asked(market, agent="python-httpx/0.28")

    assert answer.status == 403
    with pytest.raises(Refused, match="Attention Required"):
        source.parse_asset_caps(answer.body, kept(source.asset_caps("assets", "1"), NOW))


def test_a_change_has_its_sign_where_it_sorts_and_in_its_colour_only(market: Market) -> None:
    body = asked(market).body.decode()

    assert (
        '<td class="rh-sm" data-sort="-16"><span class="percentage-red">0.16%</span></td>' in body
    )
    assert ' moves="1"' in body or ' moves="-1"' in body


def test_a_price_below_a_cent_is_nothing_in_hundredths(market: Market) -> None:
    found = dict(accepted(market, NOW).select("asset", "price").rows())

    assert 0 < found["shiba-inu"] < 0.01
    assert b'data-sort="0"><span class="currency-symbol-left">$</span>0.000' in asked(market).body


def test_it_carries_the_first_page_if_there_are_assets(market: Market) -> None:
    assert companiesmarketcap.carries(market) == {"asset_caps": ["1"]}
    assert companiesmarketcap.carries(Market("history", {}, {}, {})) == {"asset_caps": []}


def test_the_market_has_one_row_per_asset_and_day() -> None:
    rows = assets.assets()

    assert rows.height == rows.n_unique(["date", "asset"])
    assert (
        rows["date"].unique().sort().to_list()
        == pl.date_range(date(2025, 11, 24), date(2025, 12, 12), eager=True).to_list()
    )
    assert rows["asset"].str.contains("^[a-z0-9][a-z0-9-]*$").all()
    assert not rows.null_count().sum_horizontal().item()
