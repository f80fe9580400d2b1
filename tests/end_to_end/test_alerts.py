"""Two days lived by command: what is to be told arrives once, and is an event of Prefect's."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import duckdb
import httpx

from sandbox.server import serving
from tests.conftest import Serve
from tests.end_to_end.conftest import Silverstreak
from tests.flows.living import LAST, small_market
from tests.hook import Hook
from warehouse.connection import FILE

# SPY closes on the second day as high as never before; the third run is of the same day.
LIVED = ("2025-10-21T23:00:00+00:00", "2025-10-22T23:00:00+00:00", "2025-10-22T23:30:00+00:00")


def test_what_two_days_bring_arrives_once(
    prefect: None, silverstreak: Silverstreak, serve: Serve, template: Path, tmp_path: Path
) -> None:
    shutil.copy(template, tmp_path / FILE)
    hook = Hook()
    addresses = json.dumps([f"{serve(hook)}/t0ken".replace("http:", "json:")])
    ended = []
    with serving(small_market(), LAST) as url:
        settings = {"SILVERSTREAK_SANDBOX": url, "SILVERSTREAK_ALERTS__URLS": addresses}
        for moment in LIVED:
            httpx.put(f"{url}/sandbox/clock", json={"now": moment}).raise_for_status()
            ended.append(silverstreak("run", "--data", str(tmp_path), **settings))
    listed = json.loads(silverstreak("alerts", "--format", "json", "--data", str(tmp_path)).stdout)

    assert [run.returncode for run in ended] == [0, 0, 0], ended[0].stderr
    hole, record = hook.told
    assert hole.startswith("no_session_is_missing (warning): ")  # the market begins in June
    assert record.startswith("SPDR S&P 500 ETF Trust (SPY) closed at 700.40 USD on 2025-10-22")
    assert [f"alert (record): {record}" in run.stderr for run in ended] == [False, True, False]
    assert [(alert["message"], bool(alert["sent_at"])) for alert in listed] == [
        (record, True),
        (hole, True),
    ]
    assert events(2, runs_of(tmp_path)) == [
        ("silverstreak.alert.check", "silverstreak.check.no_session_is_missing", hole),
        ("silverstreak.alert.record", "silverstreak.record.SPY", record),
    ]
    assert "t0ken" not in "".join(run.stdout + run.stderr for run in ended)


def runs_of(data: Path) -> set[str]:
    with duckdb.connect(data / FILE, read_only=True) as warehouse:
        return {
            f"prefect.flow-run.{run}"
            for (run,) in warehouse.sql("select run from ops.runs").fetchall()
        }


def events(awaited: int, runs: set[str]) -> list[tuple[str, str, str]]:
    """Ask Prefect for the alerts of these runs, in order, once it has digested so many."""
    wanted = {"filter": {"event": {"prefix": ["silverstreak.alert."]}}}
    deadline = time.monotonic() + 60
    while True:
        answer = httpx.post(f"{os.environ['PREFECT_API_URL']}/events/filter", json=wanted)
        told: list[dict[str, Any]] = answer.raise_for_status().json()["events"]
        found = [event for event in told if runs & related(event)]
        if len(found) >= awaited or time.monotonic() > deadline:
            return [
                (
                    event["event"],
                    event["resource"]["prefect.resource.id"],
                    event["payload"]["message"],
                )
                for event in sorted(found, key=lambda event: event["occurred"])
            ]
        time.sleep(0.2)


def related(event: dict[str, Any]) -> set[str]:
    return {one["prefect.resource.id"] for one in event["related"]}
