from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sandbox import spot, stooq
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.capture import Refused
from schemas.tables.bars import Bars
from schemas.validation import accept
from sources import stooq as source
from tests.sources.bodies import kept
from transforms import stooq as transform

LAST = date(2025, 12, 11)
MORNING_AFTER = datetime(2025, 12, 12, 6, 30, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
SYMBOLS = ["btc.v", "eth.v", "iwm.us", "xagusd", "xauusd"]


@pytest.fixture(scope="module")
def market() -> Market:
    return Market("synthetic", {}, {}, {}, quotes=spot.quotes())


def ask(
    market: Market, now: datetime = MORNING_AFTER, agent: str = BROWSER, **query: str
) -> Answer:
    return stooq.answer(market, now, Question("/q/d/l/", {"i": "d", **query}, agent))


def test_all_series_are_carried(market: Market) -> None:
    assert stooq.carries(market) == {"quotes": SYMBOLS}


def test_a_window_is_served_with_crlf_and_in_few_digits() -> None:
    days = [date(2025, 12, 9), date(2025, 12, 10), LAST]
    rows = pl.DataFrame(
        {"date": days, "open": [1.0, 2.0, 3.0], "high": 3.25, "low": 1.0, "close": 0.04951}
    )
    history = rows.with_columns(volume=pl.Series([0.0, 1000.0, 1000.5]), adj_close=1.0)
    market = Market("x", {}, {}, {}, quotes={"acm": spot.from_prices(history, is_coin=False)})

    answer = ask(market, s="ACM", d1="20251210", d2="20251211")

    assert answer.body == (
        b"Date,Open,High,Low,Close,Volume\r\n"
        b"2025-12-10,2,3.25,1,0.04951,1000\r\n"
        b"2025-12-11,3,3.25,1,0.04951,1000.5\r\n"
    )
    assert (answer.status, answer.media_type) == (200, "text/csv;charset=utf-8")


def test_metals_have_no_column_volume(market: Market) -> None:
    assert ask(market, s="xagusd").body.startswith(b"Date,Open,High,Low,Close\r\n1979-12-31,")


def test_a_day_is_served_from_the_morning_after_it(market: Market) -> None:
    evening = ask(market, datetime(2025, 12, 11, 23, tzinfo=UTC), s="xauusd")

    assert evening.body.splitlines()[-1].startswith(b"2025-12-10,")
    assert ask(market, s="xauusd").body.splitlines()[-1].startswith(b"2025-12-11,")


@pytest.mark.parametrize(
    "query",
    [{"s": "acm"}, {}, {"s": "xagusd", "d1": "20300101"}, {"s": "iwm.us", "d2": "19900101"}],
)
def test_an_unknown_symbol_and_an_empty_window_have_no_data(
    market: Market, query: dict[str, str]
) -> None:
    answer = ask(market, **query)

    assert (answer.status, answer.body) == (200, b"No data")
    with pytest.raises(Refused, match="Stooq has no data"):
        source.parse_quotes(answer.body, kept(source.quotes("ACM", "acm", "USD", LAST, LAST)))


def test_a_program_that_says_so_gets_404(market: Market) -> None:
    assert ask(market, agent="python-httpx/0.28", s="xagusd").status == 404


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_what_is_served_comes_back_as_the_same_values(market: Market, symbol: str) -> None:
    request = source.quotes("ACM", symbol, "USD", date(1963, 6, 13), LAST)
    capture = kept(request, MORNING_AFTER)
    served = ask(market, **request.params)

    raw = source.parse_quotes(served.body, capture).tables["bars"]
    verdict = accept(Bars, transform.bars(raw, capture), raw, capture)

    columns = ("open", "high", "low", "close", "volume")
    assert verdict.rejected.is_empty()
    assert_frame_equal(
        verdict.accepted.select("session", *columns),
        market.quotes[symbol].select("date", *columns).rename({"date": "session"}),
        check_exact=True,
    )
