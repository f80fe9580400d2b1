"""What runs when, and what has missed its time."""

import asyncio
import importlib
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import prefect
import pytest
import yaml
from filelock import FileLock

from flows import alive, server
from flows.datasets import DATASETS
from flows.overdue import overdue
from flows.schedules import DEPLOYMENTS, SCHEDULED, Deployment, Schedule
from flows.settings import General, Settings
from warehouse.connection import FILE, lock

ROOT = Path(__file__).parents[2]
NOON = datetime(2025, 12, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda row: row.name)
def test_a_deployment_names_a_flow_that_takes_its_parameters(deployment: Deployment) -> None:
    flow = load(deployment)

    assert isinstance(flow, prefect.Flow)
    assert flow.name == deployment.flow_name
    assert set(deployment.parameters) <= set(flow.parameters.properties)


def load(deployment: Deployment) -> Any:
    module, _, name = deployment.entrypoint.rpartition(".")
    return getattr(importlib.import_module(module), name)


def test_together_the_schedules_record_every_dataset_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[str] = []

    async def note(datasets: frozenset[str]) -> None:
        recorded.extend(datasets)

    for deployment in SCHEDULED:
        module = importlib.import_module(f"flows.{deployment.flow}")
        monkeypatch.setattr(module, "record", note)
        before = len(recorded)
        asyncio.run(load(deployment).fn(**deployment.parameters))
        assert sorted(recorded[before:]) == sorted(deployment.datasets)

    assert sorted(recorded) == sorted(DATASETS)


def test_prefect_yaml_says_the_same_as_the_schedules() -> None:
    told = yaml.safe_load((ROOT / "prefect.yaml").read_text())

    assert told["prefect-version"] == prefect.__version__
    assert [
        (row["name"], row["entrypoint"], row.get("parameters", {}), row.get("schedules", []))
        for row in told["deployments"]
    ] == [
        (
            row.name,
            row.entrypoint,
            row.parameters,
            [{"cron": row.cron, "timezone": row.timezone}] if row.cron else [],
        )
        for row in DEPLOYMENTS
    ]
    pools = [row["work_pool"] for row in told["deployments"]]
    assert {pool["name"] for pool in pools} == {"market"}
    assert {pool["job_variables"]["env"]["PREFECT_LOGGING_EXTRA_LOGGERS"] for pool in pools} == {
        server.LOGGERS
    }


def test_a_time_that_is_set_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILVERSTREAK_SCHEDULES__BARS__CRON", "0 6 * * 2-6")
    monkeypatch.setenv("SILVERSTREAK_SCHEDULES__ASSET_CAPS__TIMEZONE", "Asia/Tokyo")

    schedules = Settings().schedules

    assert schedules["bars"] == Schedule(cron="0 6 * * 2-6", timezone="America/New_York")
    assert schedules["asset_caps"] == Schedule(cron="30 22 * * *", timezone="Asia/Tokyo")
    assert schedules.keys() == {row.name for row in SCHEDULED}
    assert schedules["coins"].cron == "5 * * * *"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("BARS__CRON", "15 20 * *", r"schedules.bars.cron .*'15 20 \* \*' is no line of cron"),
        ("BARS__CRON", "61 20 * * *", "is no line of cron .Bad minute.: minute, hour, day"),
        ("BARS__CRON", "0 0 30 2 *", "is no line of cron .Bad day-of-month."),
        ("COINS__TIMEZONE", "Mars/Olympus", "schedules.coins.timezone .*there is no time zone"),
        ("COINS__TIMEZONE", "../zone", "there is no time zone"),
        ("BARS__HOUR", "6", "schedules.bars.hour"),
        ("BONDS__CRON", "0 6 * * *", "there is no schedule bonds: there are bars, coins, holdings"),
    ],
)
def test_a_time_that_never_comes_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    asked: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
    name: str,
    value: str,
    told: str,
) -> None:
    monkeypatch.setenv(f"SILVERSTREAK_SCHEDULES__{name}", value)

    ended = asked("serve", "--data", str(tmp_path))

    assert ended.returncode == 1
    assert re.search(told, ended.stderr)
    assert ended.stderr.count("\n") == 1


def test_a_folder_is_served_once(
    asked: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    with FileLock(tmp_path / "serve.lock"):
        ended = asked("serve", "--data", str(tmp_path))

    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        f"silverstreak: another `silverstreak serve` runs the schedules of {tmp_path}: "
        "stop it first\n"
    )


@pytest.mark.parametrize(
    ("moment", "comes", "came"),
    [
        pytest.param(
            "2025-12-11T12:00+00:00",
            "2025-12-12T01:15+00:00",
            "2025-12-11T01:15+00:00",
            id="in winter",
        ),
        pytest.param(
            "2025-07-01T12:00+00:00",
            "2025-07-02T00:15+00:00",
            "2025-07-01T00:15+00:00",
            id="in summer",
        ),
        pytest.param(
            "2025-03-09T06:00+00:00",
            "2025-03-10T00:15+00:00",
            "2025-03-09T01:15+00:00",
            id="as clocks go forward",
        ),
    ],
)
def test_a_time_is_told_by_the_clocks_of_its_zone(moment: str, comes: str, came: str) -> None:
    bars = Settings().schedules["bars"]

    assert bars.next_after(datetime.fromisoformat(moment)) == datetime.fromisoformat(comes)
    assert bars.last_before(datetime.fromisoformat(moment)) == datetime.fromisoformat(came)


@pytest.fixture
def settings(template: Path, tmp_path: Path) -> General:
    """Give a folder in which a run of everything has begun at noon, and ended."""
    shutil.copy(template, tmp_path / FILE)
    note(tmp_path, "first", "completed", NOON)
    return Settings(data=tmp_path)


def note(
    data: Path,
    run: str,
    state: str,
    started_at: datetime,
    datasets: tuple[str, ...] = DATASETS,
) -> None:
    columns = "$run run, $state state, $at started_at, $datasets datasets, [] summary"
    told = {"run": run, "state": state, "at": started_at, "datasets": list(datasets)}
    with duckdb.connect(data / FILE) as warehouse:
        warehouse.execute(f"insert into ops.runs by name select {columns}", told)


def late(settings: General, moment: datetime) -> list[str]:
    return [deployment.name for deployment in overdue(settings, moment)]


def test_without_a_warehouse_everything_has_missed_its_time(tmp_path: Path) -> None:
    assert late(Settings(data=tmp_path), NOON) == [row.name for row in SCHEDULED]


def test_what_began_since_it_was_due_has_not_missed_its_time(settings: General) -> None:
    assert late(settings, NOON + timedelta(minutes=4)) == []
    assert late(settings, NOON + timedelta(minutes=6)) == ["coins"]
    assert late(settings, NOON + timedelta(days=1)) == [row.name for row in SCHEDULED]


def test_a_run_of_something_else_is_no_run_of_it(settings: General) -> None:
    after = NOON + timedelta(minutes=10)
    note(settings.data, "second", "completed", after, ("coins", "coin_market"))

    assert late(settings, after) == ["coins"]


@pytest.mark.parametrize("state", ["running", "crashed"])
def test_what_was_killed_has_missed_its_time(settings: General, state: str) -> None:
    after = NOON + timedelta(minutes=10)
    note(settings.data, "second", state, after)

    assert late(settings, after) == ["coins"]


def test_what_is_still_at_it_has_not_missed_its_time(settings: General) -> None:
    after = NOON + timedelta(minutes=10)
    note(settings.data, "second", "running", after)

    with alive.living(settings.data, "second"):
        assert late(settings, after) == []


def test_while_somebody_writes_nothing_can_be_told(settings: General) -> None:
    with lock(settings.data, 0):
        assert late(settings, NOON + timedelta(days=1)) == []
