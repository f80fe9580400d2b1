"""What a provider may send instead of data, through the whole command line."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import httpx
import pytest

from sandbox import synthetic
from sandbox.answers import Answer
from sandbox.market import Market
from sandbox.server import serving
from tests.end_to_end.conftest import Silverstreak
from tests.flows.living import SUMMER, since
from warehouse.connection import FILE

TODAY = date(2025, 12, 11)
PAGE = b"<!DOCTYPE html>\n<html><body>Will be right back</body></html>"


@dataclass(frozen=True)
class Spoiler:
    """Stands where the sandbox's faults stand: changes every body that `touches` accepts."""

    touches: Callable[[Answer], bool]
    change: Callable[[Answer], bytes]

    def spoil(self, answer: Answer) -> Answer:
        return replace(answer, body=self.change(answer)) if self.touches(answer) else answer


@pytest.fixture(scope="module")
def market() -> Market:
    """Take a corner of the synthetic market: two instruments, a fund, one fund's holdings."""
    whole = synthetic.synthetic()
    return Market(
        whole.origin,
        whole.instruments,
        bars=since(SUMMER, whole.bars, "SI=F", "SLV"),
        valuations=since(SUMMER, whole.valuations, "SLV", "IBIT"),
        holdings=since(SUMMER, whole.holdings, "IBIT"),
    )


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory,
    prefect: None,
    template: Path,
    market: Market,
    silverstreak: Silverstreak,
) -> Path:
    """Record the market once, as it is."""
    data = tmp_path_factory.mktemp("recorded")
    shutil.copy(template, data / FILE)
    ended = run(silverstreak, market, data)
    assert ended.returncode == 0, ended.stderr
    return data


def run(
    silverstreak: Silverstreak,
    market: Market,
    data: Path,
    spoiler: Spoiler | None = None,
    hour: int = 18,
) -> subprocess.CompletedProcess[str]:
    """Run against the market, at an hour of the evening: what comes later is known later."""
    moment = datetime.combine(TODAY + timedelta(days=1), time(hour), UTC)
    with serving(market, TODAY, faults=spoiler) as url:  # type: ignore[arg-type]
        httpx.put(f"{url}/sandbox/clock", json={"now": moment.isoformat()}).raise_for_status()
        return silverstreak("run", "--data", str(data), SILVERSTREAK_SANDBOX=url)


def ask(data: Path, query: str) -> list[tuple]:
    with duckdb.connect(
        (data / "published/silverstreak.duckdb").resolve(), read_only=True
    ) as published:
        return published.execute(query).fetchall()


def stored(data: Path) -> list[tuple]:
    tables = ("bars", "fund_valuations", "holdings")
    return ask(
        data,
        " union all ".join(
            f"select '{t}', count(*), bit_xor(hash(t)) from history.{t} as t" for t in tables
        ),
    )


OPEN_REJECTIONS = "select unnest(failures) from rejections where resolved_at is null"
OPEN_REFUSALS = "select scope from refusals where resolved_at is null"


def is_workbook(answer: Answer) -> bool:
    """Say whether this is SLV's."""
    return b"<ss:Workbook" in answer.body and b"iShares Silver Trust" in answer.body


def with_nav(text: str) -> Callable[[Answer], bytes]:
    """Write another NAV into the row of 2025-12-09."""
    cell = rb'(Dec 09, 2025</ss:Data>.*?<ss:Data ss:Type=")Number(">)[0-9.]+(<)'
    wanted = rb"\g<1>String\g<2>" + text.encode() + rb"\g<3>"
    return lambda answer: re.sub(cell, wanted, answer.body, count=1, flags=re.DOTALL)


def test_bad_input_is_told_kept_apart_and_made_up_for(
    silverstreak: Silverstreak, market: Market, recorded: Path
) -> None:
    """The kinds of bad input are told apart in tests/flows; here is what the user sees of them."""
    before = stored(recorded)
    page = Spoiler(is_workbook, lambda _: PAGE)
    negative = Spoiler(is_workbook, with_nav("-49.5"))

    refused = run(silverstreak, market, recorded, page, hour=19)
    assert refused.returncode == 1
    [line] = [line for line in refused.stderr.splitlines() if "refused: " in line]
    assert "ishares/valuations/SLV" in line
    assert "HTML" in line
    assert ask(recorded, OPEN_REFUSALS) == [("ishares/valuations/SLV",)]

    rejected = run(silverstreak, market, recorded, negative, hour=20)
    assert rejected.returncode == 1
    [line] = [line for line in rejected.stderr.splitlines() if "rejected: " in line]
    assert "ishares/valuations/SLV" in line
    assert "nav: greater_than(0)" in line
    assert ask(recorded, OPEN_REJECTIONS) == [("nav: greater_than(0)",)]

    again = run(silverstreak, market, recorded, negative, hour=21)
    assert again.returncode == 0, "the same rejection, still open, is no news"
    assert stored(recorded) == before

    good = run(silverstreak, market, recorded, hour=22)
    assert good.returncode == 0
    assert stored(recorded) == before
    assert ask(recorded, OPEN_REJECTIONS) == []
    assert ask(recorded, OPEN_REFUSALS) == []
    assert not any("Traceback" in ended.stderr for ended in (refused, rejected, again, good))
