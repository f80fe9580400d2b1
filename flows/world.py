"""Where time and data come from: the wall and the providers, or a sandbox with a clock of its own.

The time is taken once at the start of a run and passed down; it goes on from there with the
machine's monotonic clock, so that a captured answer knows its own moment.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from flows.settings import General


class SandboxError(Exception):
    """The sandbox does not answer; the message says what to do."""


@dataclass(frozen=True)
class World:
    """The origin of data, the time, and what a sandbox carries (None: live, so everything).

    What is carried is listed by "provider/dataset", under the provider's own names.
    """

    origin: str
    started_at: datetime
    carried: dict[str, list[str]] | None = None
    ticks: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        """Give the present moment, UTC."""
        return self.started_at + timedelta(seconds=time.monotonic() - self.ticks)


def observe(settings: General) -> World:
    """Take the time, from the wall or from the sandbox that SILVERSTREAK_SANDBOX names.

    Raises:
        SandboxError: There is no sandbox at that address.
    """
    if settings.sandbox is None:
        return World("live", datetime.now(UTC))
    try:
        about = ask(settings.sandbox)
        carried = {
            f"{source}/{dataset}": symbols
            for source, carries in about["carries"].items()
            for dataset, symbols in carries.items()
        }
        return World(about["origin"], datetime.fromisoformat(about["now"]), carried)
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        raise SandboxError(
            f"no sandbox answers at {settings.sandbox} ({error}): "
            "start one with `silverstreak sandbox`, or unset SILVERSTREAK_SANDBOX"
        ) from error


def ask(sandbox: str) -> dict[str, Any]:
    """Ask a sandbox what it is."""
    about = httpx.get(f"{sandbox.rstrip('/')}/sandbox", timeout=10).raise_for_status().json()
    return dict(about)
