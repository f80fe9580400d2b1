"""Fund arithmetic in plain Python, from CLAIMS.md ("Flows, exactly", "Periods, exactly").

Shares no line with the SQL. Histories are in today's share basis; how an issuer serves them, before
or after it has restated a split, is told by `Split`, so the expected flow needs no guess at bases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isnan, nan
from typing import Any, Literal

Period = Literal["week", "month"]


@dataclass(frozen=True)
class Count:
    """What an issuer counted on a day, on today's basis; None: not published."""

    as_of: date
    shares: float | None
    nav: float | None


@dataclass(frozen=True)
class Split:
    """A split, and from which day on the issuer has restated what was before it."""

    ex_date: date
    ratio: float
    restated_from: date

    def has_old_basis(self, as_of: date) -> bool:
        return as_of < self.ex_date and as_of < self.restated_from


@dataclass(frozen=True)
class Flow:
    """Net creations of a day; the shares `before` and `after` them are on today's basis."""

    as_of: date
    previous: date | None
    shares: float | None
    usd: float | None
    spans: int
    before: float | None
    after: float


@dataclass(frozen=True)
class Whole:
    """A period of a fund: its sum (None: not known), and whether it is whole."""

    starts_on: date
    shares: float | None
    usd: float | None
    sessions: int
    state: str
    rate: float | None


def as_served(counts: Sequence[Count], split: Split | None) -> list[dict[str, Any]]:
    rows = []
    for count in counts:
        old = split is not None and split.has_old_basis(count.as_of)
        ratio = split.ratio if split and old else 1.0
        shares = None if count.shares is None else count.shares / ratio
        nav = None if count.nav is None else count.nav * ratio
        rows.append({"as_of": count.as_of, "shares_outstanding": shares, "nav": nav})
    return rows


def flows(
    counts: Sequence[Count], split: Split | None, calendar: Sequence[date], launched_on: date
) -> list[Flow]:
    known = sorted((c for c in counts if c.shares is not None), key=lambda count: count.as_of)
    found = []
    for number, count in enumerate(known):
        ratio = split.ratio if split and split.has_old_basis(count.as_of) else 1.0
        nav, shares = (count.nav or nan) * ratio, (count.shares or 0) / ratio
        if number == 0:
            if is_of_launch(count.as_of, launched_on, calendar):
                usd = None if isnan(nav) else shares * nav
                found.append(Flow(count.as_of, None, shares, usd, 1, None, count.shares or 0))
            continue
        before = known[number - 1]
        net: float | None = shares - (before.shares or 0) / ratio
        if split and is_seam(split, before.as_of, count.as_of):
            net = None
        spans = sum(before.as_of < session <= count.as_of for session in calendar)
        usd = None if net is None or isnan(nav) else net * nav
        steps = before.shares, count.shares or 0
        found.append(Flow(count.as_of, before.as_of, net, usd, max(1, spans), *steps))
    return found


def is_of_launch(as_of: date, launched_on: date, calendar: Sequence[date]) -> bool:
    """No session was over between the launch and the count, as far as sessions are known."""
    missed = any(launched_on <= session < as_of for session in calendar)
    is_known = as_of == launched_on or min(calendar) <= launched_on
    return launched_on <= as_of and is_known and not missed


def is_seam(split: Split, before: date, after: date) -> bool:
    """The basis changes, but not because the split lies between."""
    changed = split.has_old_basis(before) and not split.has_old_basis(after)
    return changed and not before < split.ex_date <= after


def first_of(period: Period, day: date) -> date:
    return day - timedelta(day.weekday()) if period == "week" else day.replace(day=1)


def following(period: Period, start: date) -> date:
    return first_of(period, start + timedelta(7 if period == "week" else 31))


def wholes(found: Sequence[Flow], period: Period, calendar: Sequence[date]) -> list[Whole]:
    if not found:
        return []
    first, last = found[0].previous or found[0].as_of, found[-1].as_of
    start, end, periods = first_of(period, first), first_of(period, last), []
    while start <= end:
        inside = [flow for flow in found if first_of(period, flow.as_of) == start]
        periods.append(
            Whole(
                start,
                total([flow.shares for flow in inside]),
                total([flow.usd for flow in inside]),
                len(inside),
                state(start, first, last, inside, found, period, calendar),
                rate(inside),
            )
        )
        start = following(period, start)
    return periods


def state(
    start: date,
    first: date,
    last: date,
    inside: Sequence[Flow],
    found: Sequence[Flow],
    period: Period,
    calendar: Sequence[date],
) -> str:
    end = following(period, start)
    holes = [f for f in found if f.previous and f.spans - 1 > 5 and f.previous < end <= f.as_of]
    holes += [f for f in found if f.previous and f.spans - 1 > 5 and f.previous < start <= f.as_of]
    if holes:
        return "cannot be told"
    if first_of(period, first) == start:
        return "first"
    if not inside:
        return "cannot be told"
    last_session = max(session for session in calendar if start <= session < end)
    return "complete" if last >= last_session else "running"


def rate(inside: Sequence[Flow]) -> float | None:
    """Shares at the end over those before, less 1."""
    if not inside or not inside[0].before or any(flow.shares is None for flow in inside):
        return None
    return inside[-1].after / inside[0].before - 1


def ranked(
    weeks: Sequence[Whole], measure: Literal["shares", "usd", "rate"]
) -> list[tuple[date, int | None, int | None, int]]:
    """Give each week's rank, its rank if counted, and how many complete weeks its ISO year has."""
    found = []
    for week in weeks:
        value = getattr(week, measure)
        flows = [
            getattr(other, measure)
            for other in weeks
            if other.state == "complete"
            and other.starts_on.isocalendar().year == week.starts_on.isocalendar().year
        ]
        known = [flow for flow in flows if flow is not None]
        rank = None if value is None else 1 + sum(flow > value for flow in known)
        found.append(
            (
                week.starts_on,
                rank if week.state == "complete" else None,
                rank if week.state == "running" else None,
                len(known),
            )
        )
    return found


def total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def streaks(months: Sequence[Whole]) -> list[int | None]:
    """Count months in a row; None after a month that cannot be told, until one ends it."""
    found: list[int | None] = []
    streak: int | None = 0
    for month in months:
        if month.state == "first":
            streak = 0
            found.append(None)
            continue
        if month.state == "cannot be told" or month.shares is None:
            streak = None
        elif month.shares <= 0:
            streak = 0
        elif streak is not None:
            streak += 1
        found.append(streak)
    return found


def runs(months: Sequence[Whole]) -> list[tuple[date, int, int]]:
    """Give the first month, the finished months and all months of every run."""
    found: list[list[Whole]] = []
    for month, streak in zip(months, streaks(months), strict=True):
        if streak == 1:
            found.append([month])
        elif streak:
            found[-1].append(month)
    return [
        (run[0].starts_on, sum(month.state == "complete" for month in run), len(run))
        for run in found
    ]
