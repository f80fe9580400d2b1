"""Which runs live: each holds a lock of its own, which the system frees when its process dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from filelock import FileLock

# The run that this process is in the middle of: its lines of log name it.
CURRENT: ContextVar[str | None] = ContextVar("run", default=None)


@contextmanager
def living(data: Path, run: str) -> Iterator[None]:
    """Hold the run's lock while it lives."""
    file = lock_of(data, run)
    file.parent.mkdir(parents=True, exist_ok=True)
    current = CURRENT.set(run)
    try:
        with FileLock(file):
            yield
    finally:
        CURRENT.reset(current)
        file.unlink(missing_ok=True)


def is_alive(data: Path, run: str) -> bool:
    """Say whether a run of this data folder lives. Any number may ask at once."""
    try:
        with lock_of(data, run).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def dead(data: Path) -> list[str]:
    """Name the runs of this data folder that died without a word: they left a lock nobody holds."""
    left = sorted(lock_of(data, "*").parent.glob("*.lock"))
    return [file.stem for file in left if not is_alive(data, file.stem)]


def forget(data: Path, run: str) -> None:
    """Clear away what a dead run has left."""
    lock_of(data, run).unlink(missing_ok=True)


def lock_of(data: Path, run: str) -> Path:
    """Name the run's lock."""
    return data / "runs" / f"{run}.lock"
