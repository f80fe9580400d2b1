"""Runs that died without a word are said to have crashed, and no others."""

import json
import subprocess
import sys
from pathlib import Path

RECOVER = """
import asyncio, json, os, sys
from datetime import timedelta
from pathlib import Path

from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.states import Running

from flows import alive, recovery

recovery.LAST_WORDS = 0
data = Path(sys.argv[1])


async def main():
    async with get_client() as client:

        async def begun(name):
            async def nothing(): ...
            run = await client.create_flow_run(flow(nothing, name=name))
            await client.set_flow_run_state(run.id, Running(), force=True)
            return str(run.id)

        dead, living, starting, yours = [
            await begun(name) for name in ("run", "run", "run", "a flow of yours")
        ]
        (data / "runs").mkdir()
        alive.lock_of(data, dead).touch()
        orphan = await client.create_task_run(
            task(lambda: None), flow_run_id=dead, dynamic_key="0", state=Running()
        )

        async def states():
            runs = [await client.read_flow_run(run) for run in (dead, living, starting, yours)]
            return [run.state.type.value for run in runs]

        with alive.living(data, living):
            await recovery.mark_crashed(data)
            elsewhere = await states()
            (data / "prefect").mkdir()
            told = {"pid": 1, "url": os.environ["PREFECT_API_URL"]}
            (data / "prefect" / "server.json").write_text(json.dumps(told))
            await recovery.mark_crashed(data)
            at_first = await states()
            recovery.LONGEST_START = timedelta(0)
            await recovery.mark_crashed(data)
            later = await states()
        task_run = await client.read_task_run(orphan.id)
        print(json.dumps([elsewhere, at_first, later, task_run.state.type.value, alive.dead(data)]))


asyncio.run(main())
"""


def test_only_runs_that_are_known_to_be_dead_are_said_to_have_crashed(
    prefect: None, tmp_path: Path
) -> None:
    """A lock that nobody holds tells so; on the folder's own server, in time, that there is none.

    There are, in this order: a run that was killed, one that lives, one that has no lock (it is
    starting, or belongs to another machine), and a flow that is none of ours.
    """
    told = subprocess.run(
        [sys.executable, "-c", RECOVER, tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    elsewhere, at_first, later, task_run, left = json.loads(told.stdout)
    assert elsewhere == ["CRASHED", "RUNNING", "RUNNING", "RUNNING"]
    assert at_first == elsewhere
    assert later == ["CRASHED", "RUNNING", "CRASHED", "RUNNING"]
    assert task_run == "CRASHED"
    assert left == []
