"""Kill -9 a backfill of many funds at random moments, and see that it goes on where it was.

    python -m tests.reliability.backfills --funds 50 --days 252 --kills 3

Each fund has bars and valuations of all days, and as many as `--holders` have holdings of all days:
one question each a day. What the killed one comes to at last must be, to the last column of every
table, what an undisturbed one comes to; and it has asked the same questions, none twice but those
in flight at a kill. Ends with status 1 and one line at the first broken promise.
"""

import argparse
import asyncio
import json
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import product
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from string import ascii_uppercase
from tempfile import mkdtemp
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import polars as pl

from flows import backfilling, keeping
from flows.doctor import findings
from sandbox import ishares, server
from sandbox.answers import Answer
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.instruments import describe
from sandbox.market import Market
from sandbox.publication import publish_bars, publish_fund_rows, sessions
from sources import captures
from tests.conftest import serving
from tests.flows.living import ask, believed
from tests.reliability.backfilling import BACKFILL, NOW, RUN, Task, run_beside, work
from warehouse.connection import FILE, connect, open_writer
from warehouse.fingerprints import differences, fingerprints

TODAY = NOW.date() - timedelta(days=1)
IN_FLIGHT = 4  # questions at once to a provider in the sandbox
DELAY = 0.05  # seconds from question to answer: a kill may hit between
A_MOMENT = 1.0
ISSUER = ishares.PATH.split("/")[1]
PATIENCE = 3600
POSITIONS = 3
HARMLESS = ("not loaded yet", "left by a run that was killed", "nothing is published")

Asked = tuple[str, tuple[tuple[str, str], ...]]
"""A question: a path and its parameters."""

processes = get_context("forkserver")
processes.set_forkserver_preload(["tests.reliability.backfilling"])


class Broken(Exception):  # noqa: N818 -- a promise is broken, and that is no error of ours
    """A promise was broken; the message says which."""


class Answered(NamedTuple):
    """An answer: when it was asked for and given, by whom, and by which provider."""

    began: float
    ended: float
    agent: str
    provider: str


Waits = Callable[[str, str, list[Answered]], bool]
"""Whether who asks, at which provider, is to wait, after these answers."""


@dataclass
class Sandbox:
    """A market on loopback, every question that it heard, and when who was answered what."""

    url: str
    heard: list[Asked]
    answers: list[Answered]


@dataclass
class Proof:
    """What was proved: how much was asked, how often killed, and how long it took."""

    questions: int
    undisturbed: float
    start: float
    kills: list[float] = field(default_factory=list)
    seconds: float = 0
    again: int = 0
    rows: int = 0

    def __str__(self) -> str:
        moments = ", ".join(f"{kill:.0f}" for kill in self.kills)
        return (
            f"{self.questions:,} questions, {self.rows:,} rows; undisturbed {self.undisturbed:.0f} "
            f"s; killed {len(self.kills)} times (after {moments} s) {self.seconds:.0f} s; "
            f"{self.again} questions asked again, all of them in flight at a kill"
        )


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="backfills", description="Kill a backfill, repeatedly.")
    parser.add_argument("--funds", type=int, default=50)
    parser.add_argument("--holders", type=int, default=12)
    parser.add_argument("--days", type=int, default=252)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args(words)
    home = Path(mkdtemp(prefix="backfills-"))
    try:
        proof = prove(
            home, wanted.funds, wanted.holders, wanted.days, wanted.kills, wanted.seed, publish=True
        )
    except Broken as broken:
        told = f"backfills: broken: {broken} (seed {wanted.seed}; what is left: {home})\n"
        sys.stderr.write(told)
        return 1
    shutil.rmtree(home)
    sys.stdout.write(f"backfills: all promises kept: {proof}\n")
    return 0


def prove(
    home: Path,
    funds: int,
    holders: int,
    days: int,
    kills: int,
    seed: int,
    *,
    most: int = backfilling.MOST_QUESTIONS,
    publish: bool = False,
) -> Proof:
    """Backfill undisturbed, and killed, and compare; publishing takes some seconds more.

    A backfill asks each provider `most` questions at a time, and loads the answers.
    """
    span, names = last_sessions(days), named(funds)
    reference = write_reference(home, names, names[:holders], span[0])
    with sandboxed(names, names[:holders], span) as sandbox:
        task = Task(sandbox.url, reference, span[0], TODAY, most, publish)
        calm, killed = home / "undisturbed", home / "killed"
        if not calm.exists():
            begin(calm)
        shutil.copytree(calm, killed)
        warm_up()
        began = time.monotonic()
        with working(calm, task) as worker:
            start = until(1, sandbox, worker) - began
            succeed(worker, "the undisturbed backfill")
        proof = Proof(len(sandbox.heard), time.monotonic() - began, start)
        expected = Counter(sandbox.heard)
        twice(expected, "the undisturbed backfill")
        sandbox.heard.clear()
        chance = Random(f"backfills {seed}")  # noqa: S311 -- no secret
        lives = disturb(killed, task, sandbox, proof, chance, kills)
    judge(expected, lives, proof)
    compare(killed, calm, kills)
    [[proof.rows]] = ask(calm, "select sum(new)::bigint from ops.loads")
    return proof


def warm_up() -> None:
    """Let the server that forks the workers import what they need: the first would wait for it."""
    worker = processes.Process(target=int)
    worker.start()
    worker.join()


def begin(data: Path) -> None:
    """Make an empty warehouse: it takes seconds, and is no part of a backfill."""
    with open_writer(data, "synthetic", NOW) as warehouse:
        warehouse.execute("checkpoint")


def prove_beside(home: Path, funds: int, days: int) -> list[Answered]:
    """Backfill beside a run in another process; give who was answered when.

    Both must succeed, and what is believed at last be what a backfill alone comes to. The issuer
    lets the backfill wait until the run is asking, too.
    """
    span, names = last_sessions(days), named(funds)
    reference = write_reference(home, names, names, span[0])
    alone, both = home / "alone", home / "both"
    shutil.copytree(alone, both)
    with sandboxed(names, names, span) as sandbox:
        task = Task(sandbox.url, reference, span[0], TODAY, backfilling.MOST_QUESTIONS)
        with working(alone, task) as worker:
            succeed(worker, "the backfill alone")
    with sandboxed(names, names, span, until_a_run_asks) as sandbox:
        task = task._replace(url=sandbox.url)
        with working(both, task) as worker, working(both, task, run_beside) as runner:
            succeed(worker, "the backfill beside a run")
            succeed(runner, "the run beside a backfill")
    for view, rows in believed(alone).items():
        if rows != believed(both)[view]:
            raise Broken(f"beside a run a backfill comes to other {view}")
    return sorted(sandbox.answers)


def until_a_run_asks(agent: str, provider: str, answers: list[Answered]) -> bool:
    """Say whether the issuer is to wait, until a run was answered by another and had some time."""
    asked = [answer.ended for answer in answers if answer.agent == RUN]
    is_soon = not asked or time.monotonic() < asked[0] + A_MOMENT
    return agent == BACKFILL and provider == ISSUER and is_soon


def last_sessions(days: int) -> list[date]:
    return sessions(date(TODAY.year - 5, 1, 1), TODAY)["date"].to_list()[-days:]


def named(funds: int) -> list[str]:
    return ["F" + "".join(letters) for letters in product(ascii_uppercase, repeat=2)][:funds]


def until(questions: float, sandbox: Sandbox, worker: ForkServerProcess) -> float:
    """Wait until so many questions were asked, and give the moment."""
    while len(sandbox.heard) < questions and worker.exitcode is None:
        worker.join(0.01)
    return time.monotonic()


@dataclass
class Life:
    """What one process has asked, and what had been captured when it ended."""

    asked: Counter[Asked]
    kept: set[Asked]


def disturb(
    data: Path, task: Task, sandbox: Sandbox, proof: Proof, chance: Random, kills: int
) -> list[Life]:
    """Kill the backfill so many times, each in its share of the questions; then let it finish.

    Each kill comes some time after a question: before its answer, or while answers are loaded.
    """
    began, lives = time.monotonic(), []
    share = proof.questions / (kills + 1)
    longest = (proof.undisturbed - proof.start) / (proof.questions / task.most)
    for _ in range(kills):
        with working(data, task) as worker:
            until(chance.uniform(0.1, 0.9) * share, sandbox, worker)
            worker.join(chance.choice((DELAY, longest)) * chance.random())
            worker.kill()
            worker.join()
        lives.append(end(data, sandbox))
        if worker.exitcode != -signal.SIGKILL:
            raise Broken(f"a backfill ended with {worker.exitcode} before it was killed")
        proof.kills.append(time.monotonic() - began)
    with working(data, task) as worker:
        succeed(worker, "the backfill after the last kill")
    proof.seconds = time.monotonic() - began
    return [*lives, end(data, sandbox)]


def end(data: Path, sandbox: Sandbox) -> Life:
    """Look at what a process has asked, and at what it left."""
    time.sleep(0.2)  # the market may still be hearing the last questions
    life = Life(Counter(sandbox.heard), kept(data))
    sandbox.heard.clear()
    for found in findings(data):
        if not any(harmless in found for harmless in HARMLESS):
            raise Broken(f"doctor finds: {found}")
    return life


def kept(data: Path) -> set[Asked]:
    """Name the questions whose answers were captured."""
    folder = str(data / "captures")
    requests = [captures.sidecar(folder, capture).request for capture in captures.ids(folder)]
    return {(request.path, tuple(sorted(request.params.items()))) for request in requests}


def judge(expected: Counter[Asked], lives: list[Life], proof: Proof) -> None:
    """Hold what all lives have asked against what the undisturbed one has."""
    for nth, life in enumerate(lives):
        twice(life.asked, f"life {nth + 1}")
        later = {asked for other in lives[nth + 1 :] for asked in other.asked}
        for asked in later & life.kept:
            raise Broken(f"asked again although captured before kill {nth + 1}: {asked}")
        again = len(later & life.asked.keys())
        if again > 2 * IN_FLIGHT:
            raise Broken(f"{again} questions of life {nth + 1} were asked again")
        proof.again += again
    asked = {asked for life in lives for asked in life.asked}
    if asked != {*expected}:
        raise Broken(f"not the same questions: {sorted(asked ^ {*expected})[:3]}")


def twice(asked: Counter[Asked], which: str) -> None:
    """Find a question that one process has asked twice."""
    for question, times in asked.items():
        if times > 1:
            raise Broken(f"{which} has asked {times} times: {question}")


def compare(killed: Path, calm: Path, kills: int) -> None:
    """Hold every table against the undisturbed one's, and the diary against what happened."""
    for difference in differences(tables(killed), tables(calm)):
        raise Broken(f"what was killed differs: {difference}")
    states = Counter(state for (state,) in ask(killed, "select state from ops.runs"))
    if states != {"crashed": kills, "completed": 1}:
        raise Broken(f"the diary tells: {states}")


def tables(data: Path) -> dict[str, str]:
    with connect(data / FILE, read_only=True) as warehouse:
        return fingerprints(warehouse)


@contextmanager
def working(
    data: Path, task: Task, do: Callable[[Path, Task], None] = work
) -> Iterator[ForkServerProcess]:
    """Start a backfill in a process; when the block ends, so has it."""
    worker = processes.Process(target=do, args=(data, task))
    worker.start()
    try:
        yield worker
    finally:
        if worker.is_alive():
            worker.kill()
        worker.join()


def succeed(worker: ForkServerProcess, which: str) -> None:
    worker.join(PATIENCE)
    if worker.exitcode != 0:
        raise Broken(f"{which} ended with status {worker.exitcode}")


class Standing(Clock):
    """Stands still: what is served at any moment is the same."""

    def now(self) -> datetime:
        return self._moment


class Alike(Faults):
    """Gives keys in one order, whatever the turn, and takes its time."""

    def spoil(self, answer: Answer) -> Answer:
        is_json = "json" in answer.media_type
        body = json.dumps(json.loads(answer.body), sort_keys=True).encode() if is_json else None
        return replace(answer, body=body or answer.body, delay_seconds=DELAY)


@contextmanager
def sandboxed(
    names: Sequence[str],
    holders: Sequence[str],
    span: list[date],
    waits: Waits = lambda *_: False,
) -> Iterator[Sandbox]:
    """Serve a market of these funds, and note what is asked; some answers wait."""
    heard: list[Asked] = []
    answers: list[Answered] = []
    known = dict(ishares.FUNDS)
    ishares.FUNDS |= {
        number(name): ishares.Fund(name, title(name), span[0], "equity") for name in names
    }
    app = server.app(market(names, holders, span), Standing(NOW), Alike(0))
    try:
        with serving(heard_by(app, heard, answers, waits)) as url:
            yield Sandbox(url, heard, answers)
    finally:
        ishares.FUNDS.clear()
        ishares.FUNDS.update(known)


def heard_by(
    app: Callable[..., Awaitable[None]],
    heard: list[Asked],
    answers: list[Answered],
    waits: Waits,
) -> Any:
    """Note each question before it is answered, and after."""

    async def hear(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/sandbox"):
            await app(scope, receive, send)
            return
        params = parse_qsl(scope["query_string"].decode(), keep_blank_values=True)
        heard.append((scope["path"], tuple(sorted(params))))
        agent, began = dict(scope["headers"])[b"user-agent"].decode(), time.monotonic()
        provider = scope["path"].split("/")[1]
        while waits(agent, provider, answers):  # noqa: ASYNC110 -- time is part of it
            await asyncio.sleep(DELAY)
        await app(scope, receive, send)
        answers.append(Answered(began, time.monotonic(), agent, provider))

    return hear


def number(name: str) -> str:
    """Give a fund's number at its issuer."""
    return "9" + "".join(f"{ord(letter)}" for letter in name)


def title(name: str) -> str:
    return f"Acme {name} Trust"


def market(names: Sequence[str], holders: Sequence[str], span: list[date]) -> Market:
    """Invent funds whose numbers tell the day and the fund, and nothing else."""
    day = pl.Series("date", span)
    count = pl.Series(range(len(span))).cast(pl.Float64)
    bars, valuations = {}, {}
    for nth, name in enumerate(names):
        close = 20 + nth + count / 100
        prices = pl.DataFrame({"date": day, "open": close, "high": close + 1, "low": close - 1})
        prices = prices.with_columns(close=close, adj_close=close, volume=1000 + nth)
        bars[name] = publish_bars(prices, "ETF")
        shares = pl.Series([1_000_000 + 50_000 * nth] * len(span))
        worth = pl.DataFrame({"date": day, "nav": close, "shares_outstanding": shares})
        valuations[name] = publish_fund_rows(worth)
    return Market(
        origin="synthetic",
        instruments={name: describe(name) for name in names},
        bars=bars,
        valuations=valuations,
        holdings={name: positions(valuations[name]) for name in holders},
    )


def positions(days: pl.DataFrame) -> pl.DataFrame:
    """Invent what a fund holds, in the issuer's columns."""
    held = [
        days.select(
            "date",
            "published_at",
            ticker=pl.lit(f"C{nth}"),
            name=pl.lit(f"COMPANY {nth}"),
            sector=pl.lit("Energy"),
            asset_class=pl.lit("Equity"),
            market_value=pl.col("nav") * 1000,
            weight=pl.lit(100 / POSITIONS),
            notional_value=pl.col("nav") * 1000,
            quantity=pl.lit(1000.0 + nth),
            price="nav",
            location=pl.lit("United States"),
            exchange=pl.lit("NASDAQ"),
            currency=pl.lit("USD"),
            fx_rate=pl.lit(1.0),
            market_currency=pl.lit("USD"),
            accrual_date=pl.lit("-"),
        )
        for nth in range(POSITIONS)
    ]
    return pl.concat(held).sort("date", maintain_order=True)


def write_reference(home: Path, names: Sequence[str], holders: Sequence[str], first: date) -> Path:
    """Write reference files that know these funds and nothing else."""
    folder = home / "reference"
    folder.mkdir()
    for file in keeping.REFERENCE.glob("*.csv"):
        header = file.read_text().partition("\n")[0].split(",")
        rows = [of_reference(file.stem, name, holders, first) for name in names]
        lines = [",".join(row.get(column, "") for column in header) for row in rows if row]
        (folder / file.name).write_text("\n".join([",".join(header), *lines]) + "\n")
    return folder


def of_reference(table: str, name: str, holders: Sequence[str], first: date) -> dict[str, str]:
    """Write what a reference table says of a fund."""
    common = {"calendar": "XNYS", "currency": "USD", "first_session": f"{first}"}
    match table:
        case "funds":
            return common | {
                "fund": name,
                "name": title(name),
                "launched_on": f"{first}",
                "publication_lag_hours": "18",
                "sources": f"ishares:{number(name)}",
                "holdings_sources": f"ishares:{number(name)}" if name in holders else "",
            }
        case "instruments":
            return common | {
                "instrument": name,
                "name": title(name),
                "kind": "fund",
                "quote_decimals": "2",
                "publication_lag_hours": "1",
                "sources": f"yahoo:{name}",
            }
    return {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
