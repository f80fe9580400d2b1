"""A provider takes four modules, a row in the registry and a line of reference data; no more."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
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
from transforms.days import ISO, day
from transforms.settling import is_asked, is_settled


def bars(raw: pl.DataFrame, capture: Capture) -> pl.DataFrame:
    """Give the bars of the days asked for, and their `position`."""
    dated = raw.with_columns(session=day("day", ISO)).filter(is_asked(capture))
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

FIRST, LATE, LAST = "2025-11-03", "2025-12-10", "2025-12-11"

# Records once, as tests/flows/living.py does but for publishing, and tells what came of it.
SCRIPT = f"""
import asyncio, json, os, sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl

import flows.registry
from flows import planning, recording, replaying
from flows.settings import Settings
from flows.sources_page import page
from flows.world import observe
from sandbox.bars import bars
from sandbox.instruments import describe
from sandbox.market import Market
from sandbox.server import serving
from warehouse.publishing import Published


def stated(fetch):
    async def called(*arguments, return_state):
        return await fetch(*arguments)
    return called


asked = []


def noted(prepare):
    async def called(*arguments):
        prepared = await prepare(*arguments)
        asked.extend(prepared.planned)
        return prepared
    return called


recording.prepare = noted(recording.prepare.fn)
recording.fetch = stated(recording.fetch.fn)
recording.load = recording.load.fn
recording.close = recording.close.fn
recording.publish = lambda *_: Published(None, [])

is_late = pl.col("date") == date.fromisoformat("{LATE}")
served = bars(describe("SPY")).filter(pl.col("date") >= date.fromisoformat("{FIRST}"))
served = served.with_columns(
    pl.when(is_late).then(pl.col("published_at") + timedelta(days=9)).otherwise("published_at")
)
market = Market("synthetic", {{"SPY": describe("SPY")}}, {{"SPY": served}}, {{}})
data = Path(os.environ["SILVERSTREAK_DATA"])

with serving(market, date.fromisoformat("{LAST}")) as url:
    os.environ["SILVERSTREAK_SANDBOX"] = url
    problems = asyncio.run(recording.record(frozenset({{"quotes"}}))).data.problems
    settings = Settings()
    world = observe(settings)
    with recording.open_warehouse(settings, world) as warehouse:
        due = planning.rows(warehouse, "quotes_due")
        bars = warehouse.sql("from bars_by_source where source = 'acme' order by session").pl()
del os.environ["SILVERSTREAK_SANDBOX"]

verified = replaying.verify(data, 1)
told = {{
    "registry": flows.registry.__file__,
    "source": sys.modules["sources.acme"].__file__,
    "problems": problems,
    "asked": [
        [r.asked_from, r.asked_to, r.path]
        for r in (planned.request for planned in asked) if r.source == "acme"
    ],
    "served": served.rows(named=True),
    "bars": bars.rows(named=True),
    "due": [row for row in due if row["source"] == "acme"],
    "captures": verified.captures,
    "differences": verified.differences,
    "settings": Settings().provider("acme").model_dump(mode="json"),
    "page": page(),
}}
print(json.dumps(told, default=str))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project's code, and add the provider to it."""
    folder = tmp_path_factory.mktemp("copy")
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name)
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


@pytest.fixture(scope="module")
def told(copy: Path, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
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
    return json.loads(ran.stdout.splitlines()[-1])


def test_the_copy_is_what_runs(told: Any, copy: Path) -> None:
    assert Path(told["registry"]) == copy / "flows" / "registry.py"
    assert Path(told["source"]) == copy / "sources" / "acme.py"


def test_nothing_else_of_the_code_names_it(copy: Path) -> None:
    named = {
        str(file.relative_to(copy))
        for file in copy.rglob("*")
        if file.is_file() and b"acme" in file.read_bytes().lower()
    }

    assert "acme" not in {row.name for row in PROVIDERS}
    assert named == {*MODULES, "flows/registry.py", "warehouse/reference/instruments.csv"}


def test_it_is_planned_from_its_first_session_on(told: Any) -> None:
    assert told["asked"] == [[FIRST, LAST, "/acme/acme-1"]]


def test_its_bars_arrive_as_they_were_served(told: Any) -> None:
    closes = {bar["date"]: bar["close"] for bar in told["served"] if bar["date"] != LATE}

    assert told["problems"] == []
    assert {bar["session"]: bar["close"] for bar in told["bars"]} == closes
    assert {bar["instrument"] for bar in told["bars"]} == {"ACME"}
    assert {bar["currency"] for bar in told["bars"]} == {"USD"}
    assert max(closes) == LAST


def test_a_gap_is_planned(told: Any) -> None:
    [due] = told["due"]

    assert due["missing"] == 1
    assert due["asked_from"] <= LATE <= due["asked_to"]
    assert due["asked_from"] > FIRST


def test_a_replay_gives_the_same(told: Any) -> None:
    assert told["captures"] > 1
    assert told["differences"] == []


def test_its_settings_come_from_its_row_and_the_environment(told: Any) -> None:
    assert told["settings"]["rate"] == 7
    assert told["settings"]["base_url"] == "https://acme.example"
    assert told["settings"]["datasets"] == ["quotes"]
    assert told["settings"]["enabled"] is False


def test_it_has_its_section_on_the_page_of_sources(told: Any) -> None:
    assert '## Acme Bars <a id="acme"></a>' in told["page"]
    assert "the daily bars of Acme" in told["page"]
    assert "none: it does not exist" in told["page"]
