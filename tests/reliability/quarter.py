"""Live a quarter of market days under the schedules, with outages, and compare with one run.

    python -m tests.reliability.quarter 65

Every start that the schedules give, in the sandbox's time: holidays, an early close, five days on
which a provider is down, three on which we are. At the end no gap may be left unexplained, no run
stuck, and every bar, valuation, rate and fact of them must be what one run at the end would give.
Ends with status 1 and one line at the first difference.
"""

import argparse
import asyncio
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

from flows.recording import Report
from flows.schedules import SCHEDULED, Deployment, Schedule
from flows.settings import Settings
from sandbox.answers import Answer
from sandbox.market import Market
from sandbox.publication import sessions
from sandbox.server import serving
from sandbox.synthetic import synthetic
from tests.flows.living import LAST, SUMMER, Spoiled, ask, believed, run, since, wide_market

PROVIDER_DOWN = 5
WE_ARE_DOWN = 3
OUTAGE = Answer(b"out of order", "text/plain", status=500)
DAY = timedelta(days=1)
EVENING = timedelta(hours=6)  # what starts in a day's evening in New York is after midnight here

# Pages are asked for once a week here, not once an hour or a day: one more proves nothing new.
CRON = {"coins": "5 12 * * 1", "asset_caps": "30 22 * * 1"}

OPEN_GAPS = """
    select dataset, subject, source, reason, min(as_of), max(as_of), count(*)
    from gaps
    where is_open and reason <> 'awaited' and (source, dataset, subject) in (
        select (source, dataset, subject) from questions where outcome <> 'unanswered'
    )
    group by all order by all
"""
STUCK = """
    select run, flow, state from ops.runs
    where state not in ('completed', 'failed', 'market closed')
"""
# What one run at the end can know: not the days that a source has stated on themselves alone.
FACTS = """
    select * exclude (view) replace (array_to_string(labels, '; ') as labels)
    from facts
    where subject not in ('SIVR', 'silver_physical') and fact in (
        'record_high', 'inflow_streak', 'nth_largest_week', 'rolling_inflow', 'best_flow',
        'return_since', 'drawdown', 'best_period', 'streak', 'window_inflow'
    )
    order by all
"""
SAME = ("bars_by_source", "corporate_actions", "fund_valuations_by_source", "rates_by_source")


class Broken(Exception):  # noqa: N818 -- a promise is broken, and that is no error of ours
    """The quarter did not end as it should; the message says in what."""


class Quarter(NamedTuple):
    """What a quarter came to."""

    days: int
    runs: int
    states: dict[str, int]
    facts: int
    seconds: float

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{self.days} market days, {self.runs} runs ({states}), {self.facts} facts the same, "
            f"{self.seconds:.0f} s"
        )


class Start(NamedTuple):
    """When the schedules start a deployment."""

    moment: datetime
    name: str
    deployment: Deployment


def starts(first: datetime, last: datetime) -> Iterator[Start]:
    """List every start between two moments, as `silverstreak serve` would make them."""
    schedules = Settings().schedules

    def of(deployment: Deployment) -> Iterator[Start]:
        schedule = schedules[deployment.name]
        timed = Schedule(cron=CRON.get(deployment.name, schedule.cron), timezone=schedule.timezone)
        moment = timed.next_after(first)
        while moment <= last:
            yield Start(moment.astimezone(UTC), deployment.name, deployment)
            moment = timed.next_after(moment)

    return merge(*map(of, SCHEDULED))


class Sometimes:
    """Let Yahoo be out of order for a while, and nobody else."""

    def __init__(self) -> None:
        self.is_down = False

    def __call__(self, answer: Answer) -> Answer:
        return OUTAGE if self.is_down and answer.body.startswith(b'{"chart"') else answer


def prove(
    home: Path,
    count: int,
    until: date = LAST,
    provider_is_down: int = PROVIDER_DOWN,
    we_are_down: int = WE_ARE_DOWN,
) -> Quarter:
    """Live the last `count` market days up to one, with outages of so many days, and compare.

    Raises:
        Broken: It did not end as it should.
    """
    began = time.monotonic()
    days = sessions(until - timedelta(days=2 * count + 7), until)["date"].to_list()[-count:]
    without_provider = days[count // 4 :][:provider_is_down]
    without_us = days[count // 2 :][:we_are_down]
    market, sometimes = long_market(), Sometimes()
    lived, at_once = home / "lived", home / "at once"
    first, last = at(days[0] - DAY), at(until) + DAY
    states: Counter[str] = Counter()
    with ExitStack() as servers:
        faults = Spoiled(1, spoiling=sometimes)
        url = servers.enter_context(serving(market, LAST, faults=faults))
        good(asyncio.run(run(lived, url, first.isoformat(), publish=True)), "the first run")
        for start in starts(first, last):
            day = (start.moment - EVENING).date()
            if is_within(day, without_us):
                continue
            sometimes.is_down = is_within(day, without_provider)
            report = asyncio.run(
                run(
                    lived,
                    url,
                    start.moment.isoformat(),
                    frozenset(start.deployment.datasets),
                    publish=start.name == "bars",
                )
            )
            good(report, f"{start.name} at {start.moment}", without_yahoo=sometimes.is_down)
        for data in (lived, at_once):
            good(asyncio.run(run(data, url, last.isoformat(), publish=True)), "the last run")
    compare(lived, at_once)
    states.update(dict(ask(lived, "select state, count(*) from ops.runs group by state")))
    facts = ask(lived, f"select count(*) from ({FACTS})")[0][0]
    seconds = time.monotonic() - began
    return Quarter(count, states.total(), dict(states), facts, seconds)


def long_market() -> Market:
    """Carry something of every provider that serves its past, from before the quarter on.

    The pages of coins and assets begin late in the synthetic market; that of reported flows knows
    no closed day, and is off by default.
    """
    whole = synthetic()
    return replace(
        wide_market(),
        coins=whole.coins.clear(),
        coin_totals=whole.coin_totals.clear(),
        assets=whole.assets.clear(),
        bars=since(SUMMER, whole.bars, "SPY", "IBIT", "BTC-USD"),
        holdings=since(SUMMER, whole.holdings, "IBIT"),
        quotes=since(SUMMER, whole.quotes, "xagusd"),
        fixings=since(SUMMER, whole.fixings, "silver"),
        rates=whole.rates,
        averages=whole.averages,
        bitcoin_flows=whole.bitcoin_flows.clear(),
    )


def at(day: date) -> datetime:
    """Give the evening on which a day's values are known, UTC."""
    return datetime.combine(day + DAY, datetime.min.time(), UTC) + timedelta(hours=2)


def good(report: Report, name: str, *, without_yahoo: bool = False) -> None:
    """Raise if a run had another problem than the outage."""
    for problem in report.problems:
        if not (without_yahoo and problem.startswith("yahoo/")):
            raise Broken(f"{name}: {problem}")


def is_within(day: date, days: list[date]) -> bool:
    """Say whether a day lies within a span of market days."""
    return bool(days) and days[0] <= day <= days[-1]


def compare(lived: Path, at_once: Path) -> None:
    """Hold what was lived to its promises, and against one run at the end."""
    for query, promise in ((OPEN_GAPS, "a gap is left"), (STUCK, "a run is stuck")):
        if found := ask(lived, query):
            raise Broken(f"{promise}: {told(found[0])} and {len(found) - 1} more")
    ours, theirs = believed(lived), believed(at_once)
    for view in SAME:
        differ(view, whole(ours[view]), whole(theirs[view]))
    differ("facts", ask(lived, FACTS), ask(at_once, FACTS))


def whole(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Leave out the one fund whose source states the last day only."""
    return [row for row in rows if row[0] != "SIVR"]


def differ(view: str, ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]]) -> None:
    """Raise if two answers differ, and say in which row first."""
    known, wanted = set(ours), set(theirs)
    only_ours = [row for row in ours if row not in wanted]
    only_theirs = [row for row in theirs if row not in known]
    if only_ours or only_theirs:
        raise Broken(
            f"{view}: {len(only_ours)} rows only where it was lived ({told(only_ours[:1])}), "
            f"{len(only_theirs)} only where it was asked for at once ({told(only_theirs[:1])})"
        )


def told(row: object) -> str:
    """Write a row."""
    return str(row)[:300]


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="quarter", description="Live a quarter, and compare.")
    parser.add_argument("days", type=int, nargs="?", default=65)
    wanted = parser.parse_args(words)
    home = Path(mkdtemp(prefix="quarter-"))
    try:
        quarter = prove(home, wanted.days)
    except Broken as broken:
        sys.stderr.write(f"quarter: broken: {broken} (what is left: {home})\n")
        return 1
    shutil.rmtree(home)
    sys.stdout.write(f"quarter: as one run at its end would have it: {quarter}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
