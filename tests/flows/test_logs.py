"""Our own lines on stderr: plain, or an object a line."""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from flows import alive, terminal
from tests.conftest import Asked

LOADING = logging.getLogger("flows.loading")


@pytest.fixture
def structured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILVERSTREAK_LOG", "json")


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_an_object_with_its_moment_and_its_run(
    structured: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.begin_logging(debug=False)
    with alive.living(tmp_path, "a run"):
        LOADING.warning("%s rows\nof two lines", 2)
    LOADING.info("done")

    first, second = written(capsys)
    assert datetime.fromisoformat(first.pop("time")).tzinfo is not None
    told = {"level": "WARNING", "logger": "flows.loading", "message": "2 rows\nof two lines"}
    assert first == told | {"run": "a run"}
    assert "run" not in second


def test_what_goes_wrong_is_an_object_too(structured: None, asked: Asked, tmp_path: Path) -> None:
    told = asked("sql", "select 1", "--data", str(tmp_path))

    [error] = map(json.loads, told.stderr.splitlines())
    assert told.returncode == 1
    assert (error["level"], error["logger"]) == ("ERROR", "silverstreak")
    assert error["message"].startswith(f"nothing is published in {tmp_path} yet")


def test_what_becomes_of_a_run_names_it(
    structured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.begin_logging(debug=False)
    terminal.tell_of_run("rates (brave-owl) completed", "a run")

    [line] = written(capsys)
    assert (line["message"], line["run"]) == ("rates (brave-owl) completed", "a run")


def test_lines_are_plain_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.begin_logging(debug=False)
    LOADING.warning("two rows")
    terminal.complain("it is broken")

    assert capsys.readouterr().err == "two rows\nsilverstreak: it is broken\n"


def test_lines_are_written_once_however_often_logging_begins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):
        terminal.begin_logging(debug=False)
    LOADING.warning("two rows")

    assert capsys.readouterr().err == "two rows\n"


def test_a_form_that_there_is_none_of_is_named(
    monkeypatch: pytest.MonkeyPatch, asked: Asked, tmp_path: Path
) -> None:
    monkeypatch.setenv("SILVERSTREAK_LOG", "xml")

    told = asked("status", "--data", str(tmp_path))

    assert told.returncode == 1
    [line] = told.stderr.splitlines()
    assert "log Input should be 'text' or 'json'" in line
