"""Set back to a past day, every view answers what a warehouse of that day answered."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.tables.asset_caps import AssetCaps
from schemas.tables.bars import Bars
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.tables.rates import Rates
from schemas.tables.reference import (
    REFERENCE,
    Corrections,
    FundGroups,
    Funds,
    FundTerms,
    Instruments,
    KnownPeaks,
    Pages,
    Series,
    StressPeriods,
)
from schemas.tables.reported_flows import ReportedFlows
from tests.warehouse.market import (
    answer,
    capture,
    correction,
    evening,
    open_calendar,
    put,
    sessions,
    verdict,
)
from warehouse import definitions, shapes, tables
from warehouse.recording import record
from warehouse.refusals import refuse
from warehouse.runs import begin

FIRST = date(2029, 4, 2)
LIVED = [date(2030, 5, 30), date(2030, 5, 31), date(2030, 6, 3), date(2030, 6, 4)]
FACTS = {file.stem for file in definitions.FOLDERS[1].glob("*.sql")}
VIEWS = sorted(definitions.definitions().keys() - FACTS)  # all facts are asked together
# They tell the time: asked without a moment, a warehouse of that day takes its last run for now.
TIMED = {view for view in VIEWS if view.endswith("_due")} | {"about", "clock"}
CORRECTIONS = [
    correction(Bars, {"instrument": "SI=F", "session": FIRST}, "close", 30, 29),
    correction(FundValuations, {"fund": "AAA", "as_of": date(2030, 5, 20)}, "nav", 1, 2),
    correction(FundValuations, {"fund": "AAA", "as_of": FIRST}, "shares_outstanding", 1e6, 999e3),
    correction(Bars, {"instrument": "SI=F", "session": date(2030, 4, 9)}, "high", 63.75, 6.375),
    correction(
        Holdings, {"fund": "AAA", "as_of": LIVED[0], "holding": "tin"}, "market_value", 1, 2
    ),
]


def live(warehouse: duckdb.DuckDBPyConnection, today: date) -> None:
    """Record what is served on the evening of a day: all history, part of it revised."""
    now = evening(today)
    begin(warehouse, f"{today}", datetime.combine(today, time(18), UTC))
    days = sessions(FIRST, today)
    nth = LIVED.index(today) if today in LIVED else -1
    funds: list[dict[str, Any]] = [
        {"fund": "AAA", "metal": "silver", "ounces_per_share_at_launch": 1.0}
        | {"sources": "bank:1 other:1", "holdings_sources": "bank:1"},
        {"fund": "BBB", "name": f"a fund, edition {nth}"},
    ]
    put(warehouse, Funds, funds, now)
    put(
        warehouse,
        FundTerms,
        [{"fund": "AAA", "effective_from": FIRST, "fee": 0.004 + nth / 1000}],
        now,
    )
    members = [{"fund_group": "metals", "fund": fund["fund"]} for fund in funds[: 1 + nth % 2]]
    put(warehouse, FundGroups, members, now)
    put(warehouse, Instruments, [{"instrument": "SI=F", "quote_decimals": 2}], now)
    put(warehouse, KnownPeaks, [{"instrument": "SI=F", "peaked_on": date(2035, 1, 1)}], now)
    stress = {"stress_period": "x", "starts_on": date(2030, 2, 1), "ends_on": date(2030, 3, 31)}
    put(warehouse, StressPeriods, [stress], now)
    bars = [
        {"instrument": "SI=F", "session": day, "close": close, "high": close + 0.5}
        for number, day in enumerate(days)
        for close in [30 + number / 8 + (nth / 4 if day.day % 9 == 0 else 0)]
    ]
    put(warehouse, Bars, bars, now, subject="SI=F")
    dividend = {"instrument": "AAA", "ex_date": FIRST, "kind": "dividend", "amount": 1.0}
    put(warehouse, CorporateActions, [dividend], now, subject="AAA")
    if nth >= 1:
        split = {"instrument": "BBB", "ex_date": LIVED[1], "kind": "split", "ratio": 2.0}
        put(warehouse, CorporateActions, [split], now, subject="BBB")
    for fund, step in (("AAA", 1000.0), ("BBB", -500.0)):
        ratio = 2.0 if fund == "BBB" and nth >= 1 else 1.0
        counts = [
            {
                "fund": fund,
                "as_of": day,
                "nav": (10 + number % 5 / 10) / ratio,
                "shares_outstanding": (1e6 + step * number + (nth if day.day == 20 else 0)) * ratio,
            }
            for number, day in enumerate(days)
            if not (fund == "BBB" and nth == 2 and day == today)
        ]
        put(warehouse, FundValuations, counts, now, subject=fund)
    held = [
        {"fund": "AAA", "as_of": today, "holding": metal} for metal in ("gold", "tin")[: 1 + nth]
    ]
    put(warehouse, Holdings, held, now, subject="AAA")
    before = [{"fund": "AAA", "as_of": days[-2], "holding": "tin"}]
    put(warehouse, Holdings, before, now, subject="AAA")
    put(warehouse, Corrections, CORRECTIONS[: 2 + nth], now)
    see_pages(warehouse, today, nth)
    see_others(warehouse, days, now, nth)
    go_wrong(warehouse, days, now, nth)


def see_pages(warehouse: duckdb.DuckDBPyConnection, today: date, nth: int) -> None:
    """Record what is served at noon, whole and of that moment: one page never answers."""
    noon = datetime.combine(today, time(12), UTC)
    about = {"observed_at": noon, "as_of": today}
    coins = [about | {"coin": "btc", "price": 100.0 + nth}, about | {"coin": "eth", "price": 9.0}]
    put_page(warehouse, Coins, coins, noon)
    put_page(warehouse, CoinMarket, [about | {"market_cap": 1e3 + nth}], noon)
    stable = {"category": "stablecoins", "as_of": today}
    put_page(warehouse, CoinCategories, [stable | {"coin": c} for c in ("dai", "usds")], noon)
    caps = [
        {"asset": asset, "as_of": today, "kind": kind, "market_cap": cap}
        for asset, kind, cap in (("gold", "metal", 9.0), ("slv", "fund", 1.0), ("x", "company", 9))
    ]
    put_page(warehouse, AssetCaps, caps[: 2 + nth % 2], noon)
    pages = [
        {"page": name, "dataset": name, "every": "hour"}
        for name in ("coins", "coin_market", "coin_categories", "asset_caps", "reported_flows")
    ]
    put(warehouse, Pages, pages, noon)


def put_page(
    warehouse: duckdb.DuckDBPyConnection, schema: Any, rows: list[dict[str, Any]], noon: datetime
) -> None:
    put(warehouse, schema, rows, noon, subject=tables.name(schema), dataset=tables.name(schema))


def see_others(
    warehouse: duckdb.DuckDBPyConnection, days: list[date], now: datetime, nth: int
) -> None:
    """Record series, and what other sources say, who disagree on some days."""
    series = [
        {"series": "RATE", "sources": "bank:1 other:1"},
        {"series": "SILVER", "dataset": "monthly_averages", "publication_lag_days": 40},
    ]
    put(warehouse, Series, series, now)
    rates = [
        {"series": "RATE", "as_of": day, "value": 4 + number / 8 + (nth if day.day == 20 else 0)}
        for number, day in enumerate(days)
    ]
    put(warehouse, Rates, rates, now, subject="RATE")
    put_others(warehouse, Rates, [row | {"value": 5.0} for row in rates[1::9]], now)
    closes = [{"instrument": "SI=F", "session": day, "close": 50.0} for day in days[::9]]
    put_others(warehouse, Bars, closes, now)
    put_others(warehouse, FundValuations, [{"fund": "AAA", "as_of": day} for day in days[::9]], now)
    flows = [{"fund": "AAA", "as_of": day, "net_flow_usd": 1e6} for day in days[-3:]]
    put_others(warehouse, ReportedFlows, flows, now)
    month = {"series": "SILVER", "month": date(2030, 3, 1), "as_of": date(2030, 3, 31)}
    put(warehouse, MonthlyAverages, [month | {"average": 30.0 + nth}], now, subject="SILVER")


def put_others(
    warehouse: duckdb.DuckDBPyConnection, schema: Any, rows: list[dict[str, Any]], now: datetime
) -> None:
    put(warehouse, schema, [row | {"source": "other"} for row in rows], now, source="other")


def go_wrong(
    warehouse: duckdb.DuckDBPyConnection, days: list[date], now: datetime, nth: int
) -> None:
    """Reject a row, refuse a payload, change columns: the next evening makes up for it."""
    rows = [{"fund": "CCC", "as_of": day, "nav": 10.0} for day in days[-9:]]
    rows[-1]["nav"] = -1.0
    about = capture(now - timedelta(hours=1), subject="CCC")
    record(warehouse, FundValuations, verdict(FundValuations, rows), about)
    refused = capture(now, subject="CCC")
    refuse(warehouse, refused, f"a page, the {nth}th", "1")
    shapes.keep(warehouse, refused, ["fund", f"nav, edition {nth}"])


@pytest.fixture(scope="module")
def lived(
    tmp_path_factory: pytest.TempPathFactory, template: Path
) -> Iterator[dict[date | None, duckdb.DuckDBPyConnection]]:
    """Give the warehouse as it stood on each evening, and under None as it stands at last."""
    folder = tmp_path_factory.mktemp("lived")
    file = Path(shutil.copy(template, folder / "warehouse.duckdb"))
    evenings: dict[date | None, duckdb.DuckDBPyConnection] = {}
    with duckdb.connect(file) as warehouse:
        open_calendar(warehouse, FIRST)
        for today in (date(2030, 5, 29), *LIVED):
            live(warehouse, today)
            warehouse.execute("checkpoint")
            evenings[today] = duckdb.connect(shutil.copy(file, folder / f"{today}.duckdb"))
        evenings[None] = warehouse
        for connection in evenings.values():
            connection.execute("set timezone = 'UTC'")
        yield evenings
    for connection in evenings.values():
        connection.close()


def set_back(warehouse: duckdb.DuckDBPyConnection, today: date) -> None:
    warehouse.execute(f"set variable as_of = date '{today}'")
    warehouse.execute(f"set variable known_at = timestamptz '{evening(today).isoformat()}'")


Answers = Callable[[str, date], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def answered(lived: dict[date | None, duckdb.DuckDBPyConnection]) -> Answers:
    """Ask a warehouse as it stood on an evening, once."""

    @cache
    def ask(view: str, today: date) -> list[tuple[Any, ...]]:
        if view in TIMED:
            set_back(lived[today], today)
        return answer(lived[today], f"from {view} order by all")

    return ask


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_set_back_answers_what_it_answered_then(
    view: str, lived: dict[date | None, duckdb.DuckDBPyConnection], answered: Answers
) -> None:
    for today in LIVED:
        set_back(lived[None], today)
        assert answer(lived[None], f"from {view} order by all") == answered(view, today), today


ALIKE = {"sessions", "numbered_sessions", "no_fact", *map(tables.name, REFERENCE)}
FILLED = [view for view in VIEWS if view not in ALIKE]


@pytest.mark.parametrize("view", FILLED)
def test_what_a_view_answered_then_was_neither_nothing_nor_what_it_answers_now(
    view: str, lived: dict[date | None, duckdb.DuckDBPyConnection], answered: Answers
) -> None:
    lived[None].execute("reset variable as_of; reset variable known_at")
    answers = [answered(view, day) for day in (LIVED[0], LIVED[-1])]

    assert all(answers)
    if not view.endswith("_sources"):
        assert answers[0] != answer(lived[None], f"from {view} order by all")


def test_every_fact_was_stated_then(answered: Answers) -> None:
    stated = {fact for day in LIVED for fact, *_ in answered("facts", day)}

    assert FACTS - stated == set()
