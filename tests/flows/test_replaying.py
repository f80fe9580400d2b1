import asyncio
import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from subprocess import CompletedProcess
from typing import Any

import duckdb
import polars as pl
import pytest

from flows import loading, replaying
from flows.feeds import Feed
from flows.loading import Loaded
from flows.registry import feed_of
from flows.replaying import REBUILT, replay, retry
from sandbox.market import Market
from sandbox.server import serving
from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed
from schemas.tables.fund_valuations import FundValuations
from sources import captures
from tests.flows.living import LAST, LATER, Spoil, ask, believed, run
from warehouse.connection import FILE, WarehouseError, open_existing, open_writer
from warehouse.fingerprints import fingerprints

Asked = Callable[..., CompletedProcess[str]]
OpenMarket = Callable[..., str]

EVENING = datetime(2025, 12, 12, 20, tzinfo=UTC)
VALUATIONS = "ishares/valuations/SLV"
FACTS = "from facts order by all"


@pytest.fixture(scope="module")
def revised(prepared: Path, market: Market, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record the market on two days, between which values were revised; nobody may change it."""
    data = Path(shutil.copytree(prepared, tmp_path_factory.mktemp("revised") / "data"))
    with serving(market, LAST) as url:
        asyncio.run(run(data, url, "2025-12-09T19:00:00+00:00"))
        asyncio.run(run(data, url, "2025-12-12T18:00:00+00:00"))
    return data


@pytest.fixture(scope="module")
def disordered(revised: Path, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Load its captures in another order; nobody may change it."""
    data = unloaded(revised, template, tmp_path_factory.mktemp("disordered") / "data")
    folder = str(data / "captures")
    ids = captures.ids(folder)
    Random(3).shuffle(ids)  # noqa: S311 -- no secret
    with open_writer(data, "synthetic", EVENING) as warehouse:
        for capture_id in ids:
            loading.load(warehouse, *captures.find(folder, capture_id), Loaded())
    return data


@pytest.fixture
def shuffled(disordered: Path, tmp_path: Path) -> Path:
    """Copy the folder whose captures were loaded in another order."""
    return Path(shutil.copytree(disordered, tmp_path / "shuffled"))


def unloaded(data: Path, template: Path, folder: Path) -> Path:
    """Copy captures, and lay an empty warehouse beside them."""
    shutil.copytree(data / "captures", folder / "captures")
    shutil.copy(template, folder / FILE)
    return folder


def held(data: Path) -> dict[str, str]:
    with duckdb.connect(data / FILE, read_only=True) as warehouse:
        return fingerprints(warehouse)


def change(data: Path, query: str) -> None:
    with duckdb.connect(data / FILE) as warehouse:
        warehouse.execute(query)


def sidecar(data: Path, scope: str) -> Path:
    """Find the last capture of a scope."""
    [*_, found] = sorted((data / "captures").rglob(f"*{scope.replace('/', '-')}.json"))
    return found


def known_at(file: Path) -> datetime:
    return datetime.strptime(file.name.partition("-")[0], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)


def damage(file: Path, *places: int) -> None:
    content = bytearray(file.read_bytes())
    for place in places:
        content[place] ^= 0xFF
    file.write_bytes(content)


def test_a_replay_that_gives_the_same_ends_with_0(data: Path, asked: Asked) -> None:
    before = held(data)

    told = asked("replay", "--verify", "--data", str(data))

    assert (told.returncode, told.stdout) == (0, "")
    assert "gives the same" in told.stderr
    assert held(data) == before


def test_a_replay_that_differs_ends_with_1_and_keeps_the_old_one(data: Path, asked: Asked) -> None:
    change(data, "update history.bars set close = close + 1 where session = '2025-12-10'")
    before = held(data)

    told = asked("replay", "--verify", "--data", str(data))

    assert told.returncode == 1
    [line] = told.stderr.splitlines()
    assert line.startswith("silverstreak: a replay differs in history.bars: ")
    assert held(data) == before


def test_in_any_order_of_loading_the_same_is_believed(shuffled: Path, revised: Path) -> None:
    assert believed(shuffled) == believed(revised)
    assert ask(shuffled, "select count(*) > 0 from ops.loads where is_late") == [(True,)]


def test_a_replay_puts_in_order_what_came_late(shuffled: Path, revised: Path, asked: Asked) -> None:
    facts = ask(revised, FACTS)
    assert held(shuffled) != held(revised)

    told = asked("replay", "--data", str(shuffled))

    assert told.returncode == 0
    assert "not as before: ops.loads" in told.stderr
    assert held(shuffled) == held(revised)
    assert ask(shuffled, "select count(*) from ops.loads where is_late") == [(0,)]
    assert ask(shuffled, FACTS) == facts


def test_a_replay_of_every_provider_gives_the_same(wide_data: Path) -> None:
    assert replaying.verify(wide_data, wait=1).differences == []


def test_captures_alone_give_the_same(revised: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(revised / "captures", alone / "captures")

    replay(alone, 1)

    assert held(alone) == held(revised)
    assert ask(alone, FACTS) == ask(revised, FACTS)
    assert ask(alone, "select origin from ops.origin") == [("synthetic",)]


def test_without_captures_that_were_loaded_there_is_no_replay(data: Path, asked: Asked) -> None:
    before, content = held(data), (data / FILE).read_bytes()
    lost, broken = sidecar(data, "yahoo/quotes/SPY"), sidecar(data, VALUATIONS)
    lost.unlink()
    broken.write_text("{")

    told = asked("replay", "--data", str(data))

    assert told.returncode == 1
    [line] = told.stderr.splitlines()
    assert "not replayed, since 2 captures that the warehouse was loaded from" in line
    assert min(lost.stem, broken.stem) in line
    assert (data / FILE).read_bytes() == content
    assert held(data) == before
    assert not (data / REBUILT).exists()


@pytest.mark.parametrize(
    "places",
    [
        pytest.param(range(65), id="its first 65 bytes"),
        pytest.param([12], id="the version of its format"),
        pytest.param([4096, 8192], id="both of its headers"),
    ],
)
def test_a_damaged_warehouse_is_set_aside(data: Path, places: list[int]) -> None:
    damage(data / FILE, *places)
    content = (data / FILE).read_bytes()

    with (
        pytest.raises(WarehouseError, match="`silverstreak replay`") as told,
        open_writer(data, "synthetic", EVENING),
    ):
        pass

    [aside] = data.glob("*.damaged-*")
    assert aside.name in str(told.value)
    assert aside.read_bytes() == content


def damage_the_header(data: Path) -> None:
    damage(data / FILE, *range(65))


def damage_a_block(data: Path) -> None:
    """Flip a byte in a block of the bars, which shows only when they are read."""
    query = "select min(block_id) from pragma_storage_info('history.bars') where block_id >= 0"
    [[block]] = ask(data, query)
    damage(data / FILE, 3 * 4096 + block * 262_144 + 100)


@pytest.mark.parametrize("spoil", [damage_the_header, damage_a_block])
def test_a_damaged_warehouse_is_rebuilt_from_its_captures(
    data: Path, asked: Asked, spoil: Callable[[Path], None]
) -> None:
    before, facts = held(data), ask(data, FACTS)
    spoil(data)
    content = (data / FILE).read_bytes()

    looked = asked("doctor", "--data", str(data))
    told = asked("replay", "--data", str(data))

    assert looked.returncode == 1
    assert "is damaged" in looked.stderr
    assert told.returncode == 0, told.stderr
    [aside] = data.glob("*.damaged-*")
    assert aside.read_bytes() == content
    assert held(data) == before
    assert ask(data, FACTS) == facts


def test_what_is_lost_with_a_damaged_warehouse_is_told_by_what_is_published(
    data: Path, asked: Asked
) -> None:
    damage_the_header(data)
    sidecar(data, "yahoo/quotes/SPY").unlink()

    told = asked("replay", "--data", str(data))

    assert told.returncode == 1
    assert "lost or damaged: 1 capture that the published copy was loaded from" in told.stderr
    bars = "select distinct instrument from bars_by_source order by all"
    assert ask(data, bars) == [("IBIT",)]


def test_a_warehouse_of_a_later_release_is_not_replayed(data: Path, asked: Asked) -> None:
    change(data, "insert into ops.migrations values (99, 'later', current_timestamp, '9.9')")
    before = held(data)

    told = asked("replay", "--data", str(data))

    assert told.returncode == 1
    assert "later release of silverstreak: update silverstreak" in told.stderr
    assert held(data) == before


def test_without_captures_there_is_nothing_to_replay(tmp_path: Path, asked: Asked) -> None:
    told = asked("replay", "--data", str(tmp_path / "typo"))

    assert told.returncode == 1
    assert "there is nothing to replay: no captures in" in told.stderr
    assert not [*tmp_path.rglob("*.duckdb")]


def test_a_refused_capture_may_be_removed_without_a_loss(data: Path, asked: Asked) -> None:
    folder = str(data / "captures")
    request = Request("yahoo", "quotes", "X", "/")
    foreign = captures.keep(folder, request, b"{}", EVENING, origin="live")
    loaded = Loaded()
    with open_existing(data, EVENING) as warehouse:
        loading.load_waiting(warehouse, data, loaded)
    [problem] = loaded.problems
    assert f"live data, where this warehouse holds synthetic data: remove {foreign.id}" in problem
    sidecar(data, "yahoo/quotes/X").unlink()

    assert asked("replay", "--data", str(data)).returncode == 0
    assert asked("doctor", "--data", str(data)).returncode == 0


def test_a_stray_file_among_the_captures_is_in_nobodys_way(data: Path, asked: Asked) -> None:
    (data / "captures" / "yahoo" / "notes.json").write_text("{}")

    assert asked("doctor", "--data", str(data)).returncode == 0


def test_a_warehouse_of_an_earlier_release_is_no_damage(data: Path, asked: Asked) -> None:
    before = held(data)
    change(data, "drop table ops.unstated; delete from ops.migrations where number > 1")

    looked = asked("doctor", "--data", str(data))
    told = asked("replay", "--data", str(data))

    assert "damaged" not in looked.stderr
    assert told.returncode == 0, told.stderr
    assert not [*data.glob("*.damaged-*")]
    assert held(data) == before


def spoiled_feed(spoil: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Capture], Feed]:
    """Have the transform of iShares' fund valuations spoil its rows."""

    def found(capture: Capture) -> Feed:
        feed = feed_of(capture)
        if not is_faulty(feed):
            return feed
        transform = feed.tables[FundValuations]
        spoiling = {FundValuations: lambda raw, capture: spoil(transform(raw, capture))}
        return replace(feed, tables=spoiling)

    return found


def refusing_feed(capture: Capture) -> Feed:
    """Have the parser of iShares' fund valuations refuse."""

    def refuse(payload: bytes, capture: Capture) -> Parsed:
        raise Refused(f"{capture.request.scope}: not yet understood")

    feed = feed_of(capture)
    return replace(feed, parse=refuse) if is_faulty(feed) else feed


def is_faulty(feed: Feed) -> bool:
    return feed.source == "ishares" and FundValuations in feed.tables


def negative_navs(rows: pl.DataFrame) -> pl.DataFrame:
    """Spoil the last ten days."""
    is_last = pl.col("as_of") > pl.col("as_of").max() - pl.duration(days=10)
    return rows.with_columns(nav=pl.when(is_last).then(-pl.col("nav")).otherwise("nav"))


@pytest.mark.parametrize(
    ("faulty", "told"),
    [
        pytest.param(spoiled_feed(negative_navs), "rejected", id="rows were rejected"),
        pytest.param(refusing_feed, "refused", id="payloads were refused"),
    ],
)
def test_a_better_parser_stores_what_was_kept_as_of_the_day_it_was_known(
    data: Path,
    template: Path,
    tmp_path: Path,
    asked: Asked,
    monkeypatch: pytest.MonkeyPatch,
    faulty: Callable[[Capture], Feed],
    told: str,
) -> None:
    again = unloaded(data, template, tmp_path / "again")
    monkeypatch.setattr(loading, "feed_of", faulty)
    loaded = Loaded()
    with open_writer(again, "synthetic", EVENING) as warehouse:
        loading.load_waiting(warehouse, again, loaded)
    assert [problem.partition(":")[0] for problem in loaded.problems] == [told] * 2
    assert believed(again) != believed(data)
    monkeypatch.undo()

    tried = asked("replay", "--rejected", "--data", str(again))

    assert tried.returncode == 0, tried.stderr
    assert believed(again) == believed(data)
    versions = "select * from history.fund_valuations order by all"
    assert ask(again, versions) == ask(data, versions)
    of_slv = "fund = 'SLV' and source = 'ishares'"
    last = f"select max(known_at) from history.fund_valuations where {of_slv}"
    assert ask(again, last) == [(known_at(sidecar(again, VALUATIONS)),)]
    still_open = """
        select
            (select count(*) from ops.rejections where resolved_at is null)
            + (select count(*) from ops.refusals where resolved_at is null)
    """
    assert ask(again, still_open) == [(0,)]


def test_what_is_still_rejected_is_told_of_once(
    data: Path, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = unloaded(data, template, tmp_path / "again")
    monkeypatch.setattr(loading, "feed_of", spoiled_feed(negative_navs))
    with open_writer(again, "synthetic", EVENING) as warehouse:
        loading.load_waiting(warehouse, again, Loaded())
    count = "select count(*) from ops.rejections"
    before = ask(again, count)
    loaded = Loaded()

    with open_existing(again, EVENING) as warehouse:
        assert retry(warehouse, again, loaded) == 2

    assert loaded.problems == []
    assert ask(again, count) == before


def test_the_doctor_ends_with_0_if_nothing_is_wrong(data: Path, asked: Asked) -> None:
    told = asked("doctor", "--data", str(data))

    assert (told.returncode, told.stderr) == (0, "")
    assert "nothing is wrong" in told.stdout


def test_the_doctor_ends_with_1_and_names_what_is_lost(data: Path, asked: Asked) -> None:
    lost = sidecar(data, "yahoo/quotes/SPY")
    lost.unlink()

    told = asked("doctor", "--data", str(data))

    assert told.returncode == 1
    [line] = told.stderr.splitlines()
    assert f"not in {data / 'captures'}: 1 capture that the warehouse was loaded from" in line
    assert lost.stem in line


async def test_rejections_are_listed_as_csv(
    data: Path, open_market: OpenMarket, asked: Asked
) -> None:
    listed = asked("rejections", "--format", "csv", "--data", str(data))
    await run(data, open_market(spoil=negative("excel")), LATER, frozenset({"valuations"}))

    spoiled = asked("rejections", "--format", "csv", "--data", str(data))

    assert (listed.returncode, spoiled.returncode) == (0, 0)
    assert [*csv.DictReader(io.StringIO(listed.stdout))] == []
    rejected = [*csv.DictReader(io.StringIO(spoiled.stdout))]
    assert {row["scope"] for row in rejected} == {VALUATIONS, "ishares/valuations/IBIT"}
    assert all("greater_than(0)" in row["failures"] for row in rejected)


def negative(kind: str) -> Spoil:
    """Give the first number of a payload another sign."""

    def spoil(answer: Any) -> Any:
        body = answer.body.replace(b'"Number">', b'"Number">-', 1)
        return replace(answer, body=body) if kind in answer.media_type else answer

    return spoil
