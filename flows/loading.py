"""From captures to the warehouse: parse, validate, transform, record. Each capture exactly once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from time import monotonic

import duckdb
import pandera.polars as pa
import polars as pl

from flows import drift
from flows.feeds import Feed
from flows.registry import feed_of
from schemas.capture import Capture, Refused
from schemas.parsed import having
from schemas.validation import Verdict, accept, refuse_if_mostly_bad
from sources import captures
from warehouse import definitions, shapes
from warehouse.connection import RELEASE
from warehouse.ledger import Recorded
from warehouse.recording import record_together
from warehouse.refusals import refuse
from warehouse.tables import name
from warehouse.transaction import transaction


@dataclass
class Loaded:
    """What loading came to: rows by table, a line for each refusal and new rejection, and time.

    `changes` are what sources changed in their payloads, each with the subjects that show it.
    """

    counts: dict[str, Recorded] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    changes: dict[str, set[str]] = field(default_factory=dict)

    def add(self, relation: str, recorded: Recorded) -> None:
        """Add what was recorded in a table."""
        so_far = self.counts.get(relation, Recorded(*[0] * len(recorded)))
        self.counts[relation] = Recorded(*map(sum, zip(so_far, recorded, strict=True)))

    def tell(self, problem: str) -> None:
        """Add a problem, unless it has been told in this run."""
        if problem not in self.problems:
            self.problems.append(problem)


def load_waiting(warehouse: duckdb.DuckDBPyConnection, data: Path, loaded: Loaded) -> None:
    """Load every capture that has not been loaded, in the order of (known_at, sha256).

    A damaged one keeps none of the others out; each run tells of it until its files are back.
    """
    with one_thread(warehouse):
        for capture_id in waiting(warehouse, captures.ids(str(data / "captures"))):
            load_kept(warehouse, data, capture_id, loaded)
    definitions.create_all(warehouse)  # the first correction changes the views


@contextmanager
def one_thread(warehouse: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let DuckDB work alone: a capture is so little that sharing it out costs more than it does."""
    [[threads]] = warehouse.execute("select current_setting('threads')").fetchall()
    warehouse.execute("set threads = 1")
    try:
        yield
    finally:
        warehouse.execute(f"set threads = {threads}")


# Pandera collects some sixty times a table: of so few rows, the streaming engine takes longer.
@pl.Config(engine_affinity="in-memory", apply_on_context_enter=True)
def load_kept(
    warehouse: duckdb.DuckDBPyConnection, data: Path, capture_id: str, loaded: Loaded
) -> None:
    """Load one capture from its files, or tell that they are damaged."""
    try:
        capture, payload = captures.find(str(data / "captures"), capture_id)
    except captures.Damaged as damage:
        loaded.tell(told(damage))
        return
    started = monotonic()
    load(warehouse, capture, payload, loaded)
    dataset = capture.request.dataset
    loaded.seconds[dataset] = loaded.seconds.get(dataset, 0) + monotonic() - started


def told(damage: captures.Damaged) -> str:
    """Say what to do about a damaged capture."""
    return (
        f"damaged capture: {damage}: restore it from a backup or, if it was never loaded, delete it"
    )


def waiting(warehouse: duckdb.DuckDBPyConnection, kept: list[str]) -> list[str]:
    """Name the captures that are neither loaded nor refused by this release's parsers."""
    known = pl.DataFrame({"capture": kept}, schema={"capture": pl.String})
    warehouse.register("kept", known)
    try:
        query = """
            select capture from kept
            anti join (select capture from ops.loads group by capture) as loaded using (capture)
            anti join (select capture from ops.refusals where release = $release) using (capture)
            order by capture
        """
        return [row[0] for row in warehouse.execute(query, {"release": RELEASE}).fetchall()]
    finally:
        warehouse.unregister("kept")


def load(
    warehouse: duckdb.DuckDBPyConnection, capture: Capture, payload: bytes, loaded: Loaded
) -> None:
    """Load one capture: record what it says, or note why it is refused."""
    try:
        must_be_of_this_origin(warehouse, capture)
        verdicts, columns = read(feed_of(capture), capture, payload)
    except Refused as refusal:
        columns = refusal.columns
        reason = drift.reason(refusal, shapes.last_good(warehouse, capture))
    except Exception as fault:  # noqa: BLE001 -- one parser's fault must not keep out all the rest
        columns = ()
        reason = (
            f"{capture.request.scope}: our parser fails on it ({type(fault).__name__}: {fault})"
        )
    else:
        record_verdicts(warehouse, verdicts, capture, columns, loaded)
        return
    with transaction(warehouse):
        refuse(warehouse, capture, reason, RELEASE)
        shapes.keep(warehouse, capture, columns, is_refused=True)
    if not answered_since(warehouse, capture):
        loaded.tell(f"refused: {reason}")


def must_be_of_this_origin(warehouse: duckdb.DuckDBPyConnection, capture: Capture) -> None:
    """Refuse what was captured in another world: real and synthetic data are never mixed."""
    [[held]] = warehouse.execute("select origin from ops.origin").fetchall()
    if capture.origin not in {None, held}:
        raise Refused(
            f"{capture.request.scope}: {capture.origin} data, where this warehouse holds {held} "
            f"data: remove {capture.id} from its captures"
        )


def answered_since(warehouse: duckdb.DuckDBPyConnection, capture: Capture) -> bool:
    """Say whether a later answer to the same question was good: nobody needs this one then."""
    query = """
        select 1 from ops.loads
        where scope = $scope and known_at > $known_at
          and coalesce($asked_to::date between asked_from and asked_to, true)
        limit 1
    """
    request = capture.request
    about = {"scope": request.scope, "known_at": capture.known_at, "asked_to": request.asked_to}
    return bool(warehouse.execute(query, about).fetchall())


def record_verdicts(
    warehouse: duckdb.DuckDBPyConnection,
    verdicts: dict[type[pa.DataFrameModel], Verdict],
    capture: Capture,
    columns: tuple[str, ...],
    loaded: Loaded,
) -> None:
    """Record all that one capture says; tell of columns that changed, rows rejected anew."""
    if change := drift.change(capture, columns, shapes.last_good(warehouse, capture)):
        loaded.changes.setdefault(change, set()).add(capture.request.subject)
    for schema, recorded in record_together(warehouse, verdicts, capture, columns).items():
        loaded.add(name(schema), recorded)
        if recorded.added:
            failures = ", ".join(verdicts[schema].rejected["failures"].explode().unique().sort())
            loaded.problems.append(
                f"rejected: {capture.request.scope}: {recorded.added} "
                f"row{'s' * (recorded.added != 1)} of {recorded.seen} ({failures})"
            )


def read(
    feed: Feed, capture: Capture, payload: bytes
) -> tuple[dict[type[pa.DataFrameModel], Verdict], tuple[str, ...]]:
    """Parse a payload and sort its rows by each table's promises; give its columns, too."""
    parsed = feed.parse(payload, capture)
    today = capture.known_at.astimezone(UTC).date()
    with having(parsed.columns):
        verdicts = {
            schema: accept(schema, transform(raw, capture), raw, capture, today)
            for schema, transform in feed.tables.items()
            for raw in [parsed.tables[name(schema)]]
        }
        refuse_if_mostly_bad(verdicts.values(), capture)
    return verdicts, parsed.columns
