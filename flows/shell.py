"""DuckDB's own client on the published file: read-only, moved in time, with its own history."""

import os
import signal
import sys
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from warehouse import asking
from warehouse.asking import Standpoint
from warehouse.connection import SETTINGS, WarehouseError, link_of

HISTORY = "shell_history"


def enter(data: Path, seen: Standpoint, as_of: date | None, known_at: datetime | None) -> NoReturn:
    """Give this process over to the client: signals and the exit status are its own from here on.

    Raises:
        WarehouseError: The client is not there.
    """
    program = client()
    sys.stderr.write(greeting(seen, as_of, known_at))
    sys.stderr.flush()
    # Python ignores it, and the client would inherit that: `| head` could not end it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    setup = SETTINGS + asking.moved(as_of, known_at)
    words = [program.name, "-readonly", "-cmd", setup, str(link_of(data))]
    os.execve(program, words, os.environ | {"DUCKDB_HISTORY": str(data / HISTORY)})  # noqa: S606 -- no shell is wanted


def client() -> Path:
    """Find the client, which comes as a package of the same version as the library.

    Raises:
        WarehouseError: It is not installed.
    """
    package = find_spec("duckdb_cli")
    folders = (package and package.submodule_search_locations) or []
    for folder in folders:
        if os.access(program := Path(folder) / "duckdb", os.X_OK):
            return program
    raise WarehouseError("DuckDB's client is not installed: pip install duckdb-cli")


def greeting(seen: Standpoint, as_of: date | None, known_at: datetime | None) -> str:
    """Say whose data it is, from where it is looked at, and where to begin."""
    day, moment = "no day", "no moment"
    if seen.as_of is not None:
        day = f"{seen.as_of}{'' if as_of else ' (the latest)'}"
    if seen.known_at is not None:
        moment = f"{seen.known_at.astimezone(UTC):%F %T} UTC{'' if known_at else ' (the latest)'}"
    return f"""\
{seen.origin} data, read-only, as of {day}, known at {moment}
`show tables;` lists the views, `describe bars;` the columns of one; what they mean is told outside,
by `silverstreak describe bars`. Ctrl-C stops a query, Ctrl-D ends.
"""
