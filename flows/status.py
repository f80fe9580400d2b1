"""What the warehouse holds, how fresh it is, and what is wrong with it."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from flows import alive, gaps, overview, terminal
from flows.settings import General, Settings
from flows.world import observe
from warehouse import asking, checks, copies, migrations
from warehouse.connection import (
    FILE,
    WarehouseError,
    connect,
    held_by,
    lock,
    open_published,
    up,
)

BUSY = " (a run is in progress)"

REJECTIONS_BY_CHECK = """
    select source, dataset, relation, failure, count(*) as rows
    from (select *, unnest(failures) as failure from rejections where {which})
    group by source, dataset, relation, failure
    order by rows desc, source, dataset, relation, failure
"""

SECTIONS = {
    "about": "select * from about",
    "last runs": """
        select
            run, flow, datasets, scheduled_at, started_at, finished_at, state,
            epoch(started_at) - epoch(scheduled_at) as started_late_seconds,
            len(summary) as problems, summary
        from ops.runs order by started_at desc limit 10
    """,
    "datasets": """
        select
            source, dataset, relation, count(distinct subject) as subjects,
            max(last_as_of) as latest_day, max(known_at) as last_loaded_at
        from ops.loads
        where source not in ('reference', 'calendars', 'silverstreak')
        group by source, dataset, relation
        order by source, dataset, relation
    """,
    "open rejections": REJECTIONS_BY_CHECK.format(which="resolved_at is null"),
    "open refusals": """
        select scope, refused_at, reason
        from refusals where resolved_at is null order by refused_at desc limit 20
    """,
    "changes of sources": """
        select
            source, dataset, added, gone, count(distinct subject) as subjects,
            min(known_at) as first_at, max(known_at) as last_at
        from source_changes
        group by source, dataset, added, gone
        order by last_at desc, source, dataset, added, gone
        limit 10
    """,
    "loaded late (`silverstreak replay` puts the versions in order)": """
        select relation, count(*) as answers, min(known_at) as first_known_at
        from ops.loads where is_late group by relation order by relation
    """,
}


def show(data: Path, form: Literal["table", "json"]) -> None:
    """Print the status: of the warehouse if nobody writes to it, else of what is published."""
    settings = Settings()
    with opened(data) as (warehouse, which):
        is_published = which.endswith(BUSY)
        sections = {name: asking.ask(warehouse, query) for name, query in SECTIONS.items()}
        failures = checks.failing(warehouse)
        now = at_present(warehouse, settings)
        sections["freshness"] = freshness(warehouse, settings)
        sections["gaps"] = gaps.by_reason(gaps.ranges(warehouse, settings))
    if not is_published:
        sections["last runs"] = with_the_dead(data, sections["last runs"])
    sections["failing checks"] = pl.DataFrame(
        [(*failure[:3], "; ".join(failure.examples)) for failure in failures],
        schema=["check", "severity", "rows", "examples"],
        orient="row",
    )
    blocked = any(failure.blocks for failure in failures)
    sections["published"] = published(data, None if is_published else blocked, now)
    sections["writer"] = writer(data, is_free=not is_published)
    if form == "json":
        told = {name: json.loads(frame.write_json()) for name, frame in sections.items()}
        sys.stdout.write(json.dumps({"of": which} | told, indent=2) + "\n")
        return
    overview.show(which, sections, now)


def freshness(warehouse: duckdb.DuckDBPyConnection, settings: General) -> pl.DataFrame:
    """Tell how fresh everything is; what the settings switch off is `off`, and not late."""
    on = gaps.switched_on(warehouse, settings).with_columns(is_on=True)
    told = asking.ask(warehouse, "from freshness order by dataset, not is_primary, source")
    is_off = pl.col("is_on").is_null()
    return (
        told.join(on, on=["dataset", "source"], how="left", maintain_order="left")
        .with_columns(
            state=pl.when(is_off).then(pl.lit("off")).otherwise("state"),
            due_at=pl.when(~is_off).then("due_at"),
            hours_late=pl.when(~is_off).then("hours_late"),
        )
        .drop("is_on")
    )


def with_the_dead(data: Path, last_runs: pl.DataFrame) -> pl.DataFrame:
    """Tell of runs that did not end and do not live that they crashed, as the next run will."""
    left = last_runs.filter(pl.col("state") == "running")["run"]
    dead = [run for run in left if not alive.is_alive(data, run)]
    state = pl.when(pl.col("run").is_in(dead)).then(pl.lit("crashed")).otherwise("state")
    return last_runs.with_columns(state=state)


def show_rejections(
    data: Path, form: terminal.Format, output: Path | None, *, resolved: bool
) -> None:
    """Print the rejected rows, counted and listed; in other formats than a table, the rows."""
    which = "true" if resolved else "resolved_at is null"
    with opened(data) as (warehouse, _):
        counts = asking.ask(warehouse, REJECTIONS_BY_CHECK.format(which=which))
        rows = asking.ask(
            warehouse, f"from rejections where {which} order by rejected_at, scope, position"
        )
    if form == "table" and output is None:
        if rows.is_empty():
            terminal.console().print("no rejections")
            return
        terminal.show(counts, "Rejections by provider and check")
        told = rows.select("rejected_at", "relation", "key", "failures", "row", "resolved_at")
        terminal.show(told, "Rejections")
        return
    terminal.write(rows, form, output)


def show_gaps(
    data: Path,
    names: Sequence[str],
    form: terminal.Format,
    output: Path | None,
    *,
    closed: bool,
) -> None:
    """Print the gaps of what is named, or of all, as ranges of days; closed ones if wanted."""
    settings = Settings()
    with opened(data) as (warehouse, _):
        at_present(warehouse, settings)
        ranges = gaps.ranges(warehouse, settings, names)
    wanted = ranges if closed else ranges.filter("is_open")
    if form != "table" or output:
        terminal.write(wanted, form, output)
        return
    overview.show_gaps(wanted, with_state=closed)
    if not closed and wanted.height < ranges.height:
        left = terminal.counted(ranges.height - wanted.height, "more range")
        terminal.log.info("left out: %s not asked for any more (--all lists them, too)", left)


@contextmanager
def opened(data: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Open the writer's file if it is free at this moment, else what is published.

    Raises:
        WarehouseError: There is neither, or an earlier release wrote it.
    """
    with ExitStack() as held:
        if is_free(data, held):
            which = str(data / FILE)
            warehouse = held.enter_context(connect(data / FILE, read_only=True))
        else:
            which = f"{data / 'published' / 'silverstreak.duckdb'}{BUSY}"
            warehouse = held.enter_context(open_published(data))
        if migrations.applied(warehouse) < migrations.LATEST:
            raise WarehouseError(
                f"{which} was written by an earlier release of silverstreak: `silverstreak run` or "
                "`silverstreak publish` brings it up to date"
            )
        yield warehouse, which


def is_free(data: Path, held: ExitStack) -> bool:
    """Take the writer's lock, if there is a warehouse and nobody has it."""
    if not (data / FILE).exists():
        return False
    try:
        held.enter_context(lock(data, 0))
    except (WarehouseError, OSError):  # somebody writes, or nobody may
        return False
    return True


def at_present(warehouse: duckdb.DuckDBPyConnection, settings: General) -> datetime | None:
    """Move the clock on to this moment: what is late is late even if nothing has run since.

    Gives the moment (None: nothing has run yet). In a world whose clock has gone, time stands
    still since its last run.
    """
    now = None
    if asking.origin(warehouse) == "live":
        now = datetime.now(UTC)
    elif settings.sandbox:
        now = observe(settings).now()
    asking.travel(warehouse, None, now)
    [[microseconds]] = warehouse.execute("select epoch_us(now) from clock").fetchall()
    return microseconds and datetime.fromtimestamp(microseconds / 1e6, UTC)


def published(data: Path, blocked: bool | None, now: datetime | None) -> pl.DataFrame:  # noqa: FBT001 -- a column's value
    """Tell which copy is up since when, and whether a check keeps a newer one back.

    Null: that cannot be told.
    """
    try:
        file = up(data)
    except WarehouseError:
        return pl.DataFrame()
    published_at = copies.published_at(file)
    told = {
        "file": file.name,
        "published_at": published_at,
        "age_hours": now and max(0.0, (now - published_at).total_seconds() / 3600),
        "versions_kept": len(copies.kept(file.parent)),
        "newer_is_blocked": blocked,
    }
    kinds = {"age_hours": pl.Float64, "newer_is_blocked": pl.Boolean}
    return pl.DataFrame([told], schema_overrides=kinds)


def writer(data: Path, *, is_free: bool) -> pl.DataFrame:
    """Tell whether the warehouse can be written to, and who has it if not."""
    holder = None if is_free else held_by(data / "lock.holder")
    told = {"is_free": is_free, "held_by": holder}
    return pl.DataFrame([told], schema_overrides={"held_by": pl.String})
