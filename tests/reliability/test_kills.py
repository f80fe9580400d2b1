import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.reliability.kills import Broken, Reference, Tally, copy, finish, look, prove
from warehouse.connection import FILE, up

KILLS = 3
DAYS = 1


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reference, Tally, Tally]:
    """Kill as `python -m tests.reliability.kills 200` does, a few times."""
    return prove(tmp_path_factory.mktemp("kills"), KILLS, seed=1, days=DAYS)


@pytest.fixture
def left(proved: tuple[Reference, Tally, Tally], tmp_path: Path) -> Path:
    """Copy what the undisturbed worker left."""
    return copy(proved[0].home, tmp_path / "left")


def test_whatever_a_kill_leaves_the_next_worker_finishes(
    proved: tuple[Reference, Tally, Tally],
) -> None:
    _, loading, keeping = proved

    assert loading.hits.total() >= KILLS
    assert keeping.hits.total() >= 1


def lose_a_row(data: Path) -> None:
    with duckdb.connect(data / FILE) as warehouse:
        warehouse.execute("delete from history.bars where rowid = 3")


def believe_twice(data: Path) -> None:
    with duckdb.connect(data / FILE) as warehouse:
        warehouse.execute("insert into history.bars from history.bars limit 1")


def tear(file: Path) -> None:
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        pytest.param(lose_a_row, "bars has .* the ledger", id="a lost row"),
        pytest.param(believe_twice, "one_believed_row_per_key", id="a row stored twice"),
        pytest.param(lambda data: tear(data / FILE), "is damaged", id="a torn warehouse"),
        pytest.param(lambda data: tear(up(data)), "cannot be read", id="a torn copy"),
        pytest.param(lambda data: up(data).unlink(), "doctor finds", id="a link to nowhere"),
    ],
)
def test_a_broken_promise_is_found(
    proved: tuple[Reference, Tally, Tally], left: Path, spoil: Callable[[Path], None], told: str
) -> None:
    spoil(left)

    with pytest.raises(Broken, match=told):
        look(left, proved[0], "spoiled")


def test_a_worker_that_fails_is_found(left: Path) -> None:
    shutil.rmtree(left / "published")
    (left / "published").symlink_to("nowhere")

    with pytest.raises(Broken, match=r"the next worker, .* ended with status 1"):
        finish(left)
