import shutil
from collections import Counter
from itertools import combinations
from pathlib import Path

import duckdb
import pytest

from tests.reliability.backfilling import BACKFILL, RUN
from tests.reliability.backfills import (
    IN_FLIGHT,
    Broken,
    Life,
    Proof,
    compare,
    judge,
    prove,
    prove_beside,
)
from warehouse.connection import FILE

KILLS = 2
HERE, THERE = ("/here", ()), ("/there", ())


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory, template: Path) -> tuple[Path, Proof]:
    """Kill as `python -m tests.reliability.backfills` does, a smaller one."""
    home = tmp_path_factory.mktemp("backfills")
    lay(template, home / "undisturbed")
    return home, prove(home, funds=2, holders=2, days=18, kills=KILLS, seed=1, most=4)


def lay(template: Path, data: Path) -> None:
    """Begin with an empty warehouse."""
    data.mkdir()
    shutil.copy(template, data / FILE)


def test_a_killed_backfill_goes_on_and_comes_to_the_same(proved: tuple[Path, Proof]) -> None:
    _, proof = proved

    assert len(proof.kills) == KILLS
    assert proof.questions >= 2 * 18
    assert proof.again <= KILLS * 2 * IN_FLIGHT


def test_a_lost_row_is_found(proved: tuple[Path, Proof], tmp_path: Path) -> None:
    calm, killed = proved[0] / "undisturbed", shutil.copytree(proved[0] / "killed", tmp_path / "k")
    with duckdb.connect(killed / FILE) as warehouse:
        warehouse.execute("delete from history.holdings where rowid = 3")

    with pytest.raises(Broken, match=r"what was killed differs: history\.holdings"):
        compare(killed, calm, KILLS)


@pytest.mark.parametrize(
    ("lives", "told"),
    [
        pytest.param([Life(Counter([HERE, HERE]), set())], "has asked 2 times", id="in one life"),
        pytest.param(
            [Life(Counter([HERE]), {HERE}), Life(Counter([HERE]), {HERE})],
            "although captured before kill 1",
            id="what was captured",
        ),
        pytest.param([Life(Counter([THERE]), set())], "not the same questions", id="another one"),
    ],
)
def test_a_question_too_many_is_found(lives: list[Life], told: str) -> None:
    with pytest.raises(Broken, match=told):
        judge(Counter([HERE]), lives, Proof(1, 1, 1))


def test_a_question_in_flight_at_a_kill_may_be_asked_again() -> None:
    proof = Proof(1, 1, 1)

    judge(Counter([HERE]), [Life(Counter([HERE]), set()), Life(Counter([HERE]), {HERE})], proof)

    assert proof.again == 1


def test_beside_a_run_one_process_at_a_time_asks_a_provider(tmp_path: Path, template: Path) -> None:
    lay(template, tmp_path / "alone")

    answers = prove_beside(tmp_path, funds=2, days=12)

    assert {answer.agent for answer in answers} == {BACKFILL, RUN}
    for provider in {answer.provider for answer in answers}:
        asked = [answer for answer in answers if answer.provider == provider]
        for before, after in combinations(asked, 2):  # in the order they were asked
            assert before.agent == after.agent or before.ended <= after.began
