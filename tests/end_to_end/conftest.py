import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from flows.server import prefect_server, wait_until_ready

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
            timeout=300,
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
    base = tmp_path_factory.getbasetemp()
    built = (base if worker_id == "master" else base.parent) / "demo"
    with FileLock(f"{built}.lock"):
        if not built.exists():
            ended = silverstreak("demo", "--timings", "--data", str(built))
            told = [ended.returncode, ended.stdout, ended.stderr]
            built.with_suffix(".json").write_text(json.dumps(told))
    data = shutil.copytree(built, tmp_path_factory.mktemp("demo") / "data", symlinks=True)
    text = built.with_suffix(".json").read_text().replace(str(built), str(data))
    return Path(data), subprocess.CompletedProcess(["demo"], *json.loads(text))
