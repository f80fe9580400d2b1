"""A small market, recorded evening by evening, each of which revises part of what was known.

Evenings are numbered: what the `nth` one serves otherwise than the others is told by that number.
"""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import duckdb
import polars as pl

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
    Assets,
    CalendarOverrides,
    Corrections,
    FomcMeetings,
    FundGroups,
    Funds,
    FundTerms,
    Instruments,
    KnownPeaks,
    Pages,
    Pairs,
    Series,
    Stablecoins,
    StressPeriods,
)
from schemas.tables.reported_flows import ReportedFlows
from schemas.tables.stated_facts import StatedFacts
from tests.diary import begin
from tests.warehouse.market import DAY, capture, correction, evening, put, sessions, verdict
from warehouse import alerts, runs, shapes, stating, tables
from warehouse.alerts import Wishes
from warehouse.checks import Failure
from warehouse.recording import record
from warehouse.refusals import refuse
from warehouse.runs import Question, Run

FIRST = date(2029, 4, 2)
BEFORE = date(2030, 5, 30)
"""An evening that the others revise; none is set back to it."""
LIVED = [date(2030, 5, 31), date(2030, 6, 3), date(2030, 6, 4)]

INSTRUMENTS = [
    {"instrument": "SI=F", "name": "Silver"},
    {"instrument": "GC=F", "name": "Gold"},
    {"instrument": "^GSPC", "name": "S&P 500", "kind": "index"},
    {"instrument": "^RUT", "name": "Russell 2000", "kind": "index"},
    {"instrument": "BBB", "name": "a fund", "kind": "fund"},
]
PAIRS = [("GC=F", "SI=F"), ("^RUT", "^GSPC"), ("BBB", "^GSPC")]
ASSETS = [
    {"asset": "gold", "name": "Gold", "instrument": "GC=F"},
    {"asset": "sp_500", "name": "S&P 500", "instrument": "^GSPC"},
]
MOVES = {date(2030, 1, 31): 0.25, date(2030, 3, 21): -0.25, LIVED[-1]: -0.25}
"""Of the Federal Reserve, each announced the day before it counts."""
COINS = ["bitcoin", "ethereum", "dai", "wbtc", *(f"coin-{n}" for n in range(20))]
CAPS = [("gold", "metal"), ("slv", "fund"), *((f"company-{n}", "company") for n in range(9))]

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
    """Record what is served by the evening of a day, all history, and state the facts."""
    now = evening(today)
    nth = LIVED.index(today) if today in LIVED else -1
    days = sessions(FIRST, today)
    begin(warehouse, f"{today}", datetime.combine(today, time(18), UTC))
    if today == BEFORE:
        look_up(warehouse, now)
    edit(warehouse, now, nth)
    ask(warehouse, today, now, nth)
    see_prices(warehouse, days, now, nth)
    see_funds(warehouse, days, now, nth)
    see_holdings(warehouse, days, now, nth)
    see_pages(warehouse, today, nth)
    see_series(warehouse, days, now, nth)
    see_others(warehouse, days, now)
    go_wrong(warehouse, days, now, nth)
    state(warehouse, now)
    alert(warehouse, f"{today}", now, nth)


def ask(warehouse: duckdb.DuckDBPyConnection, today: date, now: datetime, nth: int) -> None:
    """Ask a provider that is down, and one that does not reach back."""
    moment = now - timedelta(hours=2)
    questions = [
        Question("bank", "valuations", "CCC", None, None, None, moment, "unanswered", f"no {nth}"),
        Question("bank", "quotes", "SI=F", FIRST, FIRST, today, moment, "answered"),
    ]
    runs.keep_questions(warehouse, f"{today}", questions)


def look_up(warehouse: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Record the reference data that nobody edits."""
    put(warehouse, Instruments, INSTRUMENTS, now)
    put(warehouse, Assets, ASSETS, now)
    put(warehouse, KnownPeaks, [{"instrument": "SI=F", "peaked_on": date(2035, 1, 1)}], now)
    stress = {"stress_period": "x", "starts_on": date(2030, 2, 1), "ends_on": date(2030, 3, 31)}
    put(warehouse, StressPeriods, [stress], now)
    meeting = {"is_scheduled": True, "stated_by": "us"}
    meetings = [{"announced_on": day - DAY, **meeting} for day in MOVES]
    put(warehouse, FomcMeetings, meetings, now)
    closed = {"calendar": "TEST", "session": date(2030, 4, 19), "is_open": False, "reason": "us"}
    put(warehouse, CalendarOverrides, [closed], now)
    put(warehouse, Stablecoins, [{"coin": "wbtc", "kind": "wrapped"}], now)
    pages = [
        {"page": name, "dataset": name, "every": "hour"}
        for name in ("coins", "coin_market", "coin_categories", "asset_caps", "reported_flows")
    ]
    put(warehouse, Pages, pages, now)
    series: list[dict[str, Any]] = [
        {"series": "RATE", "sources": "bank:1 other:1"},
        {"series": "DFEDTARU"},
        {"series": "SILVER", "dataset": "monthly_averages", "publication_lag_days": 40},
    ]
    put(warehouse, Series, series, now)


def edit(warehouse: duckdb.DuckDBPyConnection, now: datetime, nth: int) -> None:
    """Record the reference data that is edited every evening."""
    funds: list[dict[str, Any]] = [
        {"fund": "AAA", "metal": "silver", "ounces_per_share_at_launch": 1.0}
        | {"sources": "bank:1 other:1", "holdings_sources": "bank:1"},
        {"fund": "BBB", "name": f"a fund, edition {nth}", "holdings_sources": "bank:2"},
    ]
    put(warehouse, Funds, funds, now)
    terms = {"fund": "AAA", "effective_from": FIRST, "fee": 0.004 + nth / 1000}
    put(warehouse, FundTerms, [terms | {"order_lag_sessions": 1}], now)
    members = [("metals", "AAA"), ("others", "BBB"), ("metals", "BBB")]
    groups = [{"fund_group": group, "fund": fund} for group, fund in members[: 2 + nth % 2]]
    put(warehouse, FundGroups, groups, now)
    pairs = [{"pair": f"{a}/{b}", "numerator": a, "denominator": b} for a, b in PAIRS]
    put(warehouse, Pairs, pairs[: 2 if nth < 1 else 3], now)
    put(warehouse, Corrections, CORRECTIONS[: 3 + nth], now)


def see_prices(
    warehouse: duckdb.DuckDBPyConnection, days: list[date], now: datetime, nth: int
) -> None:
    """Record bars: the latest evening's are a little higher on some days."""
    bars = [
        {"instrument": instrument, "session": day, "close": close, "high": close + 0.5}
        for number, day in enumerate(days)
        for instrument, close in closes(number, nth / 4 if day.day % 9 == 0 else 0).items()
    ]
    silver = [bar for bar in bars if bar["instrument"] == "SI=F"]
    put(warehouse, Bars, silver, now, subject="SI=F")
    put(warehouse, Bars, [bar for bar in bars if bar not in silver], now, subject="others")
    dividend = {"instrument": "AAA", "ex_date": FIRST, "kind": "dividend", "amount": 1.0}
    put(warehouse, CorporateActions, [dividend], now, subject="AAA")
    if nth >= 1:
        split = {"instrument": "BBB", "ex_date": LIVED[1], "kind": "split", "ratio": 2.0}
        put(warehouse, CorporateActions, [split], now, subject="BBB")


def closes(number: int, revision: float) -> dict[str, float]:
    """Give the closes of a numbered session."""
    swing = number % 7 - number % 5
    return {
        "SI=F": 30 + number / 8 + revision,
        "GC=F": 1000 + number + 10 * swing,
        "^GSPC": 4000 + 10 * swing,
        "^RUT": 2000 + 8 * swing + number % 3 + revision,
        "BBB": 10 + number % 4 / 10,
    }


def see_funds(
    warehouse: duckdb.DuckDBPyConnection, days: list[date], now: datetime, nth: int
) -> None:
    """Record two funds' valuations: one is split, and late on the second evening."""
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
            if not (fund == "BBB" and nth == 1 and day == days[-1])
        ]
        put(warehouse, FundValuations, counts, now, subject=fund)


def see_holdings(
    warehouse: duckdb.DuckDBPyConnection, days: list[date], now: datetime, nth: int
) -> None:
    """Record the last five days' holdings: what is bought is opened and closed day by day."""
    for fund in ("AAA", "BBB"):
        held = [
            {"fund": fund, "as_of": day, "holding": holding, "ticker": holding}
            | {"quantity": quantity, "weight": 0.5}
            for number, day in list(enumerate(days))[-5:]
            for holding, quantity in {
                "gold": 100.0 + number,
                "tin": 50.0 + (nth if day == days[-2] else 0),
                ("zinc", "lead")[number % 2]: 10.0,
            }.items()
        ]
        put(warehouse, Holdings, held[: len(held) - nth % 2], now, subject=fund)


def see_pages(warehouse: duckdb.DuckDBPyConnection, today: date, nth: int) -> None:
    """Record what is served at noon, whole and of that moment: one page never answers."""
    noon = datetime.combine(today, time(12), UTC)
    moments = [noon - timedelta(hours=hours) for hours in range(0, 25, 4)]
    put_page(warehouse, Coins, [coin for at in moments for coin in coins(at, nth)], noon)
    market = [
        {"observed_at": at, "as_of": at.date(), "market_cap": 1e9 + nth + (at == noon)}
        for at in (moments[0], moments[-1])
    ]
    put_page(warehouse, CoinMarket, market, noon)
    stable = {"category": "stablecoins", "as_of": today}
    put_page(warehouse, CoinCategories, [stable | {"coin": c} for c in ("dai", "usds")], noon)
    caps = [
        {"asset": asset, "as_of": today, "kind": kind, "market_cap": 1e9 / place, "rank": place}
        for place, (asset, kind) in enumerate(CAPS, start=1)
    ]
    put_page(warehouse, AssetCaps, caps[: 10 + nth % 2], noon)


def coins(at: datetime, nth: int) -> list[dict[str, Any]]:
    """Give a snapshot of coins: every other one falls; bitcoin's prices are revised upward."""
    hours = (at - evening(BEFORE)) / timedelta(hours=1)
    return [
        {
            "observed_at": at,
            "as_of": at.date(),
            "coin": coin,
            "price": 100 + hours * (1 if place % 2 else -1) / 10 + (nth if place == 1 else 0),
            "market_cap": 1e9 / place,
        }
        for place, coin in enumerate(COINS, start=1)
    ]


def put_page(
    warehouse: duckdb.DuckDBPyConnection, schema: Any, rows: list[dict[str, Any]], noon: datetime
) -> None:
    put(warehouse, schema, rows, noon, subject=tables.name(schema), dataset=tables.name(schema))


def see_series(
    warehouse: duckdb.DuckDBPyConnection, days: list[date], now: datetime, nth: int
) -> None:
    """Record two series of days and one of months, whose last value is revised."""
    rates = [
        {"series": "RATE", "as_of": day, "value": 4 + number / 8 + (nth if day.day == 20 else 0)}
        for number, day in enumerate(days)
    ]
    bounds = [
        {
            "series": "DFEDTARU",
            "as_of": day,
            "value": 4 + sum(m for d, m in MOVES.items() if d <= day),
        }
        for day in days
    ]
    put(warehouse, Rates, [*rates, *bounds], now, subject="RATE")
    months = [date(2028 + n // 12, n % 12 + 1, 1) for n in range(28)]
    averages = [
        {"series": "SILVER", "month": month, "as_of": after - DAY, "average": 30.0 + number}
        for number, (month, after) in enumerate(pairwise(months))
    ]
    averages[-1]["average"] = 99.0 + nth
    put(warehouse, MonthlyAverages, averages, now, subject="SILVER")


def see_others(warehouse: duckdb.DuckDBPyConnection, days: list[date], now: datetime) -> None:
    """Record what another source says, which disagrees on some days."""
    rates = [{"series": "RATE", "as_of": day, "value": 5.0} for day in days[1::9]]
    put_others(warehouse, Rates, rates, now)
    bars = [{"instrument": "SI=F", "session": day, "close": 50.0} for day in days[::9]]
    put_others(warehouse, Bars, bars, now)
    put_others(warehouse, FundValuations, [{"fund": "AAA", "as_of": day} for day in days[::9]], now)
    flows = [{"fund": "AAA", "as_of": day, "net_flow_usd": 1e6} for day in days[-3:]]
    put_others(warehouse, ReportedFlows, flows, now)


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


def state(warehouse: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """State the facts as a publish does: what was stated otherwise for a day is retracted."""
    stated = stating.changes(warehouse, stating.evaluate(warehouse))
    put(warehouse, StatedFacts, stated.rows(named=True), now, source="silverstreak")


def alert(warehouse: duckdb.DuckDBPyConnection, run: str, now: datetime, nth: int) -> None:
    """Send what the evening before has raised, and raise news, and that another check fails."""
    owed = alerts.claim(warehouse, run, lambda _: False, 1)
    alerts.settle(warehouse, run, [(alert.alert, 1) for alert in owed], now)
    alerts.raise_all(
        warehouse,
        Run(run, "run", (), now),
        now,
        wishes=Wishes({"record", "streak", "week"}, (), 6, 3, 24),
        followed=pl.DataFrame(schema=dict.fromkeys(("source", "dataset", "symbol"), pl.String)),
        failures=[Failure(f"check {nth}", "warning", 1)],
        addresses=1,
    )
