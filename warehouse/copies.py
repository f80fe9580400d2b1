"""The published copies on disk: named by their moment, whole or not there, the last ones kept."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

KEPT = 5
LATEST = "silverstreak.duckdb"
NAME = "silverstreak-%Y%m%dT%H%M%S%fZ.duckdb"


def kept(folder: Path) -> list[Path]:
    """List the copies that have a manifest, in the order of their moments."""
    copies = sorted(folder.resolve().glob("silverstreak-*.duckdb"))
    return [copied for copied in copies if manifest_of(copied).exists()]


def manifest_of(file: Path) -> Path:
    """Name a copy's manifest."""
    return file.with_suffix(".json")


def published_at(file: Path) -> datetime:
    """Tell from a copy's name when it was published."""
    return datetime.strptime(file.name, NAME).replace(tzinfo=UTC)


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Yield a temporary name to write to; the file gets its own when it is whole and on disk."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    yield unfinished
    unfinished.chmod(0o444)
    sync(unfinished)
    unfinished.replace(target)
    sync(target.parent)


def flip(folder: Path, file: Path) -> None:
    """Point the link at the file, atomically."""
    link = folder / f"{LATEST}.next"
    link.unlink(missing_ok=True)
    link.symlink_to(file.name)
    link.replace(folder / LATEST)
    sync(folder)


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, survive a failure of the power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prune(folder: Path, spared: set[Path]) -> None:
    """Remove all but the last copies, their manifests, and what a crash left.

    Who reads an older one keeps it until he closes it; who is about to open the one that was up
    until now still finds it: it is among the spared.
    """
    for left in [*folder.glob("*.unfinished"), *folder.glob("*.next")]:
        left.unlink()  # of a run that was killed; we hold the writer's lock
    copies = sorted(folder.resolve().glob("silverstreak-*.duckdb"))
    others = [copied for copied in copies if copied not in spared]
    surplus = max(0, len(copies) - KEPT)
    for copied in others[:surplus]:
        copied.unlink()
    for told in folder.glob("silverstreak-*.json"):
        if not told.with_suffix(".duckdb").exists():
            told.unlink()
