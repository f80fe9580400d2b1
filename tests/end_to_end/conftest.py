import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from flows.server import prefect_server, wait_until_ready
from sandbox import history
from sandbox.server import serving
from sources import captures, stooq, worldbank

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"

Silverstreak = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def silverstreak() -> Silverstreak:
    """Run the command line in a process of its own, as a user does."""

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).parent / "silverstreak", *words],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have one Prefect server for all tests that run flows."""
    data = tmp_path_factory.mktemp("prefect")
    with prefect_server(data):
        wait_until_ready(data)
        yield


@pytest.fixture(scope="module")
def demo(
    tmp_path_factory: pytest.TempPathFactory,
    prefect: None,
    silverstreak: Silverstreak,
    worker_id: str,
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run the demo once, whichever worker comes first; each module has a copy of what it leaves."""
    built = common(tmp_path_factory, worker_id) / "demo"
    with FileLock(f"{built}.lock"):
        if not built.exists():
            ended = silverstreak(
                "demo", "--timings", "--data", str(built), SILVERSTREAK_BRIEF="silver"
            )
            told = [ended.returncode, ended.stdout, ended.stderr]
            built.with_suffix(".json").write_text(json.dumps(told))
    data = shutil.copytree(built, tmp_path_factory.mktemp("demo") / "data", symlinks=True)
    text = built.with_suffix(".json").read_text().replace(str(built), str(data))
    return Path(data), subprocess.CompletedProcess(["demo"], *json.loads(text))


def common(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Name the folder of this run of the tests that all workers share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def replayed(
    tmp_path_factory: pytest.TempPathFactory, silverstreak: Silverstreak, worker_id: str
) -> Path:
    """Run the pipeline on the real series once, whichever worker comes first; tests only read."""
    built = common(tmp_path_factory, worker_id) / "replayed"
    with FileLock(f"{built}.lock"):
        if not built.exists():
            data = tmp_path_factory.mktemp("history")
            keep_what_was_saved(data)
            with serving(history.from_folder(SHARED / "history"), date(2025, 12, 11)) as url:
                ended = silverstreak("run", "--data", str(data), SILVERSTREAK_SANDBOX=url)
            assert ended.returncode == 0, ended.stderr
            data.rename(built)
    return built


def keep_what_was_saved(data: Path) -> None:
    """Keep the payloads that the sandbox does not serve; a run loads what waits before it asks.

    The World Bank's edition is kept at its time: months later it would be refused as an old one.
    """
    folder, last = str(data / "captures"), date(2025, 12, 11)
    bitcoin = stooq.quotes("BTC.V", "btc.v", "USD", date(2010, 7, 17), last)
    ether = stooq.quotes("ETH.V", "eth.v", "USD", date(2015, 8, 7), last)
    silver = worldbank.monthly_averages("SILVER_MONTHLY", "Silver")
    workbook = "worldbank/CMO-Historical-Data-Monthly_updated-2025-04-02.xlsx"
    for request, file, known_at in (
        (bitcoin, "stooq/btc_v_d.csv", datetime(2025, 12, 12, 17, tzinfo=UTC)),
        (ether, "stooq/eth_v_d.csv", datetime(2025, 12, 12, 17, tzinfo=UTC)),
        (silver, workbook, datetime(2025, 4, 3, 12, tzinfo=UTC)),
    ):
        payload = (SHARED / "payloads" / file).read_bytes()
        captures.keep(folder, request, payload, known_at, origin="history")


@pytest.fixture(scope="session")
def oracle() -> dict[str, Any]:
    """Read what was found in the real series by another route."""
    told: dict[str, Any] = json.loads((SHARED / "sources" / "oracle.json").read_text())
    return told
