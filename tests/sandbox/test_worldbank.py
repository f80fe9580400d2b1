from datetime import UTC, date, datetime

import polars as pl
import pytest

from sandbox import worldbank
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.capture import Refused
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.validation import accept
from sources import worldbank as source
from tests.sources import bodies
from transforms import worldbank as transform

BROWSER = "Mozilla/5.0"
NOW = datetime(2030, 7, 3, 12, tzinfo=UTC)
LINK = source.monthly_averages("SILVER_MONTHLY", "Silver").otherwise[0].path


def averages(values: list[float], first: int = 4) -> pl.DataFrame:
    months = [date(2030, first + n, 1) for n in range(len(values))]
    published = [datetime(2030, month.month + 1, 3, 12, tzinfo=UTC) for month in months]
    return pl.DataFrame(
        {"date": months, "average": values, "published_at": published},
        schema_overrides={"published_at": pl.Datetime("us", "UTC")},
    )


MARKET = Market(
    origin="synthetic",
    instruments={},
    bars={},
    valuations={},
    averages={
        "Gold": averages([2_000.5, 2_010.0, 2_020.25, 2_030.0]),
        "Silver": averages([26.0625, 27.0, 28.0], 5),
    },
)


def served(now: datetime = NOW, path: str = LINK, market: Market = MARKET) -> Answer:
    return worldbank.answer(market, now, Question(path, {}, BROWSER))


def read(body: bytes, symbol: str, now: datetime = NOW) -> list[tuple[date, float, str]]:
    capture = bodies.kept(source.monthly_averages(f"{symbol.upper()}_MONTHLY", symbol), now)
    raw = source.parse_monthly_averages(body, capture).tables["monthly_averages"]
    rows = transform.monthly_averages(raw, capture)
    verdict = accept(MonthlyAverages, rows, raw, capture, now.date())
    assert verdict.rejected.is_empty()
    return verdict.accepted.select("month", "average", "unit").rows()


def test_what_is_served_comes_back_as_the_same_values() -> None:
    body = served().body

    assert read(body, "Gold") == [
        (date(2030, 4, 1), 2_000.5, "$/troy oz"),
        (date(2030, 5, 1), 2_010.0, "$/troy oz"),
        (date(2030, 6, 1), 2_020.25, "$/troy oz"),
    ]
    assert read(body, "Silver") == [
        (date(2030, 5, 1), 26.0625, "$/troy oz"),
        (date(2030, 6, 1), 27.0, "$/troy oz"),
    ]
    assert read(body, "Platinum") == []


def test_the_stamp_is_the_day_of_the_newest_months_publication() -> None:
    before = NOW.replace(hour=11)
    capture = bodies.kept(source.monthly_averages("GOLD_MONTHLY", "Gold"), NOW)

    for now, stamp in [(NOW, "July 03, 2030"), (before, "June 03, 2030")]:
        raw = source.parse_monthly_averages(served(now).body, capture).tables["monthly_averages"]
        assert set(raw["updated"]) == {f"Updated on {stamp}"}


def test_an_edition_left_unrenewed_is_refused_as_old() -> None:
    with pytest.raises(Refused, match="old edition, 'Updated on July 03, 2030'"):
        read(served().body, "Gold", datetime(2030, 9, 1, tzinfo=UTC))


def test_the_layout_is_that_of_2025_other_commodities_included() -> None:
    capture = bodies.kept(source.monthly_averages("UREA_MONTHLY", "Urea"), NOW)

    parsed = source.parse_monthly_averages(served().body, capture)

    assert {"Coal, South African", "Crude oil, average", "Rice, Thai 5%"} <= {*parsed.columns}
    assert set(parsed.tables["monthly_averages"]["unit"]) == {"($/mt)"}


def test_an_edition_is_written_once_and_always_the_same() -> None:
    first = served().body

    assert served(NOW.replace(hour=18)).body is first
    worldbank.workbook.cache_clear()
    assert served().body == first


def test_other_links_and_a_market_without_averages_are_not_found() -> None:
    older = source.monthly_averages("SILVER_MONTHLY", "Silver").otherwise[1].path
    early = datetime(2030, 5, 1, tzinfo=UTC)
    empty = Market("synthetic", {}, {}, {})

    for answer in (served(path=older), served(early), served(market=empty)):
        assert (answer.status, answer.media_type) == (404, worldbank.HTML)


def test_the_page_leads_browsers_to_the_current_link() -> None:
    page = worldbank.ROUTES[worldbank.PAGE]

    found = page(MARKET, NOW, Question(worldbank.PAGE, {}, BROWSER))
    refused = page(MARKET, NOW, Question(worldbank.PAGE, {}, "python"))

    assert source.link_in(found.body) == f"https://thedocs.worldbank.org{LINK}"
    assert refused.status == 403
    assert source.link_in(refused.body) is None


def test_what_a_market_carries_is_listed() -> None:
    assert worldbank.carries(MARKET) == {"monthly_averages": ["Gold", "Silver"]}
    assert worldbank.carries(Market("synthetic", {}, {}, {})) == {"monthly_averages": []}
