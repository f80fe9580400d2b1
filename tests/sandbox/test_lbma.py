from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sandbox import lbma, spot
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.tables.bars import Bars
from schemas.validation import accept
from sources import lbma as source
from tests.sources.bodies import kept
from transforms import lbma as transform

LAST = date(2025, 12, 11)
MORNING_AFTER = datetime(2025, 12, 12, 6, 30, tzinfo=UTC)
AUCTIONS = ["gold_am", "gold_pm", "silver"]


@pytest.fixture(scope="module")
def market() -> Market:
    return Market("synthetic", {}, {}, {}, fixings=spot.fixings())


def ask(market: Market, name: str, now: datetime = MORNING_AFTER) -> Answer:
    return lbma.answer(market, now, Question(f"/json/{name}.json", {}, "curl/8"))


def test_all_auctions_are_carried(market: Market) -> None:
    assert lbma.carries(market) == {"quotes": AUCTIONS}


def test_a_file_is_one_line_with_integers_and_nulls() -> None:
    at = datetime(2025, 12, 11, tzinfo=UTC)
    rows = pl.DataFrame(
        {
            "date": [date(1990, 1, 2), date(2025, 12, 10)],
            "usd": [2.0, 2.125],
            "gbp": [0.904, None],
            "eur": [None, 99.0],
            "is_locked": [0, 1],
            "published_at": [at, at],
        }
    )
    market = Market("x", {}, {}, {}, fixings={"silver": rows})

    answer = ask(market, "silver")

    assert answer.body == (
        b'[{"is_cms_locked":0,"d":"1990-01-02","v":[2,0.904,null]},'
        b'{"is_cms_locked":1,"d":"2025-12-10","v":[2.125,null,99]}]'
    )
    assert answer.media_type == "application/json"


def test_a_days_price_is_there_from_the_morning_after(market: Market) -> None:
    evening = ask(market, "gold_pm", datetime(2025, 12, 11, 23, tzinfo=UTC))

    assert b"2025-12-10" in evening.body
    assert b"2025-12-11" not in evening.body
    assert b"2025-12-11" in ask(market, "gold_pm").body


def test_an_unknown_auction_gets_a_page(market: Market) -> None:
    answer = ask(market, "tin")

    assert (answer.status, answer.body[:5]) == (404, b"<!DOC")


@pytest.mark.parametrize("name", AUCTIONS)
def test_what_is_served_comes_back_as_the_same_values(market: Market, name: str) -> None:
    request = source.quotes("ACM-FIX", name, "USD", date(1968, 1, 2), LAST)
    capture = kept(request, MORNING_AFTER)

    raw = source.parse_quotes(ask(market, name).body, capture).tables["bars"]
    verdict = accept(Bars, transform.bars(raw, capture), raw, capture)

    rows = market.fixings[name]
    assert verdict.rejected.is_empty()
    assert verdict.accepted["is_final"].all()
    assert_frame_equal(
        verdict.accepted.select("session", "close"),
        rows.select(session="date", close="usd"),
        check_exact=True,
    )
    assert_frame_equal(
        raw.select(gbp="GBP", eur="EUR", is_locked="is_cms_locked"),
        rows.select("gbp", "eur", "is_locked"),
    )
