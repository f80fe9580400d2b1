"""What `silverstreak status` and `silverstreak gaps` say of a data folder."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from flows import alive, terminal
from schemas.tables.bars import Bars
from schemas.tables.reference import Instruments
from schemas.tables.sessions import Sessions
from tests.conftest import Asked
from tests.flows.living import reading
from tests.warehouse.market import capture, lay, verdict
from warehouse import publishing, runs
from warehouse.connection import FILE, open_writer
from warehouse.recording import record_together
from warehouse.runs import Question, Run

Recorded = tuple[Path, object]
FRESH = {"quotes/yahoo", "valuations/ishares", "holdings/ishares"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime.now(UTC)
DAYS = [NOW.date() - n * DAY for n in range(9, -1, -1)]


@pytest.fixture
def live(template: Path, tmp_path: Path) -> Path:
    """Make a live warehouse: its market closed an hour ago, its last run was two days ago."""
    shutil.copy(template, tmp_path / FILE)
    with duckdb.connect(tmp_path / FILE) as warehouse:
        warehouse.execute("set timezone = 'UTC'; update ops.origin set origin = 'live'")
        sessions = [
            {"calendar": "TEST", "session": day, "opens_at": closes_at - 6 * HOUR}
            | {"closes_at": closes_at}
            for day in DAYS
            for closes_at in [NOW - HOUR - (DAYS[-1] - day)]
        ]
        lay(warehouse, Sessions, sessions, NOW - 3 * DAY)
        silver: dict[str, Any] = {
            "instrument": "SI=F",
            "first_session": DAYS[0],
            "publication_lag_hours": 0,
        }
        silver["sources"] = "yahoo:SI=F stooq:si.f"
        lay(warehouse, Instruments, [silver], NOW - 3 * DAY)
        record(warehouse, "first", NOW - 2 * DAY)
        for source in ("yahoo", "stooq"):
            bars = [{"instrument": "SI=F", "session": day, "source": source} for day in DAYS[:-2]]
            good = verdict(Bars, [bar | {"close": 1.0} for bar in bars])
            about = capture(NOW - 2 * DAY, subject="SI=F", source=source, dataset="quotes")
            record_together(warehouse, {Bars: good}, about)
    return tmp_path


def record(
    warehouse: duckdb.DuckDBPyConnection,
    run: str,
    began: datetime,
    *problems: str,
    has_ended: bool = True,
) -> None:
    """Note that a run began ten minutes late, and ended after one."""
    about = Run(run, "record-quotes", ("quotes",), began, began - 10 * timedelta(minutes=1))
    runs.begin(warehouse, about, lambda _: True)
    if has_ended:
        runs.finish(warehouse, run, began + timedelta(minutes=1), problems)


def status(asked: Asked, data: Path) -> dict[str, Any]:
    told = asked("status", "--format", "json", "--data", str(data))
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout))


def states(asked: Asked, data: Path) -> dict[str, str]:
    return {row["source"]: row["state"] for row in status(asked, data)["freshness"]}


@contextmanager
def setting(**values: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(f"SILVERSTREAK_{name}", value)
        yield


def test_freshness_is_told_by_dataset_and_source(asked: Asked, first_run: Recorded) -> None:
    told = status(asked, first_run[0])["freshness"]

    primary = {f"{row['dataset']}/{row['source']}": row for row in told if row["is_primary"]}
    assert {name for name, row in primary.items() if row["state"] == "fresh"} == FRESH
    assert {row["last_day"] for name, row in primary.items() if name in FRESH} == {"2025-12-11"}
    assert primary["rates/fred"]["state"] == "never asked"


def test_gaps_are_counted_by_reason(asked: Asked, first_run: Recorded) -> None:
    told = status(asked, first_run[0])["gaps"]

    with reading(first_run[0]) as warehouse:
        counts = warehouse.execute("""
            select dataset, source, reason, is_open, count(distinct subject), count(*)
            from gaps
            group by dataset, source, reason, is_open
        """).fetchall()
    assert sorted(tuple(row.values())[:6] for row in told) == sorted(counts)


def test_a_narrow_terminal_loses_nothing(
    asked: Asked, first_run: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    for words in (["status"], ["gaps"], ["gaps", "--all"]):
        told = []
        for width in (200, 80):
            monkeypatch.setattr(terminal, "WIDE", width)
            told.append(asked(*words, "--data", str(first_run[0])).stdout)
        wide, narrow = (Counter("".join(text.split())) for text in told)
        assert narrow == wide
        about = ("Status of", "published:", "writing:", "none:")
        tables = [line for line in told[1].splitlines() if not line.startswith(about)]
        assert max(map(len, tables)) <= 80
        assert len(tables) > 20


def test_what_is_late_is_told_by_the_clock_though_nothing_has_run(asked: Asked, live: Path) -> None:
    yahoo = next(row for row in status(asked, live)["freshness"] if row["source"] == "yahoo")

    assert (yahoo["state"], yahoo["missing"]) == ("late", 2)
    assert yahoo["hours_late"] == pytest.approx(25, abs=1)
    assert "late 25 h" in asked("status", "--data", str(live)).stdout


def test_what_the_settings_switch_off_is_not_late_and_no_gap(asked: Asked, live: Path) -> None:
    assert states(asked, live) == {"yahoo": "late", "stooq": "off"}
    assert "switched off: quotes of stooq" in asked("status", "--data", str(live)).stdout
    assert {row["source"] for row in gaps(asked, live)} == {"yahoo"}
    with setting(STOOQ__ENABLED="true", YAHOO__ENABLED="false"):
        assert states(asked, live) == {"yahoo": "off", "stooq": "late"}
        assert {row["source"] for row in gaps(asked, live)} == {"stooq"}


def test_last_runs_say_how_late_they_began_and_what_went_wrong(asked: Asked, live: Path) -> None:
    with open_writer(live, "live", NOW) as warehouse:
        record(warehouse, "second", NOW - HOUR, "yahoo is down", "so is stooq")

    [last, _] = status(asked, live)["last runs"]
    assert last["run"] == "second"
    assert (last["flow"], last["state"], last["problems"]) == ("record-quotes", "failed", 2)
    assert last["started_late_seconds"] == 600
    assert last["summary"] == ["yahoo is down", "so is stooq"]
    text = asked("status", "--data", str(live)).stdout
    assert "record-quotes  10 min  60 s  failed     yahoo is down (and 1 more)" in text


def test_a_run_whose_process_is_gone_has_crashed(asked: Asked, live: Path) -> None:
    with open_writer(live, "live", NOW) as warehouse:
        for run in ("dead", "living"):
            record(warehouse, run, NOW - HOUR, has_ended=False)

    with alive.living(live, "living"):
        told = status(asked, live)["last runs"]

    assert {row["run"]: row["state"] for row in told} == {
        "first": "completed",
        "dead": "crashed",
        "living": "running",
    }


def test_while_somebody_writes_the_published_copy_is_told_of_and_who_it_is(
    asked: Asked, live: Path
) -> None:
    with open_writer(live, "live", NOW) as warehouse:
        up = publishing.put_up(warehouse, live, NOW - 2 * HOUR, {})
        told = status(asked, live)

        assert told["of"].endswith("silverstreak.duckdb (a run is in progress)")
        [writer] = told["writer"]
        assert not writer["is_free"]
        assert f"pid {os.getpid()}" in writer["held_by"]
    assert status(asked, live)["writer"] == [{"is_free": True, "held_by": None}]
    [published] = status(asked, live)["published"]
    assert published["file"] == up.name
    assert published["age_hours"] == pytest.approx(2, abs=0.5)


def test_nothing_published_yet_is_told(asked: Asked, live: Path) -> None:
    assert status(asked, live)["published"] == []
    assert "published: nothing yet" in asked("status", "--data", str(live)).stdout


def gaps(asked: Asked, data: Path, *words: str) -> list[dict[str, Any]]:
    told = asked("gaps", *words, "--format", "json", "--data", str(data))
    assert told.returncode == 0, told.stderr
    return list(json.loads(told.stdout))


def test_gaps_are_listed_as_ranges_with_their_reason(asked: Asked, live: Path) -> None:
    [gap] = gaps(asked, live)

    assert (gap["dataset"], gap["subject"], gap["source"]) == ("quotes", "SI=F", "yahoo")
    assert [gap["first_day"], gap["last_day"]] == [str(day) for day in DAYS[-2:]]
    assert (gap["days"], gap["reason"], gap["is_open"]) == (2, "never asked", True)
    text = asked("gaps", "--data", str(live)).stdout
    assert "quotes of yahoo" in text
    assert f"SI=F     {DAYS[-2]}  {DAYS[-1]}     2  never asked" in text


def test_why_a_question_was_not_answered_is_told_with_the_gap(asked: Asked, live: Path) -> None:
    with open_writer(live, "live", NOW) as warehouse:
        about = ("yahoo", "quotes", "SI=F", DAYS[0], DAYS[0], DAYS[-1], NOW - HOUR, "unanswered")
        runs.keep_questions(warehouse, "first", [Question(*about, "yahoo/quotes/SI=F: status 500")])

    [gap] = gaps(asked, live)
    assert (gap["reason"], gap["detail"]) == ("unanswered", "yahoo/quotes/SI=F: status 500")
    assert "  2  unanswered: status 500" in asked("gaps", "--data", str(live)).stdout


def test_gaps_can_be_told_of_a_dataset_of_a_subject_or_of_both(
    asked: Asked, first_run: Recorded
) -> None:
    data = first_run[0]
    whole = gaps(asked, data, "--all")
    assert {True, False} == {row["is_open"] for row in whole}

    assert gaps(asked, data) == [row for row in whole if row["is_open"]]
    for words, wanted in (
        (["quotes"], lambda row: row["dataset"] == "quotes"),
        (["SLV", "GLD"], lambda row: row["subject"] in {"SLV", "GLD"}),
        (["SLV", "quotes"], lambda row: (row["subject"], row["dataset"]) == ("SLV", "quotes")),
    ):
        found = gaps(asked, data, "--all", *words)
        assert found == [row for row in whole if wanted(row)]
        assert found


def test_gaps_come_in_every_format(asked: Asked, live: Path, tmp_path: Path) -> None:
    common = ("gaps", "--data", str(live))
    file = tmp_path / "gaps.parquet"

    csv = asked(*common, "--format", "csv")
    parquet = asked(*common, "--format", "parquet", "--output", str(file))

    assert csv.stdout.splitlines()[1].startswith("quotes,SI=F,yahoo,SI=F,1,")
    assert parquet.returncode == 0
    assert pl.read_parquet(file)["days"].to_list() == [2]


def test_a_name_that_there_is_none_of_is_wrong_usage(asked: Asked, live: Path) -> None:
    told = asked("gaps", "qotes", "--data", str(live))

    assert told.returncode == 2
    assert told.stdout == ""
    [line] = told.stderr.splitlines()
    assert line.startswith("silverstreak: there is no dataset and no subject qotes: datasets are")


def test_where_nothing_is_missing_it_says_so(asked: Asked, live: Path) -> None:
    with open_writer(live, "live", NOW) as warehouse:
        warehouse.execute("delete from history.instruments")

    told = asked("gaps", "--data", str(live))

    assert (told.returncode, told.stdout) == (0, "no gaps\n")


def test_without_a_warehouse_there_is_nothing_to_tell(asked: Asked, tmp_path: Path) -> None:
    for command in ("status", "gaps"):
        told = asked(command, "--data", str(tmp_path))
        assert told.returncode == 1
        assert "nothing is published" in told.stderr
