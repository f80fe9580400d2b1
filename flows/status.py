"""What the warehouse holds, how fresh it is, and what is wrong with it."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from flows import terminal
from warehouse import asking, checks, copies, migrations
from warehouse.connection import FILE, WarehouseError, connect, lock, open_published, up

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
        select started_at, finished_at, state, len(summary) as problems
        from ops.runs order by started_at desc limit 5
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
    with opened(data) as (warehouse, which):
        sections = {name: asking.ask(warehouse, query) for name, query in SECTIONS.items()}
        failures = checks.failing(warehouse)
    sections["failing checks"] = pl.DataFrame(
        [(*failure[:3], "; ".join(failure.examples)) for failure in failures],
        schema=["check", "severity", "rows", "examples"],
        orient="row",
    )
    blocked = any(failure.blocks for failure in failures)
    sections["published"] = published(data, None if which.endswith(BUSY) else blocked)
    if form == "json":
        told = {name: json.loads(frame.write_json()) for name, frame in sections.items()}
        sys.stdout.write(json.dumps({"of": which} | told, indent=2) + "\n")
        return
    terminal.console().print(f"Status of {which}")
    for name, frame in sections.items():
        if frame.is_empty():
            terminal.console().print(f"\n{name}: none")
        else:
            terminal.console().print()
            terminal.show(frame, name)


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


def published(data: Path, blocked: bool | None) -> pl.DataFrame:  # noqa: FBT001 -- a column's value
    """Tell which copy is up, and whether a check keeps a newer one back (null: cannot be told)."""
    try:
        file = up(data)
    except WarehouseError:
        return pl.DataFrame()
    told = {
        "file": file.name,
        "published_at": copies.published_at(file),
        "versions_kept": len(copies.kept(file.parent)),
        "newer_is_blocked": blocked,
    }
    return pl.DataFrame([told], schema_overrides={"newer_is_blocked": pl.Boolean})
