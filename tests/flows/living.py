"""How the tests of the flows run the pipeline's steps, and look at what they leave behind."""

from collections.abc import Callable
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

from flows import recording
from flows.recording import Report
from sandbox.answers import Answer
from sandbox.faults import Faults
from sandbox.market import Market
from sandbox.synthetic import synthetic

LAST = date(2025, 12, 11)
LATER = "2025-12-12T20:00:00+00:00"  # than the first run
LATER_STILL = "2025-12-12T21:00:00+00:00"
ALL = frozenset({"quotes", "valuations", "holdings"})

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
    since = pl.col("date") >= date(2025, 6, 2)
    return replace(
        whole,
        bars={name: whole.bars[name].filter(since) for name in ("SPY", "IBIT")},
        instruments={name: whole.instruments[name] for name in ("SPY", "IBIT")},
        valuations={name: whole.valuations[name].filter(since) for name in ("SLV", "IBIT")},
        holdings={"IBIT": whole.holdings["IBIT"]},
    )


async def run(
    data: Path, url: str, at: str | None = None, datasets: frozenset[str] = ALL, **env: str
) -> Report:
    """Record as a flow does, without Prefect's server: each task is called as its function.

    `at` sets the sandbox's clock before; `env` are further settings.
    """
    if at:
        async with httpx.AsyncClient() as http:
            (await http.put(f"{url}/sandbox/clock", json={"now": at})).raise_for_status()
    with pytest.MonkeyPatch.context() as patch, stamina.set_testing(True, attempts=9, cap=True):
        for step in ("prepare", "load", "close"):
            patch.setattr(recording, step, getattr(recording, step).fn)
        patch.setattr(recording, "fetch", stated(recording.fetch.fn))
        settings = {"DATA": str(data), "SANDBOX": url, "ATTEMPTS": "3", "TIMEOUT": "5"} | env
        for name, value in settings.items():
            patch.setenv(f"SILVERSTREAK_{name}", value)
        state = await recording.record(datasets)
    report: Report = state.data
    return report


def stated(fetch: Callable[..., Any]) -> Callable[..., Any]:
    async def called(*arguments: Any, return_state: bool) -> State[Any]:
        assert return_state
        return await fetch(*arguments)  # type: ignore[no-any-return]

    return called


def ask(data: Path, query: str, *parameters: Any) -> list[tuple]:
    """Ask the writer's file, which nobody writes to now."""
    with duckdb.connect(data / "warehouse.duckdb", read_only=True) as warehouse:
        warehouse.execute("set timezone = 'UTC'")
        return warehouse.execute(query, parameters).fetchall()


def believed(data: Path) -> dict[str, list[tuple]]:
    """Give all that is believed of the market, without when it was learnt."""
    tables = ("bars_by_source", "corporate_actions", "fund_valuations_by_source", "holdings")
    return {table: ask(data, f"from {table} order by all") for table in tables}


def stored(data: Path) -> dict[str, int]:
    """Count all versions, by table."""
    tables = ("bars", "corporate_actions", "fund_valuations", "holdings", "sessions", "funds")
    return {table: ask(data, f"select count(*) from history.{table}")[0][0] for table in tables}
