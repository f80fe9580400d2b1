"""Live a month of market days with faults, and rebuild the warehouse from what was captured.

    python -m tests.reliability.month 21

One run a day, every fifth answer spoiled, values that are revised, answers that come before what
they should hold is published. Then a replay must give the same: verified, swapped in, and without
the warehouse, from captures alone. Ends with status 1 and one line at the first difference.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

from flows.replaying import replay, verify
from tests.flows.living import ask
from tests.reliability.days import live
from warehouse import stating
from warehouse.connection import FILE, WRONG, connect
from warehouse.fingerprints import differences, fingerprints

WAIT = 60
FIGURES = """
    select
        (select count(distinct capture) from ops.loads) as loaded,
        (select count(*) from ops.refusals) as refusals,
        (select count(*) from ops.rejections) as rejections,
        (select sum(new)::bigint from ops.loads) as new,
        (select sum(revised)::bigint from ops.loads) as revised,
        (select sum(gone)::bigint from ops.loads) as gone
"""


class Broken(Exception):  # noqa: N818 -- a promise is broken, and that is no error of ours
    """A replay did not give the same; the message says in what."""


class Month(NamedTuple):
    """What a month came to, and how long it took to live it and to rebuild it three times."""

    days: int
    captures: int
    loaded: int
    refusals: int
    rejections: int
    new: int
    revised: int
    gone: int
    living_seconds: float
    replaying_seconds: float

    def __str__(self) -> str:
        each = self.replaying_seconds / 3 / self.captures
        return (
            f"{self.days} days, {self.captures} captures ({self.refusals} refused), "
            f"{self.new:,} rows, {self.revised} revised, {self.gone} gone, "
            f"{self.rejections} rejected; lived in {self.living_seconds:.0f} s, "
            f"replayed three times in {self.replaying_seconds:.0f} s ({each:.3f} s a capture)"
        )


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="month", description="Live a month, and rebuild it.")
    parser.add_argument("days", type=int, nargs="?", default=21)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args(words)
    home = Path(mkdtemp(prefix="month-"))
    try:
        month = prove(home, wanted.days, wanted.seed)
    except Broken as broken:
        sys.stderr.write(f"month: broken: {broken} (seed {wanted.seed}; what is left: {home})\n")
        return 1
    shutil.rmtree(home)
    sys.stdout.write(f"month: every replay gives the same: {month}\n")
    return 0


def prove(home: Path, days: int, seed: int) -> Month:
    """Live the days, and replay what they left in every way there is."""
    data = home / "data"
    began = time.monotonic()
    live(data, days, seed)
    lived = time.monotonic()
    before = contents(data)
    verified = verify(data, WAIT)
    for told in verified.differences:
        raise Broken(f"`replay --verify` tells: {told}")
    compare(data, before, "what `replay --verify` left")
    replay(data, WAIT)
    compare(data, before, "a replay")
    alone = home / "captures alone"
    shutil.copytree(data, alone)
    (alone / FILE).unlink()
    replay(alone, WAIT)
    compare(alone, before, "a replay of captures alone")
    [figures] = ask(data, FIGURES)
    seconds = lived - began, time.monotonic() - lived
    return Month(days, verified.captures, *figures, *seconds)


def contents(data: Path) -> dict[str, Any]:
    """Give what must be the same after a replay: tables by fingerprint, facts, refusals, origin."""
    with connect(data / FILE, read_only=True) as warehouse:
        warehouse.execute(f"set disabled_optimizers = '{WRONG},{stating.DEAR}'")
        queries = {
            "facts": "from facts order by all",
            "origin": "select origin from ops.origin",
            "refusals": "select scope, capture, reason, resolved_at from ops.refusals order by all",
        }
        answers = {name: warehouse.execute(query).fetchall() for name, query in queries.items()}
        return {"tables": fingerprints(warehouse)} | answers


def compare(data: Path, before: dict[str, Any], which: str) -> None:
    after = contents(data)
    for difference in differences(after["tables"], before["tables"]):
        raise Broken(f"{which} differs in {difference}")
    for part in before.keys() - {"tables"}:
        if after[part] != before[part]:
            raise Broken(f"{which} differs in its {part}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
