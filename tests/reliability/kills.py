"""Kill -9 at random moments while captures are loaded and published, and see what is left.

    python -m tests.reliability.kills 200

Each time: begin with nothing, or with what an earlier kill left; start a worker; kill it; look at
what is left; let the next worker finish. It must come to what an undisturbed one comes to. Ends
with status 1 and one line at the first broken promise.
"""

import argparse
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from threading import Lock

import duckdb

from flows.doctor import findings
from sources import captures
from tests.reliability.working import NOW, STAGES, keep_captures, load_and_publish
from warehouse import checks
from warehouse.connection import FILE, WarehouseError, open_existing, up
from warehouse.copies import KEPT, manifest_of
from warehouse.fingerprints import differences, fingerprints

LANES = 2
DAYS = 3
PATIENCE = 120
# What a worker would import when it validates its first frame.
BACKENDS = ("pandera.backends.polars.container", "pandera.backends.polars.components")
HARMLESS = (
    "not loaded yet",
    "left by a run that was killed",
    "nothing is published",
    "but there are captures",
)
LEDGER = """
    select relation, sum(new + revised)::bigint, sum(revised + gone)::bigint
    from ops.loads
    group by relation
"""

processes = get_context("forkserver")
processes.set_forkserver_preload(["tests.reliability.working", "flows.doctor", *BACKENDS])


class Broken(Exception):  # noqa: N818 -- a promise is broken, and that is no error of ours
    """A promise was broken; the message says which, after which kill."""


@dataclass
class Reference:
    """What an undisturbed worker comes to: its tables, its stages' seconds, what it published."""

    home: Path
    fingerprints: dict[str, str]
    seconds: dict[str, float]


@dataclass
class Tally:
    """What has been done by all lanes together."""

    wanted: int
    began: float = field(default_factory=time.monotonic)
    hits: Counter[str] = field(default_factory=Counter)
    broken: bool = False
    guard: Lock = field(default_factory=Lock)

    def goes_on(self) -> bool:
        return not self.broken and self.hits.total() < self.wanted

    def add(self, stage: str) -> None:
        with self.guard:
            self.hits[stage] += 1
            if self.hits.total() % 10 == 0:
                say(f"{self.seconds():5.0f} s  {self.hits.total()} of {self.wanted} kills")

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def __str__(self) -> str:
        stages = ", ".join(f"{self.hits[s]} {s}" for s in (*STAGES, "keeping") if self.hits[s])
        return f"{self.hits.total()} kills ({stages}) in {self.seconds():.0f} s"


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="kills", description="Kill the pipeline, again and again."
    )
    parser.add_argument("kills", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args(words)
    home = Path(mkdtemp(prefix="kills-"))
    try:
        _, loading, keeping = prove(home, wanted.kills, wanted.seed)
    except Broken as broken:
        sys.stderr.write(f"kills: broken: {broken} (seed {wanted.seed}; what is left: {home})\n")
        return 1
    shutil.rmtree(home)
    say(f"kills: all promises kept: {loading}; while captures were kept: {keeping}")
    return 0


def prove(home: Path, kills: int, seed: int, days: int = DAYS) -> tuple[Reference, Tally, Tally]:
    """Kill workers that load and publish, and a tenth as many that keep captures."""
    reference = prepare(home, days, seed)
    seconds = sum(reference.seconds.values())
    say(f"{len(captures.ids(str(home / 'captures')))} captures; undisturbed: {seconds:.1f} s")
    loading, keeping = Tally(kills), Tally(max(1, kills // 10))
    with ThreadPoolExecutor(LANES) as lanes:
        drives = [
            lanes.submit(drive, home, lane, seed, reference, loading) for lane in range(LANES)
        ]
        for driven in drives:
            driven.result()
    tear(home, seed, keeping)
    return reference, loading, keeping


def prepare(home: Path, days: int, seed: int) -> Reference:
    """Live some days, of which the captures stay, and let a worker load them undisturbed.

    Older copies lie beside what it published, so that the next publish has some to prune.
    """
    from tests.reliability.days import live  # noqa: PLC0415 -- workers import this module, too

    live(home / "lived", days, seed)
    (home / "lived" / "captures").rename(home / "captures")
    shutil.rmtree(home / "lived")
    data = fresh(home, "reference")
    with working(data) as (worker, marks):
        seconds = durations(marks)
        succeed(worker, "the undisturbed worker")
    copied = up(data)
    for day in range(KEPT):
        for file in (copied, manifest_of(copied)):
            os.link(file, file.with_stem(f"silverstreak-2025120{day + 1}T200000000000Z"))
    return Reference(data, tables(data / FILE), seconds)


def durations(marks: Connection) -> dict[str, float]:
    """Measure how long each stage lasts, until the worker ends."""
    began = []
    while (stage := told(marks)) is not None:
        began.append((time.monotonic(), stage))
    began.append((time.monotonic(), ""))
    return {stage: until - since for (since, stage), (until, _) in pairwise(began)}


def drive(home: Path, lane: int, seed: int, reference: Reference, tally: Tally) -> None:
    """Kill, look and finish, until there were enough kills or a promise is broken."""
    chance = Random(f"kills {seed} {lane}")  # noqa: S311 -- no secret
    left = home / f"left-{lane}"
    turn = 0
    while tally.goes_on():
        turn += 1
        try:
            attempt(home, f"{lane}-{turn}", left, chance, reference, tally)
        except BaseException:
            tally.broken = True
            raise


def attempt(
    home: Path, name: str, left: Path, chance: Random, reference: Reference, tally: Tally
) -> None:
    """Kill one worker; if it was hit before it ended, look at what is left, and finish."""
    data = begin(home, name, left, chance, reference)
    stage, delay = moment(chance, reference.seconds)
    with working(data) as (worker, marks):
        hit = kill(worker, marks, stage, delay)
    if hit:
        about = f"killed {delay:.3f} s after {stage!r}, while {hit!r}, in {name}"
        look(data, reference, about)
        shutil.rmtree(left, ignore_errors=True)
        copy(data, left)
        finish(data, about)
        compare(
            tables(data / FILE), reference, f"the warehouse, finished by the next worker, {about}"
        )
        compare(tables(up(data)), reference, f"what the next worker published, {about}")
        if found := list(findings(data)):
            raise Broken(f"{about}: after the next worker, doctor finds: {found[0]}")
        tally.add(hit)
    shutil.rmtree(data)


def begin(home: Path, name: str, left: Path, chance: Random, reference: Reference) -> Path:
    """Begin with nothing, with nothing but what is published, or with what an earlier kill left."""
    match chance.choice(("nothing", "published", "left", "left")):
        case "left" if left.exists():
            return copy(left, home / name)
        case "nothing":
            return fresh(home, name)
        case _:
            data = fresh(home, name)
            copy(reference.home / "published", data / "published")
            return data


def fresh(home: Path, name: str) -> Path:
    """Make a data folder with captures, and nothing else."""
    (home / name).mkdir()
    (home / name / "captures").symlink_to(home / "captures")
    return home / name


def copy(folder: Path, target: Path) -> Path:
    """Copy a folder; what is published is never changed, so a second name for it will do."""
    return Path(shutil.copytree(folder, target, symlinks=True, copy_function=copy_file))


def copy_file(file: str, target: str) -> None:
    shutil.copy2(file, target, follow_symlinks=False)
    if Path(file).name.startswith("silverstreak-") and not file.endswith(".unfinished"):
        Path(target).unlink()
        os.link(file, target)


def moment(chance: Random, seconds: dict[str, float]) -> tuple[str, float]:
    """Draw a stage and a delay after its beginning.

    Half of them by time, so that every moment is as likely; half by stage, since some are short.
    """
    stages = list(seconds)
    weights = list(seconds.values()) if chance.random() < 1 / 2 else [1.0] * len(stages)
    [stage] = chance.choices(stages, weights)
    return stage, chance.uniform(0, seconds[stage])


@contextmanager
def working(
    data: Path, work: Callable[[Path, Connection], None] = load_and_publish
) -> Iterator[tuple[ForkServerProcess, Connection]]:
    """Start a worker; when the block ends, so has it."""
    marks, sending = processes.Pipe(duplex=False)
    worker = processes.Process(target=work, args=(data, sending))
    worker.start()
    sending.close()
    try:
        yield worker, marks
    finally:
        if worker.is_alive():
            worker.kill()
        worker.join()
        marks.close()


def told(marks: Connection) -> str | None:
    """Wait for the next mark; none comes when the worker has ended."""
    if not marks.poll(PATIENCE):
        raise Broken(f"a worker does not move for {PATIENCE} s")
    try:
        return str(marks.recv())
    except EOFError:
        return None


def kill(worker: ForkServerProcess, marks: Connection, stage: str, delay: float) -> str | None:
    """Kill a worker some time after a stage began; name the stage it hit, unless it had ended."""
    hit = told(marks)
    while hit is not None and order(hit) < order(stage):
        hit = told(marks)
    time.sleep(delay)
    worker.kill()
    worker.join()
    while (later := told(marks)) is not None:
        hit = later
    return hit if worker.exitcode == -signal.SIGKILL else None


def order(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else -1


def finish(data: Path, about: str = "in a folder nobody disturbed") -> None:
    """Let a worker work undisturbed; it must publish a new copy."""
    before = {file.name for file in (data / "published").glob("silverstreak-*.duckdb")}
    with working(data) as (worker, marks):
        durations(marks)
        succeed(worker, f"the next worker, {about},")
    if up(data).name in before:
        raise Broken(f"the next worker, {about}, published nothing")


def succeed(worker: ForkServerProcess, which: str) -> None:
    worker.join(PATIENCE)
    if worker.exitcode != 0:
        raise Broken(f"{which} ended with status {worker.exitcode}")


def look(data: Path, reference: Reference, about: str) -> None:
    """Look at what a kill left, and leave it as it is."""
    for found in findings(data):
        if not any(harmless in found for harmless in HARMLESS):
            raise Broken(f"{about}: doctor finds: {found}")
    if os.path.lexists(data / "published" / "silverstreak.duckdb"):
        compare(tables(up(data)), reference, f"what is published, {about}")
    if (data / FILE).exists():
        look_at_the_warehouse(data, about)


def look_at_the_warehouse(data: Path, about: str) -> None:
    """Open a copy of the warehouse with its log; checks hold, and the ledger tells of all rows."""
    aside = data.with_name(f"{data.name}-aside")
    aside.mkdir()
    for file in data.glob(f"{FILE}*"):
        shutil.copyfile(file, aside / file.name)
    try:
        with open_existing(aside, NOW) as warehouse:
            for failure in checks.failing(warehouse):
                if failure.blocks:
                    raise Broken(f"{about}: check {failure.check} finds {failure.rows} rows")
            balance(warehouse, about)
    except (WarehouseError, duckdb.Error) as error:
        raise Broken(f"{about}: the warehouse does not open: {error}") from error
    shutil.rmtree(aside)


def balance(warehouse: duckdb.DuckDBPyConnection, about: str) -> None:
    """Hold the rows of each table against the ledger."""
    query = "select table_name from duckdb_tables() where schema_name = 'history'"
    booked = {name: (rows, closed) for name, rows, closed in warehouse.execute(LEDGER).fetchall()}
    for (name,) in warehouse.execute(query).fetchall():
        count = "select count(*), count(*) filter (isfinite(superseded_at)) from history."
        [held] = warehouse.execute(count + name).fetchall()
        if held != booked.get(name, (0, 0)):
            raise Broken(
                f"{about}: {name} has {held} rows and closed rows, the ledger {booked[name]}"
            )


def compare(held: dict[str, str], reference: Reference, about: str) -> None:
    for difference in differences(held, reference.fingerprints):
        raise Broken(f"{about} differs from the undisturbed one: {difference}")


def tables(file: Path) -> dict[str, str]:
    with duckdb.connect(file, read_only=True) as warehouse:
        return fingerprints(warehouse)


def tear(home: Path, seed: int, tally: Tally) -> None:
    """Kill workers that keep captures: whatever is listed can be read."""
    chance = Random(f"captures {seed}")  # noqa: S311 -- no secret
    data = home / "torn"
    data.mkdir()
    while tally.goes_on():
        with working(data, keep_captures) as (worker, marks):
            tally.add(kill(worker, marks, "keeping", chance.uniform(0, 0.5)) or "")
        for capture_id in captures.ids(str(data / "captures")):
            try:
                captures.find(str(data / "captures"), capture_id)
            except captures.Damaged as damage:
                raise Broken(f"killed while keeping captures: {damage}") from damage


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
