"""The ledger: one line on what each capture has brought to each table."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import duckdb
import pandera.polars as pa

from schemas.capture import Capture
from warehouse.tables import name

Line = dict[str, int | bool]

SUMMED = ("new", "revised", "gone")


class Recorded(NamedTuple):
    """What one call to `record` found, in rows; `added` are rejections not seen before."""

    seen: int
    new: int
    revised: int
    unchanged: int
    stale: int
    gone: int
    rejected: int
    added: int


def take_line(
    warehouse: duckdb.DuckDBPyConnection, schema: type[pa.DataFrameModel], capture: Capture
) -> Line | None:
    """Take out the line on a capture that has been recorded before: a better parser reads it."""
    taken = warehouse.execute(
        """
        delete from ops.loads
        where relation = $relation and capture = $capture
        returning new, revised, gone, unchanged, is_late
        """,
        {"relation": name(schema), "capture": capture.id},
    ).fetchone()
    return dict(zip((*SUMMED, "unchanged", "is_late"), taken, strict=True)) if taken else None


def together(before: Line | None, recorded: Recorded, *, is_late: bool) -> Line:
    """Count what a capture has brought, all the times that it was recorded."""
    told: Line = recorded._asdict() | {"is_late": is_late}
    del told["added"]
    if before is None:
        return told
    has_changed = any(told[counted] for counted in SUMMED)
    told |= {counted: told[counted] + before[counted] for counted in SUMMED}
    left = told["seen"] - told["rejected"] - told["new"] - told["revised"]
    told["unchanged"] = min(before["unchanged"], left)
    told["stale"] = left - told["unchanged"]
    told["is_late"] = bool(before["is_late"] or (is_late and has_changed))
    return told


def write_line(
    warehouse: duckdb.DuckDBPyConnection,
    schema: type[pa.DataFrameModel],
    capture: Capture,
    told: Line,
    days: Mapping[str, date | None],
) -> None:
    """Write the line on a capture, with the market days of its good rows."""
    request = capture.request
    about = {
        "relation": name(schema),
        "source": request.source,
        "dataset": request.dataset,
        "subject": request.subject,
        "scope": request.scope,
        "capture": capture.id,
        "known_at": capture.known_at,
        "asked_from": request.asked_from,
        "asked_to": request.asked_to,
        "first_as_of": days.get("first_day"),
        "last_as_of": days.get("last_day"),
        **told,
    }
    line = ", ".join(f"${column} as {column}" for column in about)
    warehouse.execute(f"insert into ops.loads by name select {line}", about)
