"""Set back to a past day, every view answers what a warehouse of that day answered."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.tables.bars import Bars
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.reference import (
    REFERENCE,
    FundGroups,
    Funds,
    FundTerms,
    Instruments,
    KnownPeaks,
    StressPeriods,
)
from tests.warehouse.market import answer, evening, open_calendar, put, sessions
from warehouse import definitions, tables
from warehouse.runs import begin

FIRST = date(2029, 4, 2)
LIVED = [date(2030, 5, 30), date(2030, 5, 31), date(2030, 6, 3), date(2030, 6, 4)]
OWN_WORK = {"about", "clock", "loads", "refusals", "rejections"}
VIEWS = sorted(
    view for view in definitions.definitions() if view not in OWN_WORK and not view.endswith("_due")
)


def live(warehouse: duckdb.DuckDBPyConnection, today: date) -> None:
    """Record what is served on the evening of a day: all history, part of it revised."""
    now = evening(today)
    begin(warehouse, f"{today}", datetime.combine(today, time(18), UTC))
    days = sessions(FIRST, today)
    nth = LIVED.index(today) if today in LIVED else -1
    funds: list[dict[str, Any]] = [
        {"fund": "AAA", "metal": "silver", "ounces_per_share_at_launch": 1.0},
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


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_set_back_answers_what_it_answered_then(
    view: str, lived: dict[date | None, duckdb.DuckDBPyConnection]
) -> None:
    query = f"from {view} order by all"
    for today in LIVED:
        lived[None].execute(f"set variable as_of = date '{today}'")
        lived[None].execute(f"set variable known_at = timestamptz '{evening(today).isoformat()}'")
        assert answer(lived[None], query) == answer(lived[today], query), today


ALIKE = {"sessions", "numbered_sessions", *map(tables.name, REFERENCE)}
FILLED = [view for view in VIEWS if view not in ALIKE]


@pytest.mark.parametrize("view", FILLED)
def test_what_a_view_answered_then_was_neither_nothing_nor_what_it_answers_now(
    view: str, lived: dict[date | None, duckdb.DuckDBPyConnection]
) -> None:
    query = f"from {view} order by all"
    lived[None].execute("reset variable as_of; reset variable known_at")
    answers = [answer(lived[day], query) for day in (LIVED[0], LIVED[-1])]

    assert all(answers)
    if view not in ("fund_sources", "instrument_sources"):
        assert answers[0] != answer(lived[None], query)
