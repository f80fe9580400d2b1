"""Market days lived through in the sandbox: one run each, and every fifth answer is spoiled."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

from flows.recording import Report
from sandbox.faults import Faults
from sandbox.publication import sessions
from sandbox.server import serving
from tests.flows.living import LAST, run, small_market

FAULTY = 0.2
# Before and after the funds' files of the day before, in the session, before and after its bars.
HOURS = (time(9), time(13, 30), time(17), time(20, 30), time(21, 30), time(23, 30))


def live(data: Path, count: int, seed: int) -> list[Report]:
    """Run once on each of the last market days, at an hour drawn by the seed; give all reports."""
    days = sessions(LAST - timedelta(days=2 * count + 7), LAST)["date"].to_list()[-count:]
    chance = Random(f"hours {seed}")  # noqa: S311 -- no secret
    moments = [moment(day, chance) for day in days]
    with serving(small_market(), LAST, faults=Faults(FAULTY, seed)) as url:
        return [asyncio.run(run(data, url, at)) for at in moments]


def moment(day: date, chance: Random) -> str:
    """Draw when a day's run begins."""
    return datetime.combine(day, chance.choice(HOURS), UTC).isoformat()
