"""The command line, as a stranger meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from python_calamine import CalamineWorkbook

from flows.datasets import DATASETS
from tests.end_to_end.conftest import Silverstreak
from warehouse.connection import up

Demo = tuple[Path, subprocess.CompletedProcess[str]]
COMMANDS = (
    "demo",
    "run",
    "backfill",
    "publish",
    "rollback",
    "sql",
    "shell",
    "export",
    "claims",
    "status",
    "gaps",
    "alerts",
    "sandbox",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(asked: Silverstreak, command: str) -> None:
    told = asked(command, "--help")

    assert told.returncode == 0
    assert f"Usage: silverstreak {command}" in told.stdout
    assert command in asked("--help").stdout


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["sq"], id="an unknown command"),
        pytest.param(["sql"], id="no query"),
        pytest.param(["sql", "select 1", "--as-of", "2025-13-01"], id="a day that is none"),
        pytest.param(["run", "flows"], id="an unknown dataset"),
        pytest.param(["sql", "select 1", "--format", "xml"], id="an unknown format"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_one_line(asked: Silverstreak, words: list[str]) -> None:
    told = asked(*words)

    assert told.returncode == 2
    assert len(told.stderr.strip().splitlines()) == 1
    assert "--help" in told.stderr


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        pytest.param("selec 1", "syntax error", id="no SQL"),
        pytest.param("select clos from bars", "did you mean close", id="a misspelt column"),
        pytest.param("copy bars to '/tmp/x.csv'", "read-only", id="a file written"),
        pytest.param("from read_csv('/etc/passwd')", "disabled by configuration", id="a file read"),
        pytest.param("set enable_external_access = true", "locked", id="the lock undone"),
        pytest.param("delete from history.bars", "read-only", id="a row deleted"),
    ],
)
def test_a_query_that_cannot_be_answered_is_one_clear_line(
    asked: Silverstreak, demo: Demo, query: str, reason: str
) -> None:
    told = asked("sql", query, "--data", str(demo[0]))

    assert told.returncode == 1
    assert told.stdout == ""
    assert len(told.stderr.strip().splitlines()) == 1
    assert reason in told.stderr


def test_answers_come_in_every_format(asked: Silverstreak, demo: Demo, tmp_path: Path) -> None:
    query = "select instrument, session, close, known_at, superseded_at from history.bars limit 3"
    common = ("--data", str(demo[0]))

    table = asked("sql", query, *common)
    csv = asked("sql", query, "--format", "csv", *common)
    told = asked("sql", query, "--format", "json", *common)
    file, book = tmp_path / "bars.parquet", tmp_path / "bars.xlsx"
    parquet = asked("sql", query, "--format", "parquet", "--output", str(file), *common)
    excel = asked("sql", query, "--format", "xlsx", "--output", str(book), *common)

    assert {ended.returncode for ended in (table, csv, told, parquet, excel)} == {0}
    assert table.stdout.splitlines()[-1] == "synthetic data"
    workbook = CalamineWorkbook.from_path(book)
    assert workbook.sheet_names == ["synthetic data"]
    assert len(workbook.get_sheet_by_index(0).to_python()) == 4
    assert "instrument" in table.stdout
    assert len(csv.stdout.splitlines()) == 4
    assert len(json.loads(told.stdout)) == 3
    assert pl.read_parquet(file)["close"].to_list() == [
        row["close"] for row in json.loads(told.stdout)
    ]


def test_who_has_read_enough_ends_the_command_in_silence(demo: Demo) -> None:
    command = [Path(sys.executable).parent / "silverstreak", "sql", "from bars"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [*command, "--data", demo[0]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    ) as told:
        assert told.stdout and told.stderr  # noqa: PT018 -- for mypy
        assert told.stdout.readline().startswith("instrument")
        told.stdout.close()

        assert told.stderr.read() == ""
    assert told.returncode == 141


def test_an_endless_version_is_shown_as_null(asked: Silverstreak, demo: Demo) -> None:
    query = "select superseded_at from history.bars where superseded_at = 'infinity' limit 1"

    told = asked("sql", query, "--format", "json", "--data", str(demo[0]))

    assert json.loads(told.stdout) == [{"superseded_at": None}]


def test_what_may_be_recorded_is_listed(asked: Silverstreak) -> None:
    told = asked("run", "--help").stdout

    assert [dataset for dataset in DATASETS if dataset not in told] == []


def test_a_dataset_that_is_switched_off_is_not_asked_for_in_silence(
    silverstreak: Silverstreak, tmp_path: Path
) -> None:
    told = silverstreak("run", "holdings", "--data", str(tmp_path))

    assert told.returncode == 1
    assert "holdings is switched off: see docs/sources.md" in told.stderr
    assert not [*tmp_path.rglob("*.duckdb")]


def test_an_empty_folder_says_what_to_do(asked: Silverstreak, tmp_path: Path) -> None:
    told = asked("sql", "select 1", "--data", str(tmp_path))

    assert told.returncode == 1
    assert "nothing is published" in told.stderr
    assert "silverstreak demo" in told.stderr


def test_a_claims_file_of_ones_own_is_answered_claim_by_claim(
    asked: Silverstreak, demo: Demo, tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("""
        title = "Mine"
        [[claims]]
        id = "A"
        text = "Silver is above ten dollars."
        unit = "USD"
        query = "select max(close) as value, value > 10 as holds from bars"
        [[claims]]
        id = "B"
        text = "Nobody knows."
        query = "select 1 as valu"
        [[claims]]
        id = "C"
        text = "There is no such thing."
        query = "select 1.0 as value, true as holds from facts where subject = 'NONE'"
    """)

    told = asked("claims", str(file), "--format", "json", "--data", str(demo[0]))

    assert told.returncode == 1
    assert [a["verdict"] for a in json.loads(told.stdout)] == [
        "holds",
        "cannot_be_told",
        "cannot_be_told",
    ]
    [line] = told.stderr.strip().splitlines()
    assert "claim B could not be run" in line


def test_status_tells_what_is_held_and_what_is_wrong(asked: Silverstreak, demo: Demo) -> None:
    told = asked("status", "--format", "json", "--data", str(demo[0]))

    status = json.loads(told.stdout)
    assert told.returncode == 0
    assert status["about"][0]["origin"] == "synthetic"
    assert status["last runs"][0]["state"] == "completed"
    assert status["failing checks"] == []
    assert status["published"][0]["file"] == up(demo[0]).name
    assert status["published"][0]["newer_is_blocked"] is False
    days = {row["relation"]: row["latest_day"] for row in status["datasets"]}
    assert days["bars"] == "2025-12-11"
    assert days["fund_valuations"] == "2025-12-11"


def test_live_data_does_not_mix_with_synthetic(silverstreak: Silverstreak, demo: Demo) -> None:
    told = silverstreak("run", "--data", str(demo[0]))

    assert told.returncode == 1
    assert "holds synthetic data and takes no live data" in told.stderr


def test_a_synthetic_warehouse_is_published_without_its_sandbox(
    silverstreak: Silverstreak, demo: Demo
) -> None:
    before = up(demo[0])

    told = silverstreak("publish", "--data", str(demo[0]))

    assert told.returncode == 0, told.stderr
    assert before.name < up(demo[0]).name < "silverstreak-2025122"


def test_a_sandbox_that_is_not_there_is_named(silverstreak: Silverstreak, tmp_path: Path) -> None:
    told = silverstreak("run", "--data", str(tmp_path), SILVERSTREAK_SANDBOX="http://127.0.0.1:9")

    assert told.returncode == 1
    assert "no sandbox answers at http://127.0.0.1:9" in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1


def test_a_setting_that_is_wrong_is_named(silverstreak: Silverstreak, tmp_path: Path) -> None:
    told = silverstreak("run", "--data", str(tmp_path), SILVERSTREAK_TIMEOUT="soon")

    assert told.returncode == 1
    assert "timeout" in told.stderr
