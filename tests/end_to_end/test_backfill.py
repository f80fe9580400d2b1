"""A backfill as a user starts it: in a process of its own, with Prefect."""

import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import httpx
import pytest

from sandbox.server import serving
from tests.end_to_end.conftest import Silverstreak
from tests.flows.living import LAST, small_market
from warehouse.connection import FILE

FROM = ("--from", "2025-12-01")
TO = ("--to", "2025-12-11")


@pytest.fixture(scope="module")
def backfilled(
    tmp_path_factory: pytest.TempPathFactory,
    prefect: None,
    template: Path,
    silverstreak: Silverstreak,
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Backfill two weeks of a fund's holdings, and of its bars."""
    data = tmp_path_factory.mktemp("backfilled")
    shutil.copy(template, data / FILE)
    with serving(small_market(), LAST) as url:
        ended = silverstreak(
            "backfill", *FROM, *TO, "--only", "holdings", "quotes", "IBIT", "--data", str(data),
            SILVERSTREAK_SANDBOX=url,
        )  # fmt: skip
    return data, ended


def test_a_backfill_records_publishes_and_tells_how_far_it_is(
    backfilled: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    data, ended = backfilled

    assert ended.returncode == 0, ended.stderr
    assert "quarter of 2025-10-01: 10 of 10 questions" in ended.stderr
    assert "holdings: " in ended.stderr
    published = (data / "published" / "silverstreak.duckdb").resolve()
    with duckdb.connect(published, read_only=True) as warehouse:
        query = """
            select count(distinct as_of), (select count(*) from bars)
            from holdings
        """
        assert warehouse.execute(query).fetchall() == [(9, 9)]


def test_prefect_shows_how_far_it_is(
    backfilled: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    api = os.environ["PREFECT_API_URL"]
    wanted = {"artifacts": {"key": {"any_": ["backfill"]}}}

    shown = httpx.post(f"{api}/artifacts/filter", json=wanted).raise_for_status().json()

    assert [artifact["data"] for artifact in shown] == [100]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param([*FROM, "--to", "2025-11-01"], "is after --to", id="backwards"),
        pytest.param(["--from", "2999-01-01", "--to", "2999-02-01"], "is to come", id="to come"),
        pytest.param([*FROM, *TO, "--only", "coins"], "coins cannot be", id="a page"),
        pytest.param([*FROM, *TO, "--only", "SLVV"], "no subject SLVV", id="an unknown subject"),
        pytest.param([*FROM], "--to", id="no end"),
    ],
)
def test_a_wrong_span_ends_with_status_2_and_one_line(
    asked: Silverstreak, words: list[str], told: str
) -> None:
    ended = asked("backfill", *words)

    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert told in line
    assert "--help" in line


def test_a_dataset_that_is_switched_off_is_told_of(asked: Silverstreak) -> None:
    ended = asked("backfill", *FROM, *TO, "--only", "holdings")

    assert ended.returncode == 1
    assert "holdings is switched off" in ended.stderr
