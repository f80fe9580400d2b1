"""What is killed: processes that do the pipeline's work, and tell how far they are."""

import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from flows.loading import Loaded, load_waiting
from schemas.capture import Request
from sources import captures
from tests.diary import begin
from warehouse import runs
from warehouse.connection import FILE, open_writer
from warehouse.copies import LATEST
from warehouse.publishing import publish

NOW = datetime(2025, 12, 12, 20, tzinfo=UTC)
STAGES = (
    "before the file",
    "opening",
    "loading",
    "checking",
    "copying",
    "flipping",
    "pruning",
    "closing",
)
PAYLOAD = 400_000


def load_and_publish(data: Path, marks: Connection) -> None:
    """Load the captures that wait, and publish, as a run does: always the same."""
    logging.disable()
    sys.addaudithook(Teller(marks))
    marks.send("before the file")
    if (data / FILE).exists():
        marks.send("opening")
    with open_writer(data, "synthetic", NOW) as warehouse:
        marks.send("loading")
        begin(warehouse, "run", NOW)
        loaded = Loaded()
        load_waiting(warehouse, data, loaded)
        runs.finish(warehouse, "run", NOW, loaded.problems)
        marks.send("checking")
        published = publish(warehouse, data, datetime.now(UTC), lambda _: [])
        marks.send("closing")
    sys.exit(0 if published.file else f"not published: {published.failures}")


class Teller:
    """Hear of every file that is renamed, copied or linked, and tell which stage begins with it."""

    def __init__(self, marks: Connection) -> None:
        self.marks = marks

    def __call__(self, event: str, about: tuple[Any, ...]) -> None:
        for stage in begun(event, about):
            self.marks.send(stage)


def begun(event: str, about: tuple[Any, ...]) -> Iterator[str]:
    """Name the stage that begins when this happens to a file."""
    match event:
        case "os.rename" if Path(about[1]).name == FILE:
            yield "opening"
        case "os.rename" if Path(about[1]).name == LATEST:
            yield "pruning"
        case "shutil.copyfile":
            yield "copying"
        case "os.symlink":
            yield "flipping"


def keep_captures(data: Path, marks: Connection) -> None:
    """Keep captures until killed."""
    chance = Random(0)  # noqa: S311 -- no secret
    marks.send("keeping")
    for turn in count():
        request = Request("yahoo", "quotes", f"S{turn % 7}", "/")
        payload = chance.randbytes(PAYLOAD)
        captures.keep(str(data / "captures"), request, payload, NOW + timedelta(seconds=turn))
