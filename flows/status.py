"""What the warehouse holds, how fresh it is, and what is wrong with it."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import duckdb
import polars as pl

from flows import terminal
from warehouse import asking, checks
from warehouse.connection import WarehouseError, lock, open_published

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
        where source not in ('reference', 'calendars')
        group by source, dataset, relation
        order by source, dataset, relation
    """,
    "open rejections": """
        select source, dataset, relation, failure, count(*) as rows
        from (select *, unnest(failures) as failure from rejections where resolved_at is null)
        group by source, dataset, relation, failure
        order by rows desc
    """,
    "open refusals": """
        select scope, refused_at, reason
        from refusals where resolved_at is null order by refused_at desc limit 20
    """,
}


def show(data: Path, form: Literal["table", "json"]) -> None:
    """Print the status: of the warehouse if nobody writes to it, else of what is published."""
    with opened(data) as (warehouse, which):
        sections = {name: asking.ask(warehouse, query) for name, query in SECTIONS.items()}
        sections["failing checks"] = pl.DataFrame(
            checks.failing(warehouse), schema=["check", "blocks", "rows"], orient="row"
        )
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


@contextmanager
def opened(data: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Open the writer's file if it is free at this moment, else what is published."""
    file = data / "warehouse.duckdb"
    if file.exists():
        try:
            with lock(data, 0), duckdb.connect(file, read_only=True) as warehouse:
                warehouse.execute("set timezone = 'UTC'")
                yield warehouse, str(file)
                return
        except WarehouseError:
            pass
    with open_published(data) as warehouse:
        yield warehouse, f"{data / 'published' / 'silverstreak.duckdb'} (a run is in progress)"
