from datetime import UTC, date, datetime

import polars as pl
import pytest

from sandbox import bitcoin_flows, farside, synthetic
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.capture import Refused
from schemas.tables.reported_flows import ReportedFlows
from schemas.validation import accept
from sources import farside as source
from tests.sources.bodies import kept
from transforms import farside as transform

BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
NOW = datetime(2025, 12, 12, 18, tzinfo=UTC)
REQUEST = source.reported_flows("bitcoin_etf_flows", "bitcoin-etf-flow-all-data")


@pytest.fixture(scope="module")
def ibit() -> pl.DataFrame:
    return synthetic.valuations("IBIT")


@pytest.fixture(scope="module")
def market(ibit: pl.DataFrame) -> Market:
    return Market("synthetic", {}, {}, {}, bitcoin_flows=bitcoin_flows.flows(ibit))


def asked(market: Market, now: datetime = NOW, agent: str = BROWSER) -> Answer:
    return farside.answer(market, now, Question(farside.PATH, {}, agent))


def parsed(market: Market, now: datetime) -> pl.DataFrame:
    return source.parse_reported_flows(asked(market, now).body, kept(REQUEST, now)).tables[
        "reported_flows"
    ]


def on(market: Market, now: datetime, day: str) -> dict[str, str]:
    """Give the cells of a day's row, and its Total."""
    row = parsed(market, now).filter(Date=day)
    return dict(row.select("fund", "flow").rows()) | {"Total": row["Total"][0]}


def test_what_is_served_comes_back_as_the_markets_values(market: Market) -> None:
    capture = kept(REQUEST, NOW)
    raw = parsed(market, NOW)
    verdict = accept(
        ReportedFlows, transform.reported_flows(raw, capture), raw, capture, NOW.date()
    )

    known = market.bitcoin_flows.filter(pl.col("published_at") <= NOW).drop_nulls("millions")
    usd = (pl.col("millions") * 1_000_000).round()
    assert verdict.rejected.is_empty()
    assert (
        verdict.accepted.select("fund", "as_of", "net_flow_usd").rows()
        == known.select("fund", "date", usd).rows()
    )


def test_the_markets_own_fund_reports_what_its_shares_say(
    market: Market, ibit: pl.DataFrame
) -> None:
    day, before = (ibit.row(at, named=True) for at in (-1, -2))
    created = day["shares_outstanding"] - before["shares_outstanding"]

    own = market.bitcoin_flows.filter(fund="IBIT", date=day["date"])["millions"][0]

    assert own == pytest.approx(created * day["nav"] / 1e6, abs=0.05001)


@pytest.mark.parametrize(
    ("now", "missing"),
    [
        (datetime(2025, 12, 12, 1, tzinfo=UTC), 11),
        (datetime(2025, 12, 12, 3, tzinfo=UTC), 2),
        (datetime(2025, 12, 12, 14, tzinfo=UTC), 1),
        (datetime(2025, 12, 13, 3, tzinfo=UTC), 0),
    ],
)
def test_a_day_fills_overnight_and_its_total_is_a_running_sum(
    market: Market, now: datetime, missing: int
) -> None:
    cells = on(market, now, "11 Dec 2025")
    total = cells.pop("Total")
    written = [text for text in cells.values() if text != "-"]

    assert len(cells) - len(written) == missing
    assert sum(map(millions, written)) == pytest.approx(millions(total), abs=0.051)


def millions(text: str) -> float:
    sign = -1 if text.startswith("(") else 1
    return sign * float(text.strip("()").replace(",", ""))


def test_a_day_that_is_not_over_has_no_row(market: Market) -> None:
    assert parsed(market, datetime(2025, 12, 11, 20, tzinfo=UTC))["Date"][-1] == "10 Dec 2025"


def test_holidays_and_a_fund_not_yet_launched_are_never_reported(market: Market) -> None:
    assert {*on(market, NOW, "27 Nov 2025").values()} == {"-", "0.0"}
    assert on(market, NOW, "11 Jan 2024")["BTC"] == "-"
    assert on(market, NOW, "14 Mar 2025")["BRRR"] == "-"


def test_the_rows_below_are_no_days(market: Market) -> None:
    body = asked(market).body.decode()

    for name in ("Total", "Average", "Maximum", "Minimum"):
        assert f'<td><div align="right"><span class="tabletext">{name}</span></div></td>' in body
    assert not {"Total", "Average"} & {*parsed(market, NOW)["Date"]}


def test_a_program_is_challenged(market: Market) -> None:
    answer = asked(market, agent="python-httpx/0.28")

    assert answer.status == 403
    with pytest.raises(Refused, match="a challenge page"):
        source.parse_reported_flows(answer.body, kept(REQUEST, NOW))


@pytest.mark.parametrize("body", ["empty", "before"])
def test_a_page_without_days_is_refused(market: Market, body: str) -> None:
    before = asked(market, datetime(2024, 1, 1, tzinfo=UTC)).body
    served = asked(market).empty if body == "empty" else before

    assert served == before
    with pytest.raises(Refused, match="no day but nothing"):
        source.parse_reported_flows(served or b"", kept(REQUEST, NOW))


def test_it_carries_the_page_if_there_are_flows(market: Market) -> None:
    nothing = Market("history", {}, {}, {})

    assert farside.carries(market) == {"reported_flows": ["bitcoin-etf-flow-all-data"]}
    assert farside.carries(nothing) == {"reported_flows": []}
    assert asked(nothing).status == 200


def test_the_market_has_one_row_per_fund_and_weekday(market: Market) -> None:
    rows = market.bitcoin_flows

    assert rows.height == rows.n_unique(["date", "fund"])
    assert rows["date"].min() == date(2024, 1, 11)
    assert rows["date"].dt.weekday().max() == 5
