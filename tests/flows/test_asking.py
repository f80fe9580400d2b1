"""How providers are asked over loopback: only for news, where they have moved to, with a key."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import zstandard
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from flows import recording
from flows.loading import read
from flows.planning import Planned
from flows.registry import feed_of
from flows.settings import Settings
from flows.world import World
from sandbox import server, spdr_gold, worldbank
from sandbox.answers import Question
from sandbox.clock import Clock, evening_after
from sandbox.faults import Faults
from sandbox.market import Market
from sandbox.synthetic import synthetic
from schemas.capture import Capture, Refused, Request
from sources import captures
from sources import spdr_gold as gold
from sources import worldbank as bank
from tests.conftest import serving
from tests.flows.living import LAST, LATER, LATER_STILL, SUMMER, ask, run, since

Serve = Callable[[ASGIApp], str]

EARLIER = "2025-12-10T18:00:00+00:00"
AN_HOUR_ON = "2025-12-10T19:00:00+00:00"
NOW = datetime(2025, 12, 12, 18, tzinfo=UTC)
VALUATIONS, RATES = frozenset({"valuations"}), frozenset({"rates"})
A_KEY = "0123456789abcdef" * 2

PDF, PAGE = b"%PDF-1.7\n%%EOF\n", b"<!DOCTYPE html><html><body>Will be right back</body></html>"
OLD_ARCHIVE = b"SPDR Gold Shares\n\nDate, GLD Close, NAV/share\n10-Dec-2025, 388.1, 387.9\n"
ARCHIVE = gold.valuations("GLD", "gld", "SPDR Gold Shares")
SILVER, PLATINUM = (
    bank.monthly_averages(f"{metal.upper()}_MONTHLY", metal) for metal in ("Silver", "Platinum")
)
KNOWN = [f"/en/doc/{edition}/related/{bank.FILE}" for edition in bank.EDITIONS]
NEWER = f"/en/doc/0123-0050012027/related/{bank.FILE}"


class Door:
    """Stands before the sandbox: notes what is asked, and answers at some paths itself."""

    def __init__(self, market: Market, instead: dict[str, Response] | None = None) -> None:
        self.sandbox = server.app(market, Clock(evening_after(LAST)), Faults(rate=0))
        self.instead = instead or {}
        self.asked: list[Asked] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(Asked(scope))
        answer = self.instead.get(scope["path"], self.sandbox)
        await answer(scope, receive, send)

    def paths(self) -> list[str]:
        return [asked.url.path for asked in self.asked]

    def asked_at(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.url.path == path]


@pytest.fixture(scope="module")
def mine() -> Market:
    """Carry gold's archive since the summer, the policy rates and the averages of metals."""
    whole = synthetic()
    return replace(
        Market(whole.origin, {}, {}, since(SUMMER, whole.valuations, "GLD")),
        rates=since(date(2025, 10, 10), whole.rates, *whole.rates),
        averages=since(date(2024, 1, 1), whole.averages, *whole.averages),
    )


@pytest.fixture(scope="module")
def recorded(mine: Market, prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record gold's archive as of 2025-12-09, in a folder that nobody may change."""
    data = Path(shutil.copytree(prepared, tmp_path_factory.mktemp("recorded") / "data"))
    with serving(Door(mine)) as url:
        assert asyncio.run(run(data, url, EARLIER, VALUATIONS)).problems == []
    return data


@pytest.fixture
def data(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "data"))


def kept(data: Path, source: str) -> list[Capture]:
    """Give the captures of a source, in their order."""
    folder = str(data / "captures")
    found = [captures.sidecar(folder, capture_id) for capture_id in captures.ids(folder)]
    return [capture for capture in found if capture.request.source == source]


def valued_until(data: Path) -> date:
    [[last]] = ask(data, "select max(as_of) from fund_valuations_by_source where fund = 'GLD'")
    return last  # type: ignore[no-any-return]


async def test_what_has_not_changed_is_not_served_again_and_no_failure(
    data: Path, mine: Market, serve: Serve
) -> None:
    before = kept(data, "spdr_gold")

    door = Door(mine)
    report = await run(data, serve(door), AN_HOUR_ON, VALUATIONS)

    assert report.problems == []
    assert kept(data, "spdr_gold") == before
    [asked] = door.asked_at(spdr_gold.PATH)
    assert asked.headers["if-modified-since"] == before[0].validators["last-modified"]
    assert {capture.status for capture in before} == {200}


async def test_what_was_refused_is_no_version_that_we_have(
    data: Path, mine: Market, serve: Serve
) -> None:
    [known] = kept(data, "spdr_gold")
    bad = Response(PDF, headers={"etag": '"bad"', "last-modified": "Thu, 11 Dec 2025 23:00:00 GMT"})
    out_of_order = Door(mine, {spdr_gold.PATH: bad, spdr_gold.OLD_PATH: Response(PDF)})

    refused = await run(data, serve(out_of_order), LATER, VALUATIONS)
    door = Door(mine)
    mended = await run(data, serve(door), LATER_STILL, VALUATIONS)

    [told] = refused.problems
    assert told.startswith("refused: spdr_gold/valuations/GLD: a PDF was served where")
    assert kept(data, "spdr_gold")[1].validators["etag"] == '"bad"'
    [asked] = door.asked_at(spdr_gold.PATH)
    assert asked.headers["if-modified-since"] == known.validators["last-modified"]
    assert "if-none-match" not in asked.headers
    assert mended.problems == []
    assert len(kept(data, "spdr_gold")) == 3, "it has changed since, and is served"
    assert valued_until(data) == date(2025, 12, 11)


async def asking(data: Path, url: str, *requests: Request) -> str:
    """Ask one provider as a run does; give the message of the state it ends in."""
    settings = Settings(data=data, sandbox=url, attempts=3, timeout=5)
    planned = [Planned(request, {}) for request in requests]
    state = await recording.fetch.fn(requests[0].source, planned, settings, World("synthetic", NOW))
    return state.message or ""


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "first",
    [
        pytest.param(Response(PDF), id="a PDF with status 200"),
        pytest.param(Response(PAGE), id="a page with status 200"),
        pytest.param(Response(PAGE, 404), id="not found"),
        pytest.param(Response(OLD_ARCHIVE, 410), id="an error, whatever its body"),
        pytest.param(Response(b"", 500), id="no answer in all attempts"),
    ],
)
async def test_a_provider_that_has_moved_is_asked_where_it_was_known_to_be(
    tmp_path: Path, mine: Market, serve: Serve, caplog: pytest.LogCaptureFixture, first: Response
) -> None:
    door = Door(mine, {gold.PATH: first, spdr_gold.OLD_PATH: Response(OLD_ARCHIVE)})

    told = await asking(tmp_path, serve(door), ARCHIVE)

    assert told == "1 answers"
    [capture] = kept(tmp_path, "spdr_gold")
    assert capture.request.path == spdr_gold.OLD_PATH
    assert capture.request.scope == ARCHIVE.scope
    told = f"{ARCHIVE.scope}: not its first place but {spdr_gold.OLD_PATH} answers"
    assert told in caplog.messages


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        pytest.param(
            Response(PAGE), Response(PDF), "an outage page (HTML) was served", id="both are bad"
        ),
        pytest.param(
            Response(PAGE), Response(b"", 500), "an outage page (HTML)", id="the second is silent"
        ),
    ],
)
async def test_where_no_place_serves_the_first_answer_is_kept_and_refused_by_name(
    tmp_path: Path, mine: Market, serve: Serve, first: Response, second: Response, told: str
) -> None:
    door = Door(mine, {gold.PATH: first, spdr_gold.OLD_PATH: second})

    assert await asking(tmp_path, serve(door), ARCHIVE) == "1 answers"

    [capture] = kept(tmp_path, "spdr_gold")
    with pytest.raises(Refused) as refused:
        read(feed_of(capture), *captures.find(str(tmp_path / "captures"), capture.id))
    assert str(refused.value).startswith(f"{ARCHIVE.scope}: {told}")


@pytest.mark.usefixtures("impatient")
async def test_where_the_first_place_fails_and_no_other_serves_that_failure_is_told(
    tmp_path: Path, mine: Market, serve: Serve
) -> None:
    door = Door(mine, {gold.PATH: Response(b"", 503), spdr_gold.OLD_PATH: Response(PDF)})

    message = await asking(tmp_path, serve(door), ARCHIVE)

    assert "status 503" in message
    assert kept(tmp_path, "spdr_gold") == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("status", "places", "told"),
    [
        pytest.param(500, 2, "the server failed with status 500 in 3 attempts", id="all silent"),
        pytest.param(429, 1, "refused with 429 in 3 attempts", id="it asks for rest"),
    ],
)
async def test_where_no_place_answers_nothing_is_kept(
    tmp_path: Path, mine: Market, serve: Serve, status: int, places: int, told: str
) -> None:
    paths = [gold.PATH, spdr_gold.OLD_PATH]
    door = Door(mine, {path: Response(b"", status) for path in paths})

    message = await asking(tmp_path, serve(door), ARCHIVE)

    assert message.startswith(f"{ARCHIVE.scope}: {told}")
    assert kept(tmp_path, "spdr_gold") == []
    assert door.paths() == [path for path in paths[:places] for _ in range(3)]


def workbook(market: Market) -> Response:
    """Give the World Bank's workbook of the day."""
    answer = worldbank.answer(market, NOW, Question(KNOWN[0], {}, "Mozilla/5.0"))
    return Response(answer.body)


async def test_the_place_that_a_page_links_is_asked_once_for_all_series(
    tmp_path: Path, mine: Market, serve: Serve
) -> None:
    page = f'<!DOCTYPE html><html><a href="https://thedocs.worldbank.org{NEWER}">here</a></html>'
    door = Door(mine, {worldbank.PAGE: Response(page), NEWER: workbook(mine)})

    assert await asking(tmp_path, serve(door), SILVER, PLATINUM) == "2 answers"

    assert door.paths() == [worldbank.PAGE, NEWER]
    answered = {capture.request.subject: capture.request.path for capture in kept_by_bank(tmp_path)}
    assert answered == {"SILVER_MONTHLY": NEWER, "PLATINUM_MONTHLY": NEWER}
    for capture in kept_by_bank(tmp_path):
        payload = captures.find(str(tmp_path / "captures"), capture.id)[1]
        [verdict] = read(feed_of(capture), capture, payload)[0].values()
        assert verdict.accepted.height > 12


def kept_by_bank(data: Path) -> list[Capture]:
    return kept(data, "worldbank")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "page",
    [
        pytest.param(Response(PAGE), id="a page without the link"),
        pytest.param(Response(PAGE, 404), id="no page"),
        pytest.param(Response(b"", 500), id="no answer"),
        pytest.param(
            Response(f'<html><a href="{NEWER}">here</a></html>'), id="a link that leads nowhere"
        ),
    ],
)
async def test_without_a_link_the_known_editions_are_asked_the_newest_first(
    tmp_path: Path, mine: Market, serve: Serve, page: Response
) -> None:
    door = Door(mine, {worldbank.PAGE: page, KNOWN[0]: Response(PAGE), KNOWN[1]: workbook(mine)})

    assert await asking(tmp_path, serve(door), SILVER) == "1 answers"

    [capture] = kept_by_bank(tmp_path)
    assert capture.request.path == KNOWN[1]
    assert door.paths()[-2:] == KNOWN[:2]


def everything_in(data: Path) -> dict[str, bytes]:
    """Read all files below a folder; bodies of captures decompressed."""
    return {
        str(file): zstandard.decompress(content) if file.suffix == ".zst" else content
        for file in data.rglob("*")
        if file.is_file()
        for content in [file.read_bytes()]
    }


def told_in_tables(data: Path, words: str) -> list[str]:
    """Name the tables in which some words are."""
    with duckdb.connect(data / "warehouse.duckdb", read_only=True) as warehouse:
        query = "select format('{}.{}', schema_name, table_name) from duckdb_tables()"
        tables = [table for (table,) in warehouse.execute(query).fetchall()]
        found = "select count(*) from {} as t where contains(t::varchar, $1)"
        return [t for t in tables if warehouse.execute(found.format(t), [words]).fetchone() != (0,)]


async def test_a_key_opens_the_interface_which_tells_the_same_and_is_shown_nowhere(
    empty: Path, data: Path, mine: Market, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    keyless, keyed = Door(mine), Door(mine)
    key: dict[str, Any] = {"FRED__API_KEY": A_KEY}

    without = await run(data, serve(keyless), LATER, RATES)
    report = await run(empty, serve(keyed), LATER, RATES, **key)
    failing = {"/fred/series/observations": Response(b"", 500)}
    failed = await run(empty, serve(Door(mine, failing)), LATER_STILL, RATES, **key)

    assert without.problems == report.problems == []
    assert "/graph/fredgraph.csv" not in keyed.paths()
    asked = keyed.asked_at("/fred/series/observations")
    assert {request.query_params["api_key"] for request in asked} == {A_KEY}
    rates = "from rates_by_source order by all"
    assert ask(empty, rates) == ask(data, rates) != []
    assert not any("api_key" in str(request.url) for request in keyless.asked)

    assert "status 500" in failed.problems[0]
    assert A_KEY not in "".join(failed.problems) + caplog.text
    assert [
        file for file, content in everything_in(empty).items() if A_KEY.encode() in content
    ] == []
    assert told_in_tables(empty, A_KEY) == []
    assert told_in_tables(empty, "DFEDTARU"), "words that are there are found"
