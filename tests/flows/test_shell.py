"""DuckDB's own client, opened for real: through a pipe, and on a terminal."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from flows import shell
from flows.recording import Report
from flows.shell import HISTORY, greeting
from tests.conftest import Asked
from warehouse.asking import Standpoint

SHELL = [sys.executable, "-c", "from flows.cli import main; main()", "shell"]
PATIENCE = 60.0
# DuckDB asks a terminal for its colour, and waits for what a real one answers.
QUESTION, ANSWER = b"\x1b[c", b"\x1b]11;rgb:0000/0000/0000\x07\x1b[?1;2c"
# Ctrl-C reaches only what a terminal controls.
AT_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
CTRL_C, CTRL_D, TAB, ENTER = b"\x03", b"\x04", b"\t", b"\r"


@pytest.fixture(scope="module")
def published(first_run: tuple[Path, Report], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a run has published: the client leaves its history beside it."""
    data = tmp_path_factory.mktemp("shell")
    shutil.copytree(first_run[0] / "published", data / "published", symlinks=True)
    return data


def piped(data: Path, queries: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SHELL, "--data", str(data), *words],
        input=queries,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_what_is_piped_in_is_answered_as_of_the_day_and_moment_that_are_given(
    published: Path,
) -> None:
    queries = """
.mode csv
.headers off
select max(session) from bars;
select max(as_of) from streaks(bars, instrument, session, close);
select getvariable('known_at');
select count(*) > 10 from facts;
"""
    words = ("--as-of", "2025-11-28", "--known-at", "2025-12-12T20:30")

    told = piped(published, queries, *words)

    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "2025-11-28",
        "2025-11-28",
        "2025-12-12 20:30:00+00",
        "true",
    ]
    assert told.stderr.splitlines()[0] == (
        "synthetic data, read-only, as of 2025-11-28, known at 2025-12-12 20:30:00 UTC"
    )


def test_nothing_is_changed_and_the_client_s_status_is_the_command_s(published: Path) -> None:
    told = piped(published, "delete from history.bars;\n")

    assert told.returncode == 1
    assert 'Cannot execute statement of type "DELETE"' in told.stderr
    assert told.stdout == ""


class Session:
    """The client on a terminal of its own: what it shows, and keys for it."""

    def __init__(self, terminal: int, process: subprocess.Popen[bytes]) -> None:
        """Sit down at a terminal."""
        self.terminal, self.process, self.shown = terminal, process, b""

    def await_(self, text: str, nudge: bytes = b"") -> str:
        """Wait until something is shown, pressing keys meanwhile; give all that is, uncoloured."""
        ends = time.monotonic() + PATIENCE
        while text not in self.plain():
            assert time.monotonic() < ends, self.plain()
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.shown += os.read(self.terminal, 65536)
            else:
                os.write(self.terminal, nudge)
            if QUESTION in self.shown:
                self.shown = self.shown.replace(QUESTION, b"")
                os.write(self.terminal, ANSWER)
        return self.plain()

    def press(self, keys: bytes) -> None:
        """Press keys, and look at what comes after only."""
        self.shown = b""
        os.write(self.terminal, keys)

    def plain(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown.decode(errors="replace"))


@contextmanager
def sitting_at(data: Path, *words: str) -> Iterator[Session]:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (40, 120))
    environment = os.environ | {"TERM": "xterm-256color", "HOME": str(data)}
    command = [sys.executable, "-c", AT_ITS_TERMINAL, *SHELL, "--data", str(data), *words]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    ) as process:
        os.close(theirs)
        try:
            yield Session(ours, process)
        finally:
            process.kill()
            os.close(ours)


def test_on_a_terminal_it_greets_completes_remembers_and_ends(published: Path) -> None:
    with sitting_at(published, "--as-of", "2025-11-28") as session:
        greeted = session.await_("silverstreak D ")
        assert "synthetic data, read-only, as of 2025-11-28, known at 2025-12-12" in greeted
        assert "`show tables;` lists the views" in greeted

        session.press(b"select max(session) as latest from bars;" + ENTER)
        session.await_("2025-11-28")

        session.press(b"from inflow_strea" + TAB)
        session.await_("inflow_streaks")

        session.await_("use Ctrl+D to exit", nudge=CTRL_C)
        session.press(CTRL_D)
        assert session.process.wait(PATIENCE) == 0

    assert (published / HISTORY).read_text() == "select max(session) as latest from bars;\n"


def test_a_query_that_takes_too_long_is_stopped_by_ctrl_c(published: Path) -> None:
    with sitting_at(published) as session:
        session.await_("silverstreak D ")
        session.press(b"select count(*) from range(1000000000000000);" + ENTER)
        session.await_("1000000000000000);")
        session.press(b"")
        session.await_("silverstreak D ", nudge=CTRL_C)
        session.press(b".exit 7" + ENTER)

        assert session.process.wait(PATIENCE) == 7


def test_without_the_client_one_is_told_how_to_get_it(
    asked: Asked, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "find_spec", lambda _: None)

    told = asked("shell", "--data", str(published))

    assert told.returncode == 1
    assert told.stderr == (
        "silverstreak: DuckDB's client is not installed: pip install duckdb-cli\n"
    )


def test_without_anything_published_one_is_told_what_to_do(asked: Asked, tmp_path: Path) -> None:
    told = asked("shell", "--data", str(tmp_path))

    assert told.returncode == 1
    [line] = told.stderr.splitlines()
    assert "nothing is published" in line


def test_the_client_is_of_the_library_s_version() -> None:
    version = subprocess.run(
        [shell.client(), "-version"], capture_output=True, text=True, check=True
    )

    assert version.stdout.startswith(f"v{duckdb.__version__} ")


def test_the_greeting_says_which_day_and_moment_are_the_latest() -> None:
    seen = Standpoint("live", date(2025, 12, 11), datetime(2025, 12, 12, 18, tzinfo=UTC))

    assert greeting(seen, None, None).splitlines()[0] == (
        "live data, read-only, as of 2025-12-11 (the latest), "
        "known at 2025-12-12 18:00:00 UTC (the latest)"
    )
    assert greeting(Standpoint("live", None, None), None, None).startswith(
        "live data, read-only, as of no day, known at no moment\n"
    )
