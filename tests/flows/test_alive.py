"""Who lives: a run's lock is freed by the system when its process dies."""

import subprocess
import sys
from pathlib import Path

import pytest

from flows import alive

HOLD = """
import sys
from pathlib import Path
from flows import alive
with alive.living(Path(sys.argv[1]), "run"):
    print("holding", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Give the folder of a run that was killed with -9."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert alive.is_alive(tmp_path, "run")
        assert alive.dead(tmp_path) == []
        process.kill()
    return tmp_path


def test_a_run_that_is_killed_is_known_as_dead_until_it_is_forgotten(killed: Path) -> None:
    assert not alive.is_alive(killed, "run")
    assert alive.dead(killed) == ["run"]

    alive.forget(killed, "run")

    assert alive.dead(killed) == []


def test_a_run_that_ends_or_fails_leaves_nothing(tmp_path: Path) -> None:
    with alive.living(tmp_path, "one"):
        assert alive.is_alive(tmp_path, "one")
    with pytest.raises(ZeroDivisionError), alive.living(tmp_path, "two"):
        raise ZeroDivisionError

    assert not alive.is_alive(tmp_path, "one")
    assert alive.dead(tmp_path) == []
