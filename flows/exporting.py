"""`silverstreak export`: every view as Parquet, in a folder that is a Frictionless Data Package."""

import fcntl
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows import terminal
from flows.registry import PROVIDERS
from warehouse import asking, exports
from warehouse.asking import Standpoint
from warehouse.connection import RELEASE, WarehouseError
from warehouse.copies import sync

NAME = "silverstreak"
PACKAGE = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
UNFINISHED = ".unfinished"
REAL = {
    "name": "other-closed",
    "title": (
        "Not open: the data belong to their providers (see sources), mostly for personal use only"
    ),
}
SYNTHETIC = {"name": "notspecified", "title": "Synthetic data: made up, about no real market"}


def export(warehouse: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write every view into a folder, with the package that describes them, and say what it holds.

    All is written aside first. Then the package of an earlier export goes, the files take their
    places, and the new package comes last: one that is there names whole files, whenever we die.

    Raises:
        WarehouseError: The folder holds other things, or another export writes to it.
    """
    refuse_what_is_not_ours(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        with aside(folder) as unfinished:
            package = written(warehouse, unfinished)
        swap_in(folder, unfinished, package)
    sys.stdout.write(f"{summary(folder, package)}\n")


def refuse_what_is_not_ours(folder: Path) -> None:
    """Let a folder pass that is new, empty, or of an earlier export, be it that it was killed.

    Raises:
        WarehouseError: It is another.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise WarehouseError(f"{folder} is a file: name a folder to export to")
    held = sorted(path.name for path in folder.iterdir())
    if held and not (folder / UNFINISHED).is_dir() and earlier(folder).get("name") != NAME:
        raise WarehouseError(
            f"{folder} holds other things, such as {held[0]}: name a new folder, an empty one, or "
            "one that silverstreak exported to before"
        )


def earlier(folder: Path) -> dict[str, Any]:
    """Read the package that is in a folder, if there is one."""
    try:
        package = json.loads((folder / PACKAGE).read_text())
    except (OSError, ValueError):
        return {}
    return package if isinstance(package, dict) else {}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time write to a folder; the system frees it if we die."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise WarehouseError(f"another export writes to {folder}: wait for its end") from None
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def aside(folder: Path) -> Iterator[Path]:
    """Yield a folder to write to, in the one that is wanted; it goes if the writing fails."""
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)  # of an export that was killed
    unfinished.mkdir()
    try:
        yield unfinished
    except BaseException:
        shutil.rmtree(unfinished)
        raise


def written(warehouse: duckdb.DuckDBPyConnection, unfinished: Path) -> dict[str, Any]:
    """Write all files; give the package that describes them."""
    seen = asking.standpoint(warehouse)
    exports.prepare(warehouse, unfinished)
    resources = []
    views = exports.ordered(warehouse)
    providers = answered(warehouse)
    with terminal.progress(len(views), "view") as tell:
        for done, view in enumerate(views, start=1):
            resources.append(exports.export(warehouse, view, unfinished, seen))
            tell(done, view)
    resources.sort(key=lambda resource: str(resource["name"]))
    described = package(seen, providers, resources)
    (unfinished / PACKAGE).write_text(json.dumps(described, indent=2, allow_nan=False) + "\n")
    sync(unfinished / PACKAGE)
    return described


def answered(warehouse: duckdb.DuckDBPyConnection) -> set[str]:
    """Name the sources whose answers were loaded."""
    sources = warehouse.execute("select distinct source from loads").fetchall()
    return {source for (source,) in sources}


def package(
    seen: Standpoint, sources: set[str], resources: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Describe an export: whose data it is, from where it was looked at, what it holds."""
    is_synthetic = seen.origin == "synthetic"
    mark = " (synthetic data)" if is_synthetic else ""
    return {
        "$schema": PROFILE,
        "name": NAME,
        "title": f"silverstreak: markets and fund flows, as of {seen.as_of or 'no day'}{mark}",
        "description": description(is_synthetic=is_synthetic),
        "version": RELEASE,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **dict(exports.told(seen)),
        "licenses": [SYNTHETIC if is_synthetic else REAL],
        "sources": [{"title": "silverstreak's sandbox"}] if is_synthetic else providers(sources),
        "resources": resources,
    }


def description(*, is_synthetic: bool) -> str:
    """Say what all resources have in common."""
    made_up = "**Synthetic data: nothing in it is real.**\n\n" if is_synthetic else ""
    return made_up + (
        "Every view of a silverstreak warehouse, facts and tables included, one file each, as of a "
        "market day (`as_of`) and with what was known at a moment (`known_at`). Instants are UTC; "
        "what has no end, such as `superseded_at` of what is believed still, is null. The "
        "warehouse's macros are not in it."
    )


def providers(sources: set[str]) -> list[dict[str, str]]:
    """Name the providers, where they are asked, and on which terms."""
    return [
        {"title": row.title, "path": row.base_url, "terms": row.terms}
        for row in PROVIDERS
        if row.name in sources
    ]


def swap_in(folder: Path, unfinished: Path, package: dict[str, Any]) -> None:
    """Put the new files into their places: never is there a package while they are not.

    The folder that they were in goes last: while it is there, the other is known for ours.
    """
    names = {resource["path"] for resource in package["resources"]}
    before = {Path(resource["path"]).name for resource in earlier(folder).get("resources", [])}
    (folder / PACKAGE).unlink(missing_ok=True)
    sync(folder)
    for name in before - names:
        (folder / name).unlink(missing_ok=True)
    for name in names:
        (unfinished / name).replace(folder / name)
    sync(folder)
    (unfinished / PACKAGE).replace(folder / PACKAGE)
    sync(folder)
    shutil.rmtree(unfinished)


def summary(folder: Path, package: dict[str, Any]) -> str:
    """Say in one line what an export holds."""
    resources = package["resources"]
    rows = terminal.counted(sum(resource["rows"] for resource in resources), "row")
    size = sum(resource["bytes"] for resource in resources) / 1e6
    views = terminal.counted(len(resources), "view")
    mark = " (synthetic data)" if package["origin"] == "synthetic" else ""
    return f"{folder / PACKAGE}: {views}, {rows}, {size:,.1f} MB{mark}"
