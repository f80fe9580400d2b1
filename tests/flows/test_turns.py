"""One process at a time asks a provider; the others wait, and say for whom."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.turns import Busy, turn
from tests.flows.living import LATER, ask, run

HOLD = """
import asyncio, sys, time
from pathlib import Path
from flows.turns import turn
async def hold():
    async with turn(Path(sys.argv[1]), "yahoo", 0):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(hold())
"""


async def test_two_of_us_take_turns_in_the_order_they_ask(tmp_path: Path) -> None:
    told: list[str] = []

    async def ask_for(name: str) -> None:
        async with turn(tmp_path, "yahoo", 30):
            told.append(f"{name} begins")
            await asyncio.sleep(0.3)
            told.append(f"{name} ends")

    first = asyncio.create_task(ask_for("one"))
    await asyncio.sleep(0.1)
    await asyncio.gather(first, ask_for("two"))

    assert told == ["one begins", "one ends", "two begins", "two ends"]


async def test_another_provider_is_asked_meanwhile(tmp_path: Path) -> None:
    async with turn(tmp_path, "yahoo", 0), turn(tmp_path, "ishares", 0):
        pass


@pytest.fixture
def holder(tmp_path: Path) -> "subprocess.Popen[str]":
    """Start a process that asks Yahoo, and does not end by itself."""
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert held.stdout
    assert held.stdout.readline() == "held\n"
    return held


async def test_a_wait_is_bounded_and_names_who_is_waited_for(
    tmp_path: Path, holder: "subprocess.Popen[str]", caplog: pytest.LogCaptureFixture
) -> None:
    with holder, caplog.at_level(logging.WARNING):
        with pytest.raises(Busy, match=f"yahoo: another process asks it .pid {holder.pid}"):
            async with turn(tmp_path, "yahoo", 1.5):
                pass
        holder.kill()

    assert f"waiting up to 2 s to ask yahoo (pid {holder.pid}" in caplog.text


async def test_a_killed_process_gives_its_turn_back(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    with holder:
        holder.kill()

    async with turn(tmp_path, "yahoo", 0):
        pass


async def test_a_run_whose_turn_does_not_come_says_so_and_records_the_rest(
    data: Path, open_market: Callable[..., str]
) -> None:
    quotes = frozenset({"quotes", "valuations"})

    async with turn(data, "yahoo", 0):
        report = await run(data, open_market(), LATER, quotes, PROVIDER_WAIT="0.1")

    [told] = report.problems
    assert told.startswith("yahoo: another process asks it")
    outcomes = "select distinct source, outcome from questions where asked_at > $1 order by all"
    assert ask(data, outcomes, LATER) == [
        ("ishares", "answered"),
        ("sec", "answered"),
        ("yahoo", "unanswered"),
    ]
