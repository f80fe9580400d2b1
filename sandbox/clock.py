"""The sandbox's clock: set to a moment, it ticks on with real time."""

from datetime import UTC, date, datetime, time, timedelta
from time import monotonic


class Clock:
    """A life cycle: moved by request, in either direction, and never standing still."""

    def __init__(self, moment: datetime) -> None:
        """Start ticking from `moment`."""
        self.move(moment)

    def move(self, moment: datetime) -> None:
        """Continue from `moment`, which must carry a time zone."""
        self._moment, self._since = moment.astimezone(UTC), monotonic()

    def now(self) -> datetime:
        """Return the sandbox's time, UTC."""
        return self._moment + timedelta(seconds=monotonic() - self._since)


def evening_after(today: date) -> datetime:
    """Return when all that is dated up to `today` is public: the next day, 18:00 UTC."""
    return datetime.combine(today + timedelta(days=1), time(18), UTC)
