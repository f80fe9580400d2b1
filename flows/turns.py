"""Whose turn it is to ask a provider: one process at a time, so that its rate limit holds for all.

Each provider has a lock in the data folder, which the system frees when its holder dies.
"""

import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from filelock import AsyncFileLock, Timeout

from warehouse.connection import held_by

POLL_SECONDS = 0.2
PATIENCE_SECONDS = 1.0  # a shorter wait is not worth a line

log = logging.getLogger(__name__)


class Busy(Exception):  # noqa: N818 -- the domain's word
    """Another process asks the provider; the message is one line that says who, and what to do."""


@asynccontextmanager
async def turn(data: Path, source: str, wait: float) -> AsyncIterator[None]:
    """Hold a provider's lock; say who holds it while waiting.

    Args:
        data: The data folder.
        source: The provider.
        wait: Seconds to wait for another process that asks it.

    Raises:
        Busy: It has not been our turn for longer than `wait`.
    """
    folder = data / "providers"
    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / f"{source}.holder"
    guard = AsyncFileLock(folder / f"{source}.lock", poll_interval=POLL_SECONDS)
    try:
        await take(guard, source, holder, wait)
    except Timeout:
        raise Busy(
            f"{source}: another process asks it ({held_by(holder)}); waited {wait:.0f} s: "
            "what is missing is asked for by the next run"
        ) from None
    try:
        since = f"{datetime.now(UTC):%FT%TZ}"
        about = {"pid": os.getpid(), "command": " ".join(sys.argv[:3]), "since": since}
        holder.write_text(json.dumps(about))
        yield
    finally:
        await guard.release()


async def take(guard: AsyncFileLock, source: str, holder: Path, wait: float) -> None:
    """Take the lock, logging a wait that is worth it."""
    first = min(wait, PATIENCE_SECONDS)
    try:
        await guard.acquire(timeout=first)
    except Timeout:
        if wait <= first:
            raise
        log.warning("waiting up to %.0f s to ask %s (%s)", wait, source, held_by(holder))
        started = monotonic()
        await guard.acquire(timeout=wait - first)
        log.warning("waited %.1f s to ask %s", first + monotonic() - started, source)
