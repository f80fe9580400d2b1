"""An export is whole or not there, and says of itself what is in it."""

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from flows import exporting
from flows.exporting import PACKAGE, UNFINISHED, package
from flows.recording import Report
from tests.conftest import Asked, Once
from warehouse import asking, exports
from warehouse.asking import Standpoint
from warehouse.connection import open_published
from warehouse.exports import Column

FirstRun = tuple[Path, Report]
DAY, MOMENT = date(2025, 11, 28), datetime(2025, 12, 12, 18, 30, tzinfo=UTC)
POLARS = {
    "array": pl.List(pl.String),
    "boolean": pl.Boolean,
    "date": pl.Date,
    "datetime": pl.Datetime("us", "UTC"),
    "number": pl.Float64,
    "string": pl.String,
}


def read(folder: Path) -> dict[str, Any]:
    described: dict[str, Any] = json.loads((folder / PACKAGE).read_text())
    return described


@pytest.fixture(scope="session")
def exported(asked: Asked, first_run: FirstRun, once: Once) -> tuple[Path, str]:
    """Export what a run has published, once; with what was said of it."""

    def export(folder: Path) -> str:
        ended = asked("export", str(folder), "--data", str(first_run[0]))
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    return once("exported", export)


def test_every_view_is_a_whole_file_that_the_package_names(
    exported: tuple[Path, str], first_run: FirstRun
) -> None:
    folder, _ = exported
    resources = read(folder)["resources"]

    with open_published(first_run[0]) as warehouse:
        query = "select view_name from duckdb_views() where not internal order by view_name"
        views = [view for (view,) in warehouse.execute(query).fetchall()]
    assert [resource["name"] for resource in resources] == views
    assert {"facts", "bars", "fund_valuations_by_source", "inflow_streak"} <= set(views)
    named = {resource["path"] for resource in resources}
    assert {path.name for path in folder.iterdir()} == named | {PACKAGE}
    must_be_whole(folder)


def test_the_package_says_what_polars_reads(exported: tuple[Path, str]) -> None:
    folder, _ = exported

    for resource in read(folder)["resources"]:
        frame = pl.scan_parquet(folder / resource["path"])
        schema = frame.collect_schema()
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == schema.names()
        for field, kind in zip(fields, schema.dtypes(), strict=True):
            is_right = kind.is_integer() if field["type"] == "integer" else None
            assert POLARS.get(field["type"], kind if is_right else None) == kind, field
        assert frame.select(pl.len()).collect().item() == resource["rows"]


def test_views_and_columns_say_what_they_mean(exported: tuple[Path, str]) -> None:
    resources = {resource["name"]: resource for resource in read(exported[0])["resources"]}

    for resource in resources.values():
        assert resource["title"].split()[0] == resource["description"].split()[0]
        assert all(field["description"] for field in resource["schema"]["fields"])
    about = resources["about"]
    assert about["title"] == (
        "What this warehouse is: where its data come from, and how far it knows."
    )
    assert about["schema"]["fields"][0] == {
        "name": "origin",
        "type": "string",
        "description": "live, history (replayed captures) or synthetic (invented)",
    }
    assert {resource["type"] for resource in resources.values()} == {"table"}
    assert about["format"] == "parquet"
    assert about["mediatype"] == "application/vnd.apache.parquet"


def test_the_files_hold_what_the_views_say(exported: tuple[Path, str], first_run: FirstRun) -> None:
    with open_published(first_run[0]) as warehouse:
        for view in ("facts", "bars", "monthly_net_flows", "all_streaks", "loads"):
            file = pl.read_parquet(exported[0] / f"{view}.parquet")
            said = asking.ask(warehouse, f"from {view}")
            assert file.height
            assert_frame_equal(file, said, check_row_order=False)


def test_files_are_compressed_with_zstd_and_bear_their_origin(exported: tuple[Path, str]) -> None:
    file = pq.ParquetFile(exported[0] / "bars.parquet")

    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    kept = {key: value for key, value in file.metadata.metadata.items() if key != b"ARROW:schema"}
    assert kept == {
        b"origin": b"synthetic",
        b"as_of": b"2025-12-11",
        b"known_at": kept[b"known_at"],
    }
    assert kept[b"known_at"].startswith(b"2025-12-12T")


def test_synthetic_data_is_called_so_wherever_it_is_described(exported: tuple[Path, str]) -> None:
    folder, told = exported
    described = read(folder)

    assert described["title"].endswith("as of 2025-12-11 (synthetic data)")
    assert described["description"].startswith("**Synthetic data: nothing in it is real.**")
    assert described["origin"] == "synthetic"
    assert described["licenses"][0]["title"] == "Synthetic data: made up, about no real market"
    assert described["sources"] == [{"title": "silverstreak's sandbox"}]
    views, rows, *_ = told.partition(": ")[2].split(", ")
    assert views == f"{len(described['resources'])} views"
    assert rows == f"{sum(resource['rows'] for resource in described['resources']):,} rows"
    assert told.endswith(" MB (synthetic data)\n")


def test_real_data_belongs_to_its_providers() -> None:
    described = package(Standpoint("live", DAY, MOMENT), {"yahoo", "fred", "reference"}, [])

    assert described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    [licence] = described["licenses"]
    assert licence["name"] == "other-closed"
    assert "belong to their providers" in licence["title"]
    assert [source["title"].partition(",")[0] for source in described["sources"]] == [
        "Yahoo Finance",
        "FRED",
    ]
    assert all(source["path"].startswith("https://") for source in described["sources"])
    assert "personal use" in described["sources"][0]["terms"]
    assert "ynthetic" not in json.dumps(described)
    assert (described["as_of"], described["known_at"]) == ("2025-11-28", MOMENT.isoformat())


Tiny = Callable[..., Path]


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """Publish a few views, and those given: `tiny(x="select 1 as n")` gives the data folder."""

    def publish(**views: str) -> Path:
        data = tmp_path / "data"
        (data / "published").mkdir(parents=True, exist_ok=True)
        link = data / "published" / "silverstreak.duckdb"
        link.unlink(missing_ok=True)
        file = link.with_name(f"copy-{time.monotonic_ns()}.duckdb")
        with duckdb.connect(file) as warehouse:
            for view, query in (TINY | views).items():
                warehouse.execute(f"create view {view} as {query}")
        link.symlink_to(file.name)
        return data

    return publish


TINY = {
    "bars": """
        from (values (date '2025-11-28', 1.5), (date '2025-12-11', 2.5)) as bars (session, close)
        where session <= coalesce(getvariable('as_of'), date '9999-12-31')
    """,
    "about": """
        select
            'synthetic' as origin,
            timestamptz '2025-12-12 18:30:00+00' as first_known_at,
            coalesce(getvariable('known_at'), timestamptz '2025-12-13 01:00:00+00') as last_known_at
    """,
    "loads": "select 'yahoo' as source",
    "latest": "select max(session) as latest, timestamptz 'infinity' as superseded_at from bars",
    "record": "select 'record' as fact, latest from latest",
    "facts": "from record",
    "fact_tables": "select 'record' as fact, 'bars' as relation",
}


def test_an_export_looks_from_a_day_and_a_moment(asked: Asked, tiny: Tiny, tmp_path: Path) -> None:
    words = ("--as-of", f"{DAY}", "--known-at", "2025-12-12T20:00", "--data", str(tiny()))

    assert asked("export", str(tmp_path / "out"), *words).returncode == 0

    described = read(tmp_path / "out")
    assert described["as_of"] == "2025-11-28"
    assert described["known_at"] == "2025-12-12T20:00:00+00:00"
    assert pl.read_parquet(tmp_path / "out" / "facts.parquet").rows() == [("record", DAY)]
    assert pl.read_parquet(tmp_path / "out" / "bars.parquet").height == 1


def test_what_has_no_end_is_null_in_a_file_but_not_to_the_views_above(
    asked: Asked, tiny: Tiny, tmp_path: Path
) -> None:
    above = "select isinf(superseded_at) as is_believed from latest"

    asked("export", str(tmp_path / "out"), "--data", str(tiny(above=above)))

    latest = pl.read_parquet(tmp_path / "out" / "latest.parquet")
    assert latest.rows() == [(date(2025, 12, 11), None)]
    assert latest.schema["superseded_at"] == pl.Datetime("us", "UTC")
    assert pl.read_parquet(tmp_path / "out" / "above.parquet").rows() == [(True,)]


def test_an_export_takes_the_place_of_an_earlier_one_and_of_nothing_else(
    asked: Asked, tiny: Tiny, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked("export", str(out), "--data", str(tiny(gone="select 1 as n")))
    (out / "notes.txt").write_text("mine")

    again = asked("export", str(out), "--data", str(tiny(new="select 2 as n")))

    assert again.returncode == 0
    assert {path.name for path in out.iterdir()} == {
        PACKAGE,
        "notes.txt",
        *(f"{view}.parquet" for view in (*TINY, "new")),
    }
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("held", ["notes.txt", "datapackage.json", "bars.parquet"])
def test_a_folder_that_holds_other_things_is_left_alone(
    asked: Asked, tiny: Tiny, tmp_path: Path, held: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / held).write_text('{"name": "another"}')

    ended = asked("export", str(out), "--data", str(tiny()))

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"silverstreak: {out} holds other things, such as {held}: name")
    assert len(ended.stderr.splitlines()) == 1
    assert [path.name for path in out.iterdir()] == [held]


def test_a_file_is_no_folder_to_export_to(asked: Asked, tiny: Tiny, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")

    ended = asked("export", str(tmp_path / "out"), "--data", str(tiny()))

    assert ended.returncode == 1
    assert (
        ended.stderr == f"silverstreak: {tmp_path / 'out'} is a file: name a folder to export to\n"
    )


def test_one_export_at_a_time_writes_to_a_folder(asked: Asked, tiny: Tiny, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    holder = os.open(out, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)

    ended = asked("export", str(out), "--data", str(tiny()))
    os.close(holder)

    assert ended.returncode == 1
    assert ended.stderr == f"silverstreak: another export writes to {out}: wait for its end\n"
    assert asked("export", str(out), "--data", str(tiny())).returncode == 0


def test_an_export_that_fails_leaves_the_earlier_one_whole(
    asked: Asked, tiny: Tiny, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked("export", str(out), "--data", str(tiny()))
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    broken = tiny(zebra="select error('a view of ours that fails') as n")
    ended = asked("export", str(out), "--data", str(broken))

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].endswith("a view of ours that fails")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


class Died(BaseException):
    """Stands for the moment at which a process is killed."""


@pytest.mark.parametrize("placed", [0, 1, len(TINY) + 1])
def test_an_export_that_dies_while_files_take_their_places_leaves_no_package_and_can_be_repeated(
    asked: Asked, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, placed: int
) -> None:
    out = tmp_path / "out"
    asked("export", str(out), "--data", str(tiny(gone="select 1 as n")))
    newer = str(tiny(new="select 2 as n"))
    places = iter(range(placed))
    replace = Path.replace

    def replace_or_die(self: Path, target: Path) -> Path:
        if next(places, None) is None:
            raise Died
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace_or_die)
        with pytest.raises(Died):
            asked("export", str(out), "--data", newer)

    assert not (out / PACKAGE).exists()
    assert asked("export", str(out), "--data", newer).returncode == 0
    must_be_whole(out)
    assert not (out / UNFINISHED).exists()


def must_be_whole(folder: Path) -> None:
    for resource in read(folder)["resources"]:
        body = (folder / resource["path"]).read_bytes()
        assert len(body) == resource["bytes"]
        assert f"sha256:{hashlib.sha256(body).hexdigest()}" == resource["hash"]


def test_a_killed_export_leaves_no_package_and_its_folder_is_known_for_ours(
    first_run: FirstRun, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", "from flows.cli import main; main()", "export", str(out)]
    with subprocess.Popen(
        [*command, "--data", str(first_run[0])], stderr=subprocess.DEVNULL
    ) as export:
        while len([*out.glob(f"{UNFINISHED}/*.parquet")]) < 3 and export.poll() is None:
            time.sleep(0.01)
        export.kill()

    assert export.returncode == -signal.SIGKILL
    assert [path.name for path in out.iterdir()] == [UNFINISHED]
    exporting.refuse_what_is_not_ours(out)


def test_a_type_that_a_package_has_no_name_for_may_be_anything() -> None:
    assert exports.field(Column("lag", "INTERVAL", "how late")) == {
        "name": "lag",
        "type": "any",
        "description": "how late",
    }
