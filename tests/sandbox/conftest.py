from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import polars as pl
import pytest

from sandbox import history, server
from sandbox.market import Market, visible
from sandbox.synthetic import synthetic

LAST = date(2025, 12, 11)
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"}
HISTORY = Path(__file__).parents[3] / "shared" / "history"
EVENING_AFTER = "2025-12-12T18:00:00+00:00"
END_OF_TIME = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def market() -> Market:
    return synthetic()


@pytest.fixture(scope="session")
def shared_client(market: Market) -> Iterator[httpx.Client]:
    with server.serving(market, LAST) as url, httpx.Client(base_url=url, headers=BROWSER) as client:
        yield client


@pytest.fixture
def client(shared_client: httpx.Client) -> httpx.Client:
    """The one server of this session, with its clock set back."""
    shared_client.put("/sandbox/clock", json={"now": EVENING_AFTER}).raise_for_status()
    return shared_client


@pytest.fixture(scope="session")
def captured() -> Path:
    if not HISTORY.is_dir():
        pytest.skip("the folder of captured history is not beside this checkout")
    return HISTORY


@pytest.fixture(scope="session")
def replayed(captured: Path) -> Iterator[httpx.Client]:
    market = history.from_folder(captured)
    with server.serving(market, LAST) as url, httpx.Client(base_url=url, headers=BROWSER) as client:
        yield client


@pytest.fixture(scope="session")
def bars(market: Market) -> Callable[[str], pl.DataFrame]:
    return lambda symbol: visible(market.bars[symbol], END_OF_TIME)


@pytest.fixture(scope="session")
def valuations(market: Market) -> Callable[[str], pl.DataFrame]:
    return lambda fund: visible(market.valuations[fund], END_OF_TIME)
