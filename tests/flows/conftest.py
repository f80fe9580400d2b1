"""One small market, one data folder in which it has been recorded once, and ways to go on."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest

from flows.recording import Report
from sandbox.faults import Faults
from sandbox.market import Market
from sandbox.server import serving
from tests.conftest import Once
from tests.flows.living import LAST, Spoil, Spoiled, run, small_market, wide_market

Open = Callable[..., str]


@pytest.fixture(scope="session")
def market() -> Market:
    return small_market()


@pytest.fixture(scope="session")
def wide() -> Market:
    return wide_market()


@pytest.fixture
def open_market(market: Market) -> Iterator[Open]:
    """Serve a market until the test ends: `open_market(today, spoil=...)` gives its address."""
    with ExitStack() as servers:

        def serve(
            today: date = LAST,
            *,
            of: Market = market,
            spoil: Spoil | None = None,
            faults: Faults | None = None,
        ) -> str:
            spoiled = Spoiled(1, spoiling=spoil) if spoil else faults
            return servers.enter_context(serving(of, today, faults=spoiled))

        yield serve


@pytest.fixture(scope="session")
def prepared(market: Market, once: Once) -> Path:
    """Know the reference data and the sessions, since before the market's first day."""

    def fill(data: Path) -> None:
        with serving(market, LAST) as url:
            asyncio.run(run(data, url, "2025-06-02T00:00:00+00:00", frozenset()))

    return once("prepared", fill)[0]


@pytest.fixture(scope="session")
def first_run(market: Market, prepared: Path, once: Once) -> tuple[Path, Report]:
    """Record the market once, in a folder that nobody may change."""
    return once("first run", lambda data: recorded(market, prepared, data))


@pytest.fixture(scope="session")
def wide_run(wide: Market, prepared: Path, once: Once) -> tuple[Path, Report]:
    """Record something of every provider once, in a folder that nobody may change."""
    return once("wide run", lambda data: recorded(wide, prepared, data))


def recorded(market: Market, prepared: Path, data: Path) -> Report:
    """Record a market into a copy of what was prepared."""
    shutil.copytree(prepared, data, dirs_exist_ok=True)
    with serving(market, LAST) as url:
        return asyncio.run(run(data, url, publish=True))


@pytest.fixture
def empty(prepared: Path, tmp_path: Path) -> Path:
    """Copy a folder in which nothing of the market is known."""
    return Path(shutil.copytree(prepared, tmp_path / "empty"))


@pytest.fixture
def data(first_run: tuple[Path, Report], tmp_path: Path) -> Path:
    """Copy the folder in which the market has been recorded once."""
    return Path(shutil.copytree(first_run[0], tmp_path / "data"))


@pytest.fixture
def wide_data(wide_run: tuple[Path, Report], tmp_path: Path) -> Path:
    """Copy the folder in which something of every provider has been recorded once."""
    return Path(shutil.copytree(wide_run[0], tmp_path / "wide"))
