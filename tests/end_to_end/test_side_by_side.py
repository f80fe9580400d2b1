"""Readers, the writer and the Prefect server, side by side in processes of their own."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from flows import server
from tests.end_to_end.conftest import Silverstreak
from warehouse.connection import open_writer

Demo = tuple[Path, subprocess.CompletedProcess[str]]


def count_in_another_process(file: Path) -> int:
    code = (
        "import duckdb, sys\n"
        "with duckdb.connect(sys.argv[1], read_only=True) as published:\n"
        "    print(published.sql('select count(*) from bars').fetchone()[0])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, file], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode == 0, told.stderr
    return int(told.stdout)


def test_the_plain_client_reads_while_a_run_holds_the_writer(demo: Demo) -> None:
    data, _ = demo

    with open_writer(data, "synthetic", datetime.now(UTC)):
        assert count_in_another_process(data / "published" / "silverstreak.duckdb") > 80_000


def test_what_is_published_changes_while_the_plain_client_holds_the_file(
    demo: Demo, silverstreak: Silverstreak
) -> None:
    data, _ = demo
    held = (data / "published" / "silverstreak.duckdb").resolve()

    with duckdb.connect(held, read_only=True) as reader:
        before = reader.sql("select count(*) from bars").fetchall()
        ended = silverstreak("publish", "--data", str(data))

        assert ended.returncode == 0, ended.stderr
        assert (data / "published" / "silverstreak.duckdb").resolve() != held
        assert reader.sql("select count(*) from bars").fetchall() == before


def test_a_second_writer_waits_no_longer_than_told_and_names_the_first(
    demo: Demo, silverstreak: Silverstreak
) -> None:
    data, _ = demo

    with open_writer(data, "synthetic", datetime.now(UTC)):
        told = silverstreak("publish", "--data", str(data), SILVERSTREAK_WRITER_WAIT="0.2")

    assert told.returncode == 1
    assert f"pid {os.getpid()}" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.fixture
def no_api(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def test_commands_share_one_prefect_server_and_the_last_one_out_stops_it(
    no_api: None, tmp_path: Path
) -> None:
    other = f"""
import sys, time
from pathlib import Path
from flows.server import prefect_server, wait_until_ready
with prefect_server(Path({str(tmp_path)!r})):
    wait_until_ready(Path({str(tmp_path)!r}))
    import os; print(os.environ["PREFECT_API_URL"], flush=True)
    sys.stdin.readline()
"""
    with server.prefect_server(tmp_path):
        ours = os.environ["PREFECT_API_URL"]
        joined = subprocess.Popen(
            [sys.executable, "-c", other],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={key: value for key, value in os.environ.items() if key != "PREFECT_API_URL"},
        )
        assert joined.stdout is not None
        assert joined.stdout.readline().strip() == ours
        pid = json.loads((tmp_path / "prefect" / "server.json").read_text())["pid"]

    assert "PREFECT_API_URL" not in os.environ
    assert server.is_alive(pid), "the other command still uses it"
    joined.communicate("done\n", timeout=60)
    deadline = time.monotonic() + 30
    while server.is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not server.is_alive(pid)


SCHEDULE = """
import asyncio, time
from datetime import timedelta
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import IntervalSchedule

@flow
async def tick(): ...

async def main():
    async with get_client() as client:
        flow_id = await client.create_flow(tick)
        every_minute = IntervalSchedule(interval=timedelta(minutes=1))
        schedule = DeploymentScheduleCreate(schedule=every_minute)
        deployment = await client.create_deployment(flow_id, "ticking", schedules=[schedule])
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            runs = await client.read_flow_runs()
            states = [run.state_name for run in runs if run.deployment_id == deployment]
            if len(states) >= 2:
                print(sorted(set(states)))
                return
            await asyncio.sleep(0.5)
        print("no scheduled run was created")

asyncio.run(main())
"""


def test_the_pinned_server_creates_scheduled_runs(prefect: None) -> None:
    """With sqlalchemy 2.1 flows run, but the scheduler dies in silence: only this would tell."""
    told = subprocess.run(
        [sys.executable, "-c", SCHEDULE], capture_output=True, text=True, timeout=120, check=False
    )

    assert told.stdout.strip() == "['Scheduled']", told.stdout + told.stderr
