import io
import logging
import os
import pickle
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import stamina
import uvicorn
from filelock import FileLock
from hypothesis import settings
from starlette.types import ASGIApp

from flows.cli import main
from sandbox.server import address, listen
from warehouse.connection import FILE, open_writer

BORN = datetime(2030, 1, 2, 18, tzinfo=UTC)

# A busy machine may take DuckDB or polars past Hypothesis's 200 ms a case; no failure of ours.
settings.register_profile("pipeline", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=60)
settings.load_profile("pipeline")

Serve = Callable[[ASGIApp], str]
Asked = Callable[..., subprocess.CompletedProcess[str]]
Once = Callable[[str, Callable[[Path], Any]], tuple[Path, Any]]


@pytest.fixture(autouse=True, scope="session")
def _no_brief() -> Iterator[None]:
    """Make no brief after a publish, which takes seconds, but where it is what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SILVERSTREAK_BRIEF", "none")
        yield


@pytest.fixture(autouse=True)
def _fresh_loggers() -> None:
    """Undo what a command that ran in this process has done to our loggers (`begin_logging`)."""
    for name in ("silverstreak", "flows", "sources", "warehouse"):
        logger = logging.getLogger(name)
        logger.handlers = [own for own in logger.handlers if own.name != "silverstreak"]
        logger.propagate = True
        logger.setLevel(logging.NOTSET)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one worker build the demo at once, while others have files that do not wait for it."""
    items.sort(key=lambda item: item.path.stem != "test_command_line")


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Fill a folder once for all workers, whichever comes first; nobody may change it after.

    `once(name, fill)` gives the folder, and what `fill(folder)` gave.
    """
    base = tmp_path_factory.getbasetemp()
    common = base if worker_id == "master" else base.parent

    def make(name: str, fill: Callable[[Path], Any]) -> tuple[Path, Any]:
        folder, told = common / name, common / f"{name}.told"
        with FileLock(common / f"{name}.lock"):
            if not told.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                told.write_bytes(pickle.dumps(fill(folder)))
        return folder, pickle.loads(told.read_bytes())  # noqa: S301 -- our own

    return make


@pytest.fixture(scope="session")
def template(once: Once) -> Path:
    """Make the file of an empty synthetic warehouse: to create all views takes seconds."""

    def fill(data: Path) -> None:
        with open_writer(data, "synthetic", BORN) as warehouse:
            warehouse.execute("checkpoint")

    return once("template", fill)[0] / FILE


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve an application on loopback until the test ends: `serve(app)` gives its address."""
    with ExitStack() as servers:
        yield lambda app: servers.enter_context(serving(app))


@pytest.fixture
def impatient() -> Iterator[None]:
    """Retry as often as manners say, but at once."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@pytest.fixture(scope="session")
def asked() -> Asked:
    """Run the command line in this process: for commands that run no flow, it is quicker."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        before = os.environ.copy()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main(words)
        os.environ.clear()
        os.environ.update(before)
        status = int(ended.value.code or 0)
        return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())

    return run


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    with listen(0) as listener:
        config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.005)
        yield address(listener)
        server.should_exit = True
        thread.join()
