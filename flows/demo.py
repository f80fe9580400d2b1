"""The demo: a synthetic market's last five days, lived through, published and asked."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic

import httpx
import polars as pl

from flows import running, terminal
from flows.marketplace import open_market
from flows.server import prefect_server
from sandbox.clock import evening_after
from sandbox.server import serving
from warehouse import asking, claims
from warehouse.connection import WarehouseError, open_published

LIVED_DAYS = 5
NOTICE = "SYNTHETIC DATA: a made-up market; no price, share or ounce in it is a quote"
HEADLINES = """
    select statement
    from facts
    where (fact, subject, measure) in (
        ('record_high', 'SI=F', 'close'),
        ('return_since', 'XAGUSD', 'calendar_year'),
        ('asset_rank', 'silver', 'rank'),
        ('inflow_streak', 'silver_physical', 'ounces'),
        ('nth_largest_week', 'silver_physical', 'ounces'),
        ('rolling_inflow', 'silver_physical', 'ounces_4_sessions'),
        ('cross_rate', 'GC=F/SI=F', 'rate'),
        ('market_change_24h', 'crypto', 'market_cap')
    )
    order by fact desc
"""


def demo(data: Path, *, timings: bool, debug: bool) -> int:
    """Run the whole pipeline in `data`, print what it says, and give the exit status."""
    began = monotonic()
    os.environ["SILVERSTREAK_DATA"] = str(data)
    seconds: dict[str, float] = {}
    terminal.console().print(NOTICE, style="bold")
    with prefect_server(data, debug=debug):
        market = open_market(None)
        days = market.bars["SI=F"]["date"].unique().sort().tail(LIVED_DAYS).to_list()
        seconds["build the market, start the rest"] = monotonic() - began
        with serving(market, days[-1]) as url, using(url):
            status = max(live(day, moment, url, seconds) for day, moment in ahead(data, days))
    started = monotonic()
    show_answers(data)
    seconds["facts and claims"] = monotonic() - started
    seconds["in all"] = monotonic() - began
    if timings:
        show_timings(seconds)
    show_way_on(data)
    return status


def ahead(data: Path, days: list[date]) -> list[tuple[date, datetime]]:
    """List the days still to be lived, and the moment of each run; at least the last day again."""
    known = last_known(data)
    moments = [(day, evening_after(day)) for day in days]
    left = [(day, moment) for day, moment in moments if known is None or moment > known]
    if left:
        return left
    return [(days[-1], known + timedelta(seconds=1))] if known else []


def last_known(data: Path) -> datetime | None:
    """Give the moment up to which an earlier demo has lived here."""
    try:
        with open_published(data) as warehouse:
            query = "select epoch_us(greatest(last_run_at, last_known_at)) from about"
            [[microseconds]] = warehouse.execute(query).fetchall()
    except WarehouseError:
        return None
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


@contextmanager
def using(url: str) -> Iterator[None]:
    """Take time and data from the sandbox, for this process."""
    os.environ["SILVERSTREAK_SANDBOX"] = url
    try:
        yield
    finally:
        del os.environ["SILVERSTREAK_SANDBOX"]


def live(day: date, moment: datetime, url: str, seconds: dict[str, float]) -> int:
    """Live one day: set the clock to the evening after it, run, and tell what was stored."""
    httpx.put(f"{url}/sandbox/clock", json={"now": moment.isoformat()}).raise_for_status()
    report = running.run_once(())
    for step, spent in report.seconds.items():
        seconds[step] = seconds.get(step, 0) + spent
    counts = report.loaded.counts.values()
    new, revised = (sum(getattr(c, kind) for c in counts) for kind in ("new", "revised"))
    terminal.log.info(
        "lived %s, known by %s UTC: %s rows new, %s revised",
        day, f"{moment:%Y-%m-%d %H:%M}", f"{new:,}", f"{revised:,}",
    )  # fmt: skip
    for problem in report.problems:
        terminal.complain(problem)
    return 1 if report.problems else 0


def show_answers(data: Path) -> None:
    """Print the headline facts and the article's claims, as of the article's day."""
    article = claims.read(claims.SILVER)
    with open_published(data) as warehouse:
        asking.travel(warehouse, article["as_of"], None)
        headlines = asking.ask(warehouse, HEADLINES)["statement"].to_list()
        answers = claims.answers(warehouse, article)
    terminal.console().print("\nFacts", style="bold")
    for headline in headlines:
        terminal.console().print(f"  {headline}", markup=False, soft_wrap=True)
    terminal.console().print()
    terminal.show_claims(answers, f"{article['title']}: claims (synthetic data)")


def show_timings(seconds: dict[str, float]) -> None:
    """Print how long each step took, all days together.

    Fetches run side by side; `load` is the whole of what follows by dataset.
    """
    terminal.show(
        pl.DataFrame({"step": list(seconds), "seconds": [f"{s:.1f}" for s in seconds.values()]}),
        "Timings (wall clock)",
    )


def show_way_on(data: Path) -> None:
    """Name the published file, and what to ask it next."""
    published = data / "published" / "silverstreak.duckdb"
    terminal.console().print(
        f"\nPublished: {published} -> {published.resolve().name} (synthetic data)\n"
        f"Brief, to open in a browser: {published.with_name('brief.html')} (synthetic data)\n"
        "Ask it:\n"
        f'  silverstreak sql "from inflow_streaks order by month desc limit 5" --data {data}\n'
        f"  silverstreak claims --known-at 2025-12-10T12:00 --data {data}\n"
        f"  duckdb -readonly {published}",
        markup=False,
        soft_wrap=True,
    )
