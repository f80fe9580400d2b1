from pathlib import Path

from tests.reliability.month import prove

DAYS = 3


def test_every_replay_of_some_faulty_days_gives_the_same(tmp_path: Path) -> None:
    """`python -m tests.reliability.month 21` lives a month."""
    month = prove(tmp_path, DAYS, seed=1)

    assert month.days == DAYS
    assert month.refusals > 0, "faults came through"
    assert month.revised > 0
    assert month.loaded + month.refusals == month.captures
