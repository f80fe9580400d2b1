"""From captures to the warehouse: parse, validate, transform, record. Each capture exactly once."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic

import duckdb
import pandera.polars as pa
import polars as pl

import sources.reference
from flows.registry import REFERENCE_FEEDS, Feed, feed_of
from schemas.capture import Capture, Refused, Request
from schemas.tables.sessions import Sessions
from schemas.validation import Verdict, accept, refuse_if_mostly_bad
from sources import captures
from transforms import calendars
from warehouse.connection import RELEASE
from warehouse.recording import Recorded, record, record_together, refuse
from warehouse.tables import name

REFERENCE = Path(__file__).parents[1] / "warehouse" / "reference"
HORIZON = timedelta(days=400)


@dataclass
class Loaded:
    """What loading came to: rows by table, a line for each refusal and new rejection, and time."""

    counts: dict[str, Recorded] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

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
    folder = str(data / "captures")
    for capture_id in waiting(warehouse, captures.ids(folder)):
        try:
            capture, payload = captures.find(folder, capture_id)
        except captures.Damaged as damage:
            loaded.tell(f"damaged capture: {damage}: restore it from a backup, or delete it")
        else:
            started = monotonic()
            load(warehouse, capture, payload, loaded)
            dataset = capture.request.dataset
            loaded.seconds[dataset] = loaded.seconds.get(dataset, 0) + monotonic() - started


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
        verdicts = read(feed_of(capture), capture, payload)
    except Refused as refusal:
        reason = str(refusal)
    except Exception as fault:  # noqa: BLE001 -- one parser's fault must not keep out all the rest
        reason = (
            f"{capture.request.scope}: our parser fails on it ({type(fault).__name__}: {fault})"
        )
    else:
        record_verdicts(warehouse, verdicts, capture, loaded)
        return
    refuse(warehouse, capture, reason, RELEASE)
    if not answered_since(warehouse, capture):
        loaded.tell(f"refused: {reason}")


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
    loaded: Loaded,
) -> None:
    """Record all that one capture says, and tell of the rows that were rejected anew."""
    for schema, recorded in record_together(warehouse, verdicts, capture).items():
        loaded.add(name(schema), recorded)
        if recorded.added:
            failures = ", ".join(verdicts[schema].rejected["failures"].explode().unique().sort())
            loaded.problems.append(
                f"rejected: {capture.request.scope}: {recorded.added} "
                f"row{'s' * (recorded.added != 1)} of {recorded.seen} ({failures})"
            )


def read(feed: Feed, capture: Capture, payload: bytes) -> dict[type[pa.DataFrameModel], Verdict]:
    """Parse a payload and sort its rows by the promises of each table it fills."""
    parsed = feed.parse(payload, capture)
    today = capture.known_at.astimezone(UTC).date()
    verdicts = {
        schema: accept(schema, transform(raw, capture), raw, capture, today)
        for schema, transform in feed.tables.items()
        for raw in [parsed[name(schema)]]
    }
    refuse_if_mostly_bad(verdicts.values(), capture)
    return verdicts


def keep_reference(warehouse: duckdb.DuckDBPyConnection, data: Path, now: datetime) -> None:
    """Capture the reference files that have changed since they were last captured."""
    query = """
        select capture from (
            select capture, scope, known_at from ops.loads
            union all
            select capture, scope, refused_at as known_at from ops.refusals
        )
        where scope = ?
        order by known_at desc
        limit 1
    """
    for table in REFERENCE_FEEDS:
        request = sources.reference.table(table)
        payload = (REFERENCE / request.path).read_bytes()
        last = warehouse.execute(query, [request.scope]).fetchone()
        if last is None or captures.digest(payload)[:16] not in last[0]:
            captures.keep(str(data / "captures"), request, payload, now)


def record_sessions(warehouse: duckdb.DuckDBPyConnection, now: datetime, loaded: Loaded) -> None:
    """Record the sessions of every calendar in use, unless they are known far enough ahead."""
    first_days = warehouse.execute("""
        select calendar, min(first_session)
        from (
            select calendar, first_session from instruments
            union all
            select calendar, first_session from funds
        )
        group by calendar
        order by calendar
    """).fetchall()
    for calendar, first in first_days:
        try:
            record_calendar(warehouse, calendar, first, now)
        except Refused as refusal:
            loaded.tell(f"{refusal}: mend warehouse/reference/instruments.csv or funds.csv")


def record_calendar(
    warehouse: duckdb.DuckDBPyConnection, calendar: str, first: date, now: datetime
) -> None:
    """Record one calendar's sessions, with the days on which the library is overruled.

    Raises:
        Refused: There is no such calendar.
    """
    overrides = warehouse.execute(
        "select session, is_open from calendar_overrides where calendar = ? order by session",
        [calendar],
    ).pl()
    last = now.date() + HORIZON
    version = f"{calendars.VERSION}/{captures.digest(overrides.write_csv().encode())[:8]}"
    request = Request("calendars", "sessions", f"{calendar}@{version}", "", {}, first, last)
    if not is_known(warehouse, calendar, request, now.date() + HORIZON / 2):
        rows = calendars.sessions(calendar, first, last, overrides)
        capture = Capture(request, now, captures.digest(rows.write_csv().encode()))
        record(warehouse, Sessions, accept(Sessions, rows, rows, capture), capture)


def is_known(
    warehouse: duckdb.DuckDBPyConnection, calendar: str, request: Request, until: date
) -> bool:
    """Say whether the calendar was last recorded in this form, as far back, and until this day.

    Earlier records do not count: an override may have come, and gone again.
    """
    query = """
        select scope = $scope and asked_from <= $first and asked_to >= $until
        from ops.loads
        where relation = 'sessions' and starts_with(subject, $calendar || '@')
        order by known_at desc
        limit 1
    """
    about = {"scope": request.scope, "first": request.asked_from, "calendar": calendar}
    last = warehouse.execute(query, about | {"until": until}).fetchone()
    return bool(last and last[0])
