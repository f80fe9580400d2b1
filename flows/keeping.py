"""What we state ourselves is captured like any provider's answer: reference files, calendars."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

import sources.calendars
import sources.reference
from flows.registry import REFERENCE_FEEDS
from schemas.capture import Refused, Request
from sources import captures
from transforms import calendars
from warehouse.asking import origin

REFERENCE = Path(__file__).parents[1] / "warehouse" / "reference"
HORIZON = timedelta(days=400)


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
            keep(warehouse, data, request, payload, now)


def keep_sessions(warehouse: duckdb.DuckDBPyConnection, data: Path, now: datetime) -> Iterator[str]:
    """Capture the sessions of every calendar in use, unless they are known far enough ahead.

    Gives a line for each calendar that there is not.
    """
    first_days = warehouse.execute("""
        select calendar, min(first_session)
        from (
            select calendar, first_session from instruments
            union all
            select calendar, coalesce(first_session, launched_on) as first_session from funds
            union all
            select calendar, first_as_of as first_session from series where calendar is not null
        )
        group by calendar
        order by calendar
    """).fetchall()
    for calendar, first in first_days:
        try:
            keep_calendar(warehouse, data, calendar, first, now)
        except Refused as refusal:
            yield f"{refusal}: mend warehouse/reference/instruments.csv or funds.csv"


def keep_calendar(
    warehouse: duckdb.DuckDBPyConnection, data: Path, calendar: str, first: date, now: datetime
) -> None:
    """Capture one calendar's sessions, with the days on which the library is overruled.

    Raises:
        Refused: There is no such calendar.
    """
    overrides = warehouse.execute(
        "select session, is_open from calendar_overrides where calendar = ? order by session",
        [calendar],
    ).pl()
    last = now.date() + HORIZON
    version = f"{calendars.VERSION}/{captures.digest(overrides.write_csv().encode())[:8]}"
    request = sources.calendars.sessions(calendar, version, first, last)
    if not is_known(warehouse, calendar, request, now.date() + HORIZON / 2):
        payload = sources.calendars.write(calendars.sessions(calendar, first, last, overrides))
        keep(warehouse, data, request, payload, now)


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


def keep(
    warehouse: duckdb.DuckDBPyConnection,
    data: Path,
    request: Request,
    payload: bytes,
    now: datetime,
) -> None:
    """Keep a payload of our own, for this warehouse."""
    captures.keep(str(data / "captures"), request, payload, now, origin=origin(warehouse))
