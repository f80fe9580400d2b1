"""A provider takes four modules, a row in the registry and a line of reference data; no more."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.registry import PROVIDERS

ROOT = Path(__file__).parents[2]
CODE = ("flows", "sources", "schemas", "transforms", "warehouse", "sandbox")

MODULES = {
    "sources/acme.py": '''
"""Acme: the daily bars of its one instrument, as a list of objects."""

from datetime import date

import polars as pl

from schemas.capture import Capture, Request
from schemas.parsed import Parsed, having
from schemas.raw.acme import AcmeBars
from schemas.validation import promised
from sources.documents import document, names, part, records

SOURCE = "acme"
TYPES = {"day": pl.String, **dict.fromkeys(("open", "high", "low", "close"), pl.Float64)}


def quotes(
    instrument: str, symbol: str, currency: str, asked_from: date, asked_to: date
) -> Request:
    """Ask for the bars of some days."""
    return Request(
        source=SOURCE,
        dataset="quotes",
        subject=instrument,
        path=f"/acme/{symbol}",
        params={"from": f"{asked_from}", "to": f"{asked_to}"},
        asked_from=asked_from,
        asked_to=asked_to,
        expects={"currency": currency},
    )


def parse_quotes(payload: bytes, capture: Capture) -> Parsed:
    """Read the list of days."""
    days = part(document(payload, capture), "days", kind=list, capture=capture)
    with having(columns := names(days)):
        bars = promised(AcmeBars, records(days, TYPES, capture), capture)
    return Parsed({"bars": bars}, columns)
''',
    "schemas/raw/acme.py": '''
"""What Acme promises."""

import pandera.polars as pa
import polars as pl


class AcmeBars(pa.DataFrameModel):
    """One row per day."""

    position: pl.Int64 = pa.Field(ge=0)
    day: pl.String = pa.Field()
    open: pl.Float64 = pa.Field(nullable=True)
    high: pl.Float64 = pa.Field(nullable=True)
    low: pl.Float64 = pa.Field(nullable=True)
    close: pl.Float64 = pa.Field(nullable=True)

    class Config:
        """Drop what was never asked for."""

        strict = "filter"
''',
    "transforms/acme.py": '''
"""Acme's bars, in our names and keys."""

import polars as pl

from schemas.capture import Capture
from transforms.settling import is_asked, is_settled, iso_day


def bars(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the bars of the days asked for, and their `position`."""
    dated = raw.with_columns(session=iso_day("day")).filter(is_asked(capture))
    return dated.select(
        instrument=pl.lit(capture.request.subject),
        session="session",
        source=pl.lit("acme"),
        open="open",
        high="high",
        low="low",
        close="close",
        adj_close=pl.lit(None, pl.Float64),
        volume=pl.lit(None, pl.Float64),
        currency=pl.lit(capture.request.expects["currency"]),
        is_final=is_settled(capture),
        position="position",
    )
''',
    "sandbox/acme.py": '''
"""Acme's bars: those of SPY, under a name of its own."""

import json
from datetime import datetime

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market, visible


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"quotes": ["acme-1"] if "SPY" in market.bars else []}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer with the days that are public."""
    day = pl.col("date").cast(pl.String)
    asked = day.is_between(pl.lit(question.query["from"]), pl.lit(question.query["to"]))
    known = visible(market.bars["SPY"], now).filter(asked).drop_nulls("close")
    days = known.select(day.alias("day"), "open", "high", "low", "close").to_dicts()
    return Answer(json.dumps({"days": days}).encode(), "application/json")


ROUTES = {"/acme/{symbol}": answer}
''',
}
IMPORTS = "import sources.acme\nimport transforms.acme\n"
ROW = """
    Provider(
        name="acme",
        title="Acme Bars",
        gives="the daily bars of Acme",
        cadence="every session",
        published="at once",
        terms="none: it does not exist",
        base_url="https://acme.example",
        rate=0.25,
        feeds=(
            Feed(
                "acme",
                "quotes",
                sources.acme.parse_quotes,
                {Bars: transforms.acme.bars},
                by_window(sources.acme),
                ("json",),
            ),
        ),
    ),"""
LINE = {
    "instrument": "ACME",
    "name": "Acme",
    "kind": "fund",
    "calendar": "XNYS",
    "currency": "USD",
    "quote_decimals": "2",
    "first_session": "2025-11-03",
    "publication_lag_hours": "1",
    "sources": "acme:acme-1",
    "caveat": "",
}

FIRST_RUN, SECOND_RUN = "2025-12-04T18:00:00+00:00", "2025-12-12T18:00:00+00:00"
ASKED_SINCE = date(2025, 11, 3)

# Records twice, as tests/flows/living.py does, and tells what came of it.
SCRIPT = f"""
import asyncio, json, os, sys
from datetime import date
from pathlib import Path

import httpx
import polars as pl

import flows.registry
from flows import recording, replaying
from flows.planning import plan, rows
from flows.settings import Settings
from flows.world import observe
from sandbox import instruments
from sandbox.bars import bars as drawn
from sandbox.market import Market
from sandbox.server import serving
from warehouse.connection import connect


def stated(fetch):
    async def called(*arguments, return_state):
        return await fetch(*arguments)
    return called


for step in ("prepare", "load", "close"):
    setattr(recording, step, getattr(recording, step).fn)
recording.fetch = stated(recording.fetch.fn)

spy = instruments.describe("SPY")
shown = drawn(spy).filter(pl.col("date") >= date(2025, 11, 3))
market = Market("synthetic", {{"SPY": spy}}, {{"SPY": shown}}, valuations={{}})
data = Path(os.environ["SILVERSTREAK_DATA"])


def record(url, at):
    httpx.put(f"{{url}}/sandbox/clock", json={{"now": at}}).raise_for_status()
    return asyncio.run(recording.record(frozenset({{"quotes"}}))).data.problems


def planned():
    settings = Settings()
    world = observe(settings)
    with recording.open_warehouse(settings, world) as warehouse:
        recording.runs.begin(warehouse, "planning", world.now())
        asked = plan(warehouse, settings, frozenset({{"quotes"}}), world.carried)
        return [
            [str(r.asked_from), str(r.asked_to), r.path] for r in asked if r.source == "acme"
        ]


def bars():
    query = "select * from bars_by_source where source = 'acme' order by session"
    with connect(data / "warehouse.duckdb", read_only=True) as warehouse:
        return warehouse.execute(query).pl().select(pl.all().cast(pl.String)).to_dicts()


with serving(market, date(2025, 12, 11)) as url:
    os.environ["SILVERSTREAK_SANDBOX"] = url
    problems = record(url, "{FIRST_RUN}")
    first = bars()
    httpx.put(f"{{url}}/sandbox/clock", json={{"now": "{SECOND_RUN}"}}).raise_for_status()
    gap = planned()
    problems += record(url, "{SECOND_RUN}")
    second = bars()

settings = Settings()
del os.environ["SILVERSTREAK_SANDBOX"]
verified = replaying.verify(data, 1)
from flows.sources_page import page
json.dump(
    {{
        "module": flows.registry.__file__,
        "acme": sys.modules["sources.acme"].__file__,
        "problems": problems,
        "first": first,
        "gap": gap,
        "second": second,
        "served": shown.select(pl.all().cast(pl.String)).to_dicts(),
        "captures": verified.captures,
        "differences": verified.differences,
        "rate": Settings().provider("acme").rate,
        "enabled": Settings().provider("acme").enabled,
        "page": page(),
    }},
    sys.stdout,
)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project's code, and add the provider to it."""
    folder = tmp_path_factory.mktemp("copy")
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, text in MODULES.items():
        assert not (folder / file).exists()
        (folder / file).write_text(text.lstrip())
    add_row(folder / "flows" / "registry.py")
    add_line(folder / "warehouse" / "reference" / "instruments.csv")
    return folder


def add_row(registry: Path) -> None:
    text, places = re.subn(
        r"^PROVIDERS\b.*\($", f"{IMPORTS}\n\\g<0>{ROW}", registry.read_text(), flags=re.MULTILINE
    )
    assert places == 1
    registry.write_text(text)


def add_line(instruments: Path) -> None:
    with instruments.open(newline="") as file:
        header = next(csv.reader(file))
    with instruments.open("a", newline="") as file:
        csv.DictWriter(file, header, lineterminator="\n").writerow(LINE)


@dataclass(frozen=True)
class Told:
    """What the copy told: of its bars in two runs, of a plan between them, of a replay."""

    told: dict[str, Any]

    def closes(self, run: str) -> dict[str, str]:
        return {bar["session"]: bar["close"] for bar in self.told[run]}


@pytest.fixture(scope="module")
def told(copy: Path, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Run the copy, in a process of its own, where the sessions are known already."""
    folder = tmp_path_factory.mktemp("made up")
    shutil.copytree(prepared, folder / "data")
    ours = {name: value for name, value in os.environ.items() if "SILVERSTREAK_" not in name}
    env = ours | {
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PREFECT_HOME": str(folder / "prefect"),
        "SILVERSTREAK_DATA": str(folder / "data"),
        "SILVERSTREAK_ACME__RATE": "7",
    }
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=copy,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return Told(json.loads(ran.stdout.splitlines()[-1]))


def test_the_copy_is_what_runs(told: Told, copy: Path) -> None:
    assert Path(told.told["module"]) == copy / "flows" / "registry.py"
    assert Path(told.told["acme"]) == copy / "sources" / "acme.py"


def test_nothing_else_of_the_code_names_it(copy: Path) -> None:
    named = {
        str(file.relative_to(copy))
        for file in copy.rglob("*")
        if file.is_file() and "acme" in file.read_bytes().decode(errors="replace").casefold()
    }

    assert "acme" not in {row.name for row in PROVIDERS}
    assert named == {*MODULES, "flows/registry.py", "warehouse/reference/instruments.csv"}


def test_its_bars_arrive_as_they_were_served(told: Told) -> None:
    closes = {bar["date"]: bar["close"] for bar in told.told["served"] if bar["close"]}

    assert told.told["problems"] == []
    assert told.closes("second") == closes
    assert {bar["instrument"] for bar in told.told["second"]} == {"ACME"}
    assert {bar["currency"] for bar in told.told["second"]} == {"USD"}


def test_what_is_missing_is_planned_and_only_that_is_asked_for(told: Told) -> None:
    [[asked_from, asked_to, path]] = told.told["gap"]
    last = max(told.closes("first"))
    missing = told.closes("second").keys() - told.closes("first").keys()

    assert path == "/acme/acme-1"
    assert last == "2025-12-03"
    assert date.fromisoformat(asked_from) <= date.fromisoformat(last) + timedelta(days=1)
    assert (min(missing), max(missing)) == ("2025-12-04", asked_to)
    assert date.fromisoformat(asked_from) > ASKED_SINCE
    assert datetime.fromisoformat(SECOND_RUN).date() > date.fromisoformat(asked_to)


def test_a_replay_gives_the_same(told: Told) -> None:
    assert told.told["captures"] > 2
    assert told.told["differences"] == []


def test_its_settings_are_settings(told: Told) -> None:
    assert told.told["rate"] == 7
    assert told.told["enabled"] is False


def test_it_has_its_section_on_the_page_of_sources(told: Told) -> None:
    page = told.told["page"]

    assert '## Acme Bars <a id="acme"></a>' in page
    assert "the daily bars of Acme" in page
    assert "none: it does not exist" in page
