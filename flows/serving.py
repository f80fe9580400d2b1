"""`silverstreak serve`: the schedules of a data folder, in one process that lives on."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from multiprocessing import resource_tracker
from pathlib import Path
from threading import Event, Thread

from filelock import FileLock, Timeout

from flows import terminal
from flows.running import flush_logs
from flows.server import ServerError, prefect_server, wait_until_ready
from flows.settings import General, Settings
from flows.world import observe


def serve(*, debug: bool) -> int:
    """Run the schedules until SIGTERM (which is how it ends: 0) or Ctrl-C.

    Raises:
        ServerError: Another process serves this data folder, or Prefect's server fails.
    """
    settings = Settings()
    observe(settings)  # a sandbox that is not there is told of before anything starts
    with the_only_one(settings.data):
        interrupted = keep_to_ourselves_what_interrupts()
        with suppress(SystemExit):  # if SIGTERM comes before the runner takes it
            run_the_schedules(settings, debug=debug)
    if interrupted.is_set():
        raise KeyboardInterrupt
    return 0


def run_the_schedules(settings: General, *, debug: bool) -> None:
    """Have a Prefect server and a runner, until SIGTERM."""
    with prefect_server(settings.data, debug=debug):
        from flows import runner  # noqa: PLC0415 -- Prefect takes seconds to import

        wait_until_ready(settings.data)
        announce(settings)
        try:
            asyncio.run(runner.serve(settings))
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # we are at it
            flush_logs()


def keep_to_ourselves_what_interrupts() -> Event:
    """Take Ctrl-C as SIGTERM, and tell that it came.

    A terminal sends Ctrl-C to every process that we start, too, and each would print its trace:
    they inherit that it is blocked. It is we who end them.
    """
    interrupted = Event()

    def listen() -> None:
        while True:
            signal.sigwait({signal.SIGINT})
            interrupted.set()
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    resource_tracker.ensure_running()  # it would lift the block when it starts
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    Thread(target=listen, daemon=True).start()
    return interrupted


@contextmanager
def the_only_one(data: Path) -> Iterator[None]:
    """Hold the folder's lock on serving, which the system frees if we die."""
    data.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(data / "serve.lock", timeout=0):
            yield
    except Timeout:
        raise ServerError(
            f"another `silverstreak serve` runs the schedules of {data}: stop it first"
        ) from None


def announce(settings: General) -> None:
    """Say where to look, and what runs when."""
    terminal.log.info("Prefect's pages: %s", os.environ["PREFECT_API_URL"].removesuffix("/api"))
    for name, schedule in settings.schedules.items():
        terminal.log.info(
            "%-10s  %-14s  %-16s  next %s",
            name, schedule.cron, schedule.timezone,
            f"{schedule.next_after(datetime.now(UTC)):%F %H:%M %Z}",
        )  # fmt: skip
