"""What a provider may send instead of data, through the whole command line."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from sandbox import synthetic
from sandbox.answers import Answer
from sandbox.market import Market
from sandbox.server import serving
from tests.end_to_end.conftest import Silverstreak

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
    return replace(
        whole,
        bars={symbol: whole.bars[symbol] for symbol in ("SI=F", "SLV")},
        valuations={fund: whole.valuations[fund] for fund in ("SLV", "IBIT")},
        holdings={"IBIT": whole.holdings["IBIT"]},
    )


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory,
    prefect: None,
    market: Market,
    silverstreak: Silverstreak,
) -> Path:
    """Record the market once, as it is."""
    data = tmp_path_factory.mktemp("recorded")
    ended = run(silverstreak, market, data)
    assert ended.returncode == 0, ended.stderr
    return data


def run(
    silverstreak: Silverstreak, market: Market, data: Path, spoiler: Spoiler | None = None
) -> subprocess.CompletedProcess[str]:
    with serving(market, TODAY, faults=spoiler) as url:  # type: ignore[arg-type]
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
    """Say whether this is SLV's: its history begins with the trust, in April 2006."""
    return b"<ss:Workbook" in answer.body and b"Apr 21, 2006" in answer.body


def is_holdings(answer: Answer) -> bool:
    return b"Fund Holdings as of" in answer.body


def with_nav(text: str) -> Callable[[Answer], bytes]:
    """Write another NAV into the row of 2025-12-09."""
    cell = rb'(Dec 09, 2025</ss:Data>.*?<ss:Data ss:Type=")Number(">)[0-9.]+(<)'
    wanted = rb"\g<1>String\g<2>" + text.encode() + rb"\g<3>"
    return lambda answer: re.sub(cell, wanted, answer.body, count=1, flags=re.DOTALL)


REFUSALS = [
    pytest.param(
        Spoiler(is_workbook, lambda _: PAGE),
        ["ishares/valuations/SLV", "HTML"],
        id="a page with status 200",
    ),
    pytest.param(
        Spoiler(is_holdings, lambda answer: answer.empty or b""),
        ["ishares/holdings/IBIT", "nothing published"],
        id="an empty template",
    ),
    pytest.param(
        Spoiler(is_workbook, lambda a: a.body.replace(b"Shares Outstanding", b"Shares Issued")),
        ["ishares/valuations/SLV", "Shares Outstanding"],
        id="a file without the share column",
    ),
]

REJECTIONS = [
    pytest.param(with_nav("-49.5"), "nav: greater_than(0)", id="a negative NAV"),
    pytest.param(
        lambda answer: answer.body.replace(b"Dec 09, 2025", b"Dec 39, 2025"),
        "as_of: not_nullable",
        id="a day that is none",
    ),
]


@pytest.mark.parametrize(("spoiler", "words"), REFUSALS)
def test_a_payload_that_is_not_data_is_refused_in_one_line_and_harms_nothing(
    silverstreak: Silverstreak,
    market: Market,
    recorded: Path,
    tmp_path: Path,
    spoiler: Spoiler,
    words: list[str],
) -> None:
    data = shutil.copytree(recorded, tmp_path / "data", symlinks=True)
    before = stored(data)

    ended = run(silverstreak, market, data, spoiler)

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    lines = [line for line in ended.stderr.splitlines() if "refused" in line]
    assert any(all(word in line for word in words) for line in lines), ended.stderr
    assert stored(data) == before
    assert (words[0],) in ask(data, OPEN_REFUSALS)


@pytest.mark.parametrize(("change", "failure"), REJECTIONS)
def test_a_bad_row_is_rejected_and_closed_when_a_good_one_comes(
    silverstreak: Silverstreak,
    market: Market,
    recorded: Path,
    tmp_path: Path,
    change: Callable[[Answer], bytes],
    failure: str,
) -> None:
    data = shutil.copytree(recorded, tmp_path / "data", symlinks=True)
    before = stored(data)
    spoiler = Spoiler(is_workbook, change)

    first = run(silverstreak, market, data, spoiler)
    second = run(silverstreak, market, data, spoiler)

    assert first.returncode == 1
    [line] = [line for line in first.stderr.splitlines() if "rejected: " in line]
    assert "ishares/valuations/SLV" in line
    assert failure in line
    assert second.returncode == 0, "the same rejection, still open, is no news"
    assert stored(data) == before
    assert (failure,) in ask(data, OPEN_REJECTIONS)


def test_a_good_answer_closes_what_was_rejected_and_refused(
    silverstreak: Silverstreak, market: Market, recorded: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(recorded, tmp_path / "data", symlinks=True)
    run(silverstreak, market, data, Spoiler(is_workbook, with_nav("-49.5")))
    run(silverstreak, market, data, Spoiler(is_workbook, lambda _: PAGE))

    ended = run(silverstreak, market, data)

    assert ended.returncode == 0, ended.stderr
    assert ask(data, OPEN_REJECTIONS) == []
    assert ask(data, OPEN_REFUSALS) == []
