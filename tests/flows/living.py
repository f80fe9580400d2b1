"""How the tests of the flows run the pipeline's steps, and look at what they leave behind."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import httpx
import polars as pl
import pytest
import stamina
from prefect import State

from flows import backfill as backfill_flow
from flows import recording
from flows.datasets import DATASETS
from flows.recording import Report
from flows.settings import General
from flows.world import World
from sandbox.answers import Answer
from sandbox.faults import Faults
from sandbox.market import Market
from sandbox.synthetic import synthetic
from schemas.tables import TABLES
from schemas.tables.reference import REFERENCE
from schemas.tables.sessions import Sessions
from schemas.tables.stated_facts import StatedFacts
from warehouse import runs
from warehouse.publishing import Published
from warehouse.runs import Run
from warehouse.tables import name, view_name

LAST = date(2025, 12, 11)
SAME_HOUR = "2025-12-12T18:45:00+00:00"  # as that of the first run
LATER = "2025-12-12T20:00:00+00:00"  # than the first run
LATER_STILL = "2025-12-12T21:00:00+00:00"
ALL = frozenset(DATASETS)
OURS = {Sessions, StatedFacts, *REFERENCE}
OBSERVED = tuple(schema for schema in TABLES if schema not in OURS)

Spoil = Callable[[Answer], Answer]


@dataclass(frozen=True)
class Spoiled(Faults):
    """Change answers as told."""

    spoiling: Spoil = lambda answer: answer

    def spoil(self, answer: Answer) -> Answer:
        return self.spoiling(answer)


def small_market() -> Market:
    """Carry SPY with its dividends, IBIT's bars, two funds' valuations, one fund's holdings."""
    whole = synthetic()
    return Market(
        origin=whole.origin,
        bars=since(SUMMER, whole.bars, "SPY", "IBIT"),
        dividends=whole.dividends,
        instruments=whole.instruments,
        valuations=since(SUMMER, whole.valuations, "SLV", "IBIT"),
        holdings=since(SUMMER, whole.holdings, "IBIT"),
    )


def wide_market() -> Market:
    """Carry the same, and the last two months of what every other provider needs."""
    small, whole = small_market(), synthetic()
    return replace(
        small,
        bars=small.bars | since(AUTUMN, whole.bars, "BTC-USD"),
        valuations=small.valuations | since(SUMMER, whole.valuations, "GLD", "SIVR"),
        holdings=small.holdings | since(AUTUMN, whole.holdings, "SPY", "QQQ"),
        quotes=since(AUTUMN, whole.quotes, "xagusd"),
        fixings=since(AUTUMN, whole.fixings, "silver"),
        rates=since(AUTUMN, whole.rates, *whole.rates),
        averages=since(AUTUMN, whole.averages, "Silver"),
        coins=whole.coins,
        coin_totals=whole.coin_totals,
        assets=whole.assets,
        bitcoin_flows=whole.bitcoin_flows.filter(pl.col("date") >= AUTUMN),
    )


SUMMER, AUTUMN = date(2025, 6, 2), date(2025, 10, 10)


def since(first: date, frames: dict[str, pl.DataFrame], *names: str) -> dict[str, pl.DataFrame]:
    return {name: frames[name].filter(pl.col("date") >= first) for name in names}


async def run(
    data: Path,
    url: str,
    at: str | None = None,
    datasets: frozenset[str] = ALL,
    *,
    publish: bool = False,
    **env: str,
) -> Report:
    """Record as a flow does, without Prefect's server: each task is called as its function.

    `at` sets the sandbox's clock before; `env` are further settings. Checking, stating and
    publishing take longer than all the rest: they are left out unless asked for.
    """
    async with stepwise(data, url, at, publish=publish, **env):
        state = await recording.record(datasets)
    report: Report = state.data
    return report


async def backfill(
    data: Path,
    url: str,
    first: date,
    last: date,
    *only: str,
    at: str | None = None,
    publish: bool = False,
    **env: str,
) -> Report:
    """Backfill as the flow does, likewise."""
    async with stepwise(data, url, at, publish=publish, **env):
        state = await backfill_flow.backfill.fn(first, last, only)
    report: Report = state.data
    return report


@asynccontextmanager
async def stepwise(
    data: Path, url: str, at: str | None = None, *, publish: bool = False, **env: str
) -> AsyncIterator[None]:
    """Let each task be called as its function, with these settings."""
    if at:
        async with httpx.AsyncClient() as http:
            (await http.put(f"{url}/sandbox/clock", json={"now": at})).raise_for_status()
    with pytest.MonkeyPatch.context() as patch, stamina.set_testing(True, attempts=9, cap=True):
        for module, steps in STEPS.items():
            for step in steps:
                patch.setattr(module, step, getattr(module, step).fn)
        patch.setattr(recording, "close", recording.close.fn if publish else end)
        patch.setattr(recording, "fetch", stated(recording.fetch.fn))
        settings = {"DATA": str(data), "SANDBOX": url, "ATTEMPTS": "3", "TIMEOUT": "5"} | env
        for name, value in settings.items():
            patch.setenv(f"SILVERSTREAK_{name}", value)
        yield


STEPS = {recording: ("prepare", "load"), backfill_flow: ("prepare", "plan", "load")}


async def end(run: Run, settings: General, world: World, report: Report) -> Published:
    """End a run without publishing."""
    with recording.open_warehouse(settings, world) as warehouse:
        runs.finish(warehouse, run.run, world.now(), report.problems)
    return Published(None, [])


def stated(fetch: Callable[..., Any]) -> Callable[..., Any]:
    async def called(*arguments: Any, return_state: bool) -> State[Any]:
        assert return_state
        return await fetch(*arguments)  # type: ignore[no-any-return]

    return called


@contextmanager
def reading(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the writer's file, which nobody writes to now."""
    with duckdb.connect(data / "warehouse.duckdb", read_only=True) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        yield warehouse


def ask(data: Path, query: str, *parameters: Any) -> list[tuple]:
    """Ask one query."""
    with reading(data) as warehouse:
        return warehouse.execute(query, parameters).fetchall()


def believed(data: Path) -> dict[str, list[tuple]]:
    """Give all that is believed of the market, without when it was learnt."""
    views = [view_name(schema) for schema in OBSERVED]
    with reading(data) as warehouse:
        return {view: warehouse.sql(f"from {view} order by all").fetchall() for view in views}


def stored(data: Path) -> dict[str, int]:
    """Count all versions, by table."""
    tables = [name(schema) for schema in TABLES]
    count = " union all ".join(
        f"select '{table}', count(*) from history.{table}" for table in tables
    )
    return dict(ask(data, count))
