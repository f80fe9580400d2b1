"""Which runs live: each holds a lock of its own, which the system frees when its process dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def living(data: Path, run: str) -> Iterator[None]:
    """Hold the run's lock while it lives."""
    file = lock_of(data, run)
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file):
        yield
    file.unlink(missing_ok=True)


def is_alive(data: Path, run: str) -> bool:
    """Say whether a run of this data folder lives; what a dead one has left is cleared away."""
    file = lock_of(data, run)
    if not file.exists():
        return False
    try:
        with FileLock(file, timeout=0):
            file.unlink(missing_ok=True)
    except Timeout:
        return True
    return False


def lock_of(data: Path, run: str) -> Path:
    """Name the run's lock."""
    return data / "runs" / f"{run}.lock"
