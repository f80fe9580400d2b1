"""What a run leaves on Prefect's pages, read back through Prefect's own client."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from sandbox.answers import Answer
from sandbox.market import Market
from sandbox.server import serving
from tests.flows import living
from tests.flows.living import LAST, Spoil, Spoiled, wide_market
from warehouse.connection import FILE

SUNDAY = "2025-12-07T12:00:00+00:00"

# In a process of their own: of the connections that Prefect keeps, some are never closed.
READ = """
import asyncio, json
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

async def read(*keys):
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=keys)) if keys else None
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=wanted)
    found.sort(key=lambda one: one.created)
    return [
        {
            "key": one.key,
            "data": json.loads(one.data) if one.type == "table" else one.data,
            "run": str(one.flow_run_id),
        }
        for one in found
    ]
"""
RUN = (
    READ
    + """
import sys
from importlib import import_module

name = sys.argv[1]
flow = getattr(import_module(f"flows.{name}"), name)
state = asyncio.run(flow(**json.loads(sys.argv[2]), return_state=True))
run = str(state.state_details.flow_run_id)
told = {"run": run, "name": state.name, "artifacts": asyncio.run(read())}
print(json.dumps(told))
"""
)
FETCH = (
    READ
    + """
from prefect import flow
from flows import artifacts

artifacts.PATIENCE = 0.05
seen = []

async def answer(go_on):
    await go_on.wait()
    return "answered"

async def wait_for(progress):
    while True:
        found = [one["data"] for one in await read("progress-made-up")]
        if found == [progress]:
            seen.append(progress)
            return

@flow
async def fetching():
    answers = [asyncio.Event(), asyncio.Event()]
    fetched = asyncio.ensure_future(artifacts.in_sight("made_up", map(answer, answers)))
    await wait_for(0)
    answers[0].set()
    await wait_for(50)
    answers[1].set()
    seen.extend(await fetched)
    await wait_for(100)

asyncio.run(fetching())
print(json.dumps(seen))
"""
)


pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture(scope="module")
def market() -> Market:
    return wide_market()


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    shutil.copy(template, tmp_path / FILE)
    return tmp_path


def run(
    flow: str,
    market: Market,
    data: Path,
    spoil: Spoil | None = None,
    at: str | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """Run a flow; give its id, the name of its state, and the artifacts that it left, by key."""
    spoiled = Spoiled(1, spoiling=spoil) if spoil else None
    with serving(market, LAST, faults=spoiled) as url:
        if at:
            httpx.put(f"{url}/sandbox/clock", json={"now": at}).raise_for_status()
        settings = {"DATA": str(data), "SANDBOX": url, "ATTEMPTS": "1"}
        env = {f"SILVERSTREAK_{name}": value for name, value in settings.items()}
        told = called(RUN, flow, json.dumps(parameters), **env)
    left = {one["key"]: one["data"] for one in told["artifacts"] if one["run"] == told["run"]}
    return told | {"left": left}


def called(script: str, *words: str, **env: str) -> Any:
    """Run a script, and read what it prints at last."""
    ended = subprocess.run(
        [sys.executable, "-c", script, *words],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def go_wrong(answer: Answer) -> Answer:
    """Fail, or serve a page where a table is wanted."""
    if answer.media_type == "text/csv":
        return Answer(b"Internal Server Error", "text/plain;charset=utf-8", 500)
    return Answer(b"<html><script>alert(1)</script></html>", "text/html")


@pytest.fixture(scope="module")
def twice(
    prefect: None, market: Market, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, Any]]]:
    """Record rates twice."""
    data = tmp_path_factory.mktemp("rates")
    shutil.copy(template, data / FILE)
    return data, [run("record_rates", market, data) for _ in range(2)]


Twice = tuple[Path, list[dict[str, Any]]]


def test_a_run_leaves_its_rows_its_gaps_and_where_it_was_published(twice: Twice) -> None:
    data, [first, second] = twice
    keys = {"rows-record-rates", "gaps-record-rates", "summary-record-rates"}
    assert first["left"].keys() == second["left"].keys() == keys

    file = (data / "published" / "silverstreak.duckdb").resolve()
    with duckdb.connect(file, read_only=True) as warehouse:
        [[rates]] = warehouse.execute("select count(*) from history.rates").fetchall()
        missing = warehouse.execute("""
            select dataset, source, reason, count(*)
            from gaps
            where dataset in ('rates', 'monthly_averages') and symbol not in ('Gold', 'Platinum')
            group by dataset, source, reason
        """).fetchall()
    [rows] = [row for row in first["left"]["rows-record-rates"] if row["table"] == "rates"]
    assert (rows["seen"], rows["new"], rows["rejected"]) == (rates, rates, 0)
    told = [(*tuple(row.values())[:3], row["days"]) for row in second["left"]["gaps-record-rates"]]
    assert sorted(told) == sorted(missing)
    assert told
    assert f"Published: {file}" in second["left"]["summary-record-rates"]


def test_keys_stay_so_that_there_is_a_history(twice: Twice) -> None:
    _, [first, second] = twice

    rows = [one for one in second["artifacts"] if one["key"] == "rows-record-rates"]
    assert [one["run"] for one in rows][-2:] == [first["run"], second["run"]]


def test_a_table_is_an_asset_fed_by_its_providers(twice: Twice) -> None:
    _, [run, _] = twice

    [rates] = events(run, "silverstreak://tables/rates")
    [published] = events(run, "silverstreak://published")
    assert made_of(rates) == {"silverstreak://sources/fred"}
    assert rates["payload"]["new"] > 0
    tables = {f"silverstreak://tables/{table}" for table in ("rates", "monthly_averages")}
    assert made_of(published) == tables


def made_of(event: dict[str, Any]) -> set[str]:
    return {
        related["prefect.resource.id"]
        for related in event["related"]
        if related["prefect.resource.role"] == "asset"
    }


def events(run: dict[str, Any], asset: str) -> list[dict[str, Any]]:
    """Read what happened to an asset in a run, as soon as the server has written it down."""
    wanted = {
        "event": {"name": ["prefect.asset.materialization.succeeded"]},
        "resource": {"id": [asset]},
        "related": {"id": [f"prefect.flow-run.{run['run']}"]},
        "occurred": {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()},
    }
    url = f"{os.environ['PREFECT_API_URL']}/events/filter"
    for _ in range(300):
        answer = httpx.post(url, json={"filter": wanted}).raise_for_status()
        if found := answer.json()["events"]:
            return list(found)
        time.sleep(0.1)
    return []


def test_what_went_wrong_is_told_with_what_it_befell(market: Market, data: Path) -> None:
    told = run("record_rates", market, data, spoil=go_wrong)

    summary = told["left"]["summary-record-rates"]
    assert told["name"] == "Failed"
    assert summary.startswith("## failed")
    assert "### Problems\n\n- fred/rates/" in summary
    assert "days of fred/rates: unanswered" in summary
    assert "- refused: worldbank/" in summary
    assert "<" not in summary, "nothing that a provider served is shown as HTML"


def test_rejected_rows_are_counted_and_told(market: Market, data: Path) -> None:
    def spoil(answer: Answer) -> Answer:
        return replace(answer, body=re.sub(rb"(2025-12-09),[\d.]+", rb"\1,x", answer.body))

    told = run("record_rates", market, data, spoil=spoil)

    [rows] = [row for row in told["left"]["rows-record-rates"] if row["table"] == "rates"]
    assert rows["rejected"] == 2, "one of each series"
    listed = "### Open rejections\n\n- 2 rows of fred/rates: value: "
    assert listed in told["left"]["summary-record-rates"]


def test_a_run_on_a_closed_day_leaves_word_of_it(data: Path) -> None:
    nothing = Market("synthetic", bars={}, dividends={}, instruments={}, valuations={})
    with serving(nothing, LAST) as url:
        asyncio.run(living.run(data, url, SUNDAY, frozenset()))

    told = run("run", nothing, data, at=SUNDAY, datasets=["valuations"])

    assert told["name"] == "Market closed"
    words = "## Market closed\n\nmarket closed: XNYS"
    assert told["left"] == {"summary-run": words}


def test_long_fetching_shows_how_far_it_is() -> None:
    assert called(FETCH) == [0, 50, "answered", "answered", 100]
