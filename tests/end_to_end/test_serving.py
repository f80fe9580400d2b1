"""The schedules as an operator runs them: real servers, real processes, real kills."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import httpx
import pytest

from flows import alive, server
from flows.schedules import DEPLOYMENTS
from sandbox.answers import Answer
from sandbox.server import serving
from tests.flows.living import Spoiled, small_market
from warehouse.connection import FILE, lock

ROOT = Path(__file__).parents[2]
TODAY = date(2025, 12, 11)
SILVERSTREAK = str(Path(sys.executable).parent / "silverstreak")
STUCK = {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}}
SCHEDULED = {"state": {"type": {"any_": ["SCHEDULED"]}}}
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@pytest.fixture(autouse=True)
def _no_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


class Api:
    """Prefect's API, as far as we ask it."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def ask(self, kind: str, **filters: Any) -> list[dict[str, Any]]:
        told = self.http.post(f"/{kind}/filter", json=filters).raise_for_status()
        return list(told.json())

    def state(self, run: str) -> dict[str, Any]:
        return dict(self.http.get(f"/flow_runs/{run}").raise_for_status().json()["state"])


@contextmanager
def api_at(url: str) -> Iterator[Api]:
    with httpx.Client(base_url=url, timeout=60) as http:
        yield Api(http)


@contextmanager
def prefect_server(data: Path) -> Iterator[Api]:
    with server.prefect_server(data):
        server.wait_until_ready(data)
        with api_at(os.environ["PREFECT_API_URL"]) as api:
            yield api


def until(told: Callable[[], Any], seconds: float = 300) -> Any:
    """Wait until something is true, and give it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := told():
            return found
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds} s: {told}")


class Served:
    """A process that serves, and what it prints."""

    def __init__(self, command: list[str], log: Path, **environment: str) -> None:
        self.log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def says(self, words: str) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return words in self.log.read_text()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def served(command: list[str], log: Path, data: Path, **environment: str) -> Iterator[Served]:
    process = Served(command, log, **environment)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            kill_all(process, data)


def kill_all(process: Served, data: Path) -> None:
    """Do as a machine does when it dies: end the server, the runner and its runs at once."""
    own = server.running(data / "prefect")
    for group in (process.process.pid, *([own.pid] if own else [])):
        os.killpg(group, signal.SIGKILL)
    process.process.wait()


def ops_runs(data: Path) -> dict[str, str]:
    with duckdb.connect(data / FILE, read_only=True) as warehouse:
        return dict(warehouse.execute("select run, state from ops.runs").fetchall())


def test_what_was_killed_is_told_of_and_caught_up_with(template: Path, tmp_path: Path) -> None:
    """Kill all processes in the middle of a run; serve again: nothing is left behind."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(template, data / FILE)
    asked, released = Event(), Event()

    def keep_waiting(answer: Answer) -> Answer:
        asked.set()
        released.wait(300)
        return answer

    spoiled = Spoiled(1, spoiling=keep_waiting)
    with serving(small_market(), TODAY, faults=spoiled) as url:
        command = [SILVERSTREAK, "serve", "--data", str(data)]
        settings = {"SILVERSTREAK_SANDBOX": url, **in_twelve_hours()}
        with served(command, tmp_path / "first", data, **settings) as first:
            until(asked.is_set)
            kill_all(first, data)
        released.set()
        [killed] = until(lambda: alive.dead(data))

        with served(command, tmp_path / "second", data, **settings) as second:
            page = until(lambda: address(second))
            assert "text/html" in httpx.get(page).headers["content-type"]
            assert httpx.get(f"{page}/ui-settings").json()["api_url"] == f"{page}/api"
            until(lambda: second.says("run (catch-up) completed"))
            with api_at(f"{page}/api") as api:
                state = api.state(killed)
                stuck = [
                    *api.ask("task_runs", task_runs=STUCK),
                    *api.ask("flow_runs", flow_runs=STUCK),
                ]
                planned = api.ask("flow_runs", flow_runs=SCHEDULED)
            assert second.stop() == 0, second.log.read_text()

    assert (state["type"], "nobody holds the lock" in state["message"]) == ("CRASHED", True)
    assert stuck == []
    assert planned, "the schedules plan runs"
    states = ops_runs(data)
    assert states.pop(killed) == "crashed"
    assert set(states.values()) == {"completed"}
    assert list((data / "runs").iterdir()) == []
    with lock(data, 0):
        pass
    assert server.running(data / "prefect") is None
    assert "Traceback" not in second.log.read_text()


def in_twelve_hours() -> dict[str, str]:
    """Have nothing come due while the test runs, but something planned."""
    hour = (datetime.now(UTC) + timedelta(hours=12)).hour
    names = [f"SILVERSTREAK_SCHEDULES__{row.name.upper()}" for row in DEPLOYMENTS if row.cron]
    return dict.fromkeys((f"{name}__CRON" for name in names), f"0 {hour} * * *") | dict.fromkeys(
        (f"{name}__TIMEZONE" for name in names), "UTC"
    )


def address(serve: Served) -> str | None:
    lines = serve.log.read_text().splitlines()
    return next((line.split()[-1] for line in lines if line.startswith("Prefect's pages:")), None)


TWENTY = """
import asyncio
from datetime import UTC, datetime

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.states import Scheduled

@flow
async def tick(): ...

async def main():
    from flows.runner import until_stopped  # not in the processes of the runs, which it would slow
    runner = Runner(name="twenty", pause_on_shutdown=False)
    added = [await runner.aadd_flow(tick, name=f"tick {number}") for number in range(20)]
    due = Scheduled(scheduled_time=datetime.now(UTC))
    async with get_client() as client:
        for deployment in added:
            await client.create_flow_run_from_deployment(deployment, state=due)
    await until_stopped(runner)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_twenty_deployments_that_are_due_at_once_are_all_served(tmp_path: Path) -> None:
    """On SQLite, as the embedded server uses it."""
    script = tmp_path / "twenty.py"
    script.write_text(TWENTY)
    command = [sys.executable, str(script)]
    with (
        prefect_server(tmp_path) as api,
        served(command, tmp_path / "log", tmp_path) as twenty,
    ):

        def ended() -> list[dict[str, Any]]:
            assert twenty.process.poll() is None, twenty.log.read_text()
            runs = [run for run in api.ask("flow_runs") if run["state_type"] in ENDED]
            return runs if len(runs) >= 20 else []

        runs = until(ended)
        assert twenty.stop() == 0

    assert [run["state_type"] for run in runs] == ["COMPLETED"] * 20
    assert len({run["deployment_id"] for run in runs}) == 20
    assert "locked" not in (tmp_path / "prefect" / "server.log").read_text()


TOGETHER = """
import asyncio, importlib, sys
flow = getattr(importlib.import_module(f"flows.{sys.argv[1]}"), sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(asyncio.run(flow(return_state=True)).type.value)
"""


def test_two_flows_that_start_at_the_same_second_both_finish(
    template: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(template, data / FILE)
    with serving(small_market(), TODAY) as url, prefect_server(data):
        environment = {"SILVERSTREAK_SANDBOX": url, "SILVERSTREAK_DATA": str(data)}
        both = [
            subprocess.Popen(
                [sys.executable, "-c", TOGETHER, flow],
                cwd=ROOT,
                env=os.environ | environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for flow in ("record_quotes", "record_holdings")
        ]
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in both:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate(timeout=300) for process in both]

    assert [out for out, _ in told] == ["COMPLETED\n", "COMPLETED\n"], told
    assert sorted(ops_runs(data).values()) == ["completed", "completed"]
    log = (data / "prefect" / "server.log").read_text()
    assert "locked" not in "".join([log, *(out + err for out, err in told)])


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL server of our own, and give its address as Prefect wants it."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and os.environ.get("CI") != "true":
        pytest.skip("PostgreSQL is not installed")
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []  # it refuses root
    port = server.free_port()

    def run(program: str, *words: str) -> None:
        command = [*owner, str(found[-1].with_name(program)), "--pgdata", str(data), *words]
        subprocess.run(command, cwd="/", check=True, stdout=subprocess.DEVNULL, timeout=60)

    with tempfile.TemporaryDirectory() as folder:  # pytest's own is closed to others than us
        if owner:
            shutil.chown(folder, "postgres")
        data, log = Path(folder) / "data", Path(folder) / "log"
        run("initdb", "--auth", "trust", "--username", "prefect", "--no-sync")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
        run("pg_ctl", "start", "--wait", "--log", str(log), "--options", options)
        try:
            yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "--wait", "--mode", "immediate")


def test_on_postgresql_all_is_deployed_and_planned_and_a_worker_runs_it(
    template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine with a Prefect server for all: prefect.yaml, from a checkout."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(template, data / FILE)
    with postgres() as database, serving(small_market(), TODAY) as url:
        monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", database)
        with prefect_server(tmp_path) as api:
            told = prefect("work-pool", "create", "market", "--type", "process")
            told += prefect("deploy", "--all")
            deployed = {row["name"]: row for row in api.ask("deployments")}
            scheduled = {row.name for row in DEPLOYMENTS if row.cron}

            def planned() -> bool:
                runs = api.ask("flow_runs", flow_runs=SCHEDULED)
                return {run["deployment_id"] for run in runs} >= {
                    deployed[name]["id"] for name in scheduled
                }

            until(planned)
            bars = deployed["bars"]["id"]
            run = api.http.post(f"/deployments/{bars}/create_flow_run", json={}).json()["id"]
            environment = {"SILVERSTREAK_SANDBOX": url, "SILVERSTREAK_DATA": str(data)}
            worker = ("worker", "start", "--pool", "market", "--type", "process", "--run-once")
            told += prefect(*worker, **environment)
            state = api.state(run)
            left = {row["key"] for row in api.ask("artifacts")}

    assert {
        (row["name"], schedule["schedule"]["cron"], schedule["schedule"]["timezone"])
        for row in deployed.values()
        for schedule in row["schedules"]
    } == {(row.name, row.cron, row.timezone) for row in DEPLOYMENTS if row.cron}
    assert deployed.keys() == {row.name for row in DEPLOYMENTS}
    assert state["type"] == "COMPLETED", told
    assert left >= {"rows-bars", "gaps-bars", "summary-bars"}, "by the name of the deployment"
    assert ops_runs(data) == {run: "completed"}


def prefect(*words: str, **environment: str) -> str:
    """Run Prefect's own command line in the checkout, as an operator does."""
    ended = subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", *words],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr
