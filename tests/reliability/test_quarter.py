from datetime import date
from pathlib import Path

from tests.reliability.quarter import prove

EARLY_CLOSE = date(2025, 11, 28)  # the day after a holiday


def test_days_under_the_schedules_with_outages_end_as_one_run_would(tmp_path: Path) -> None:
    """`python -m tests.reliability.quarter 65` lives a quarter."""
    quarter = prove(tmp_path, 3, EARLY_CLOSE, provider_is_down=1, we_are_down=1)

    assert quarter.days == 3
    assert quarter.states["failed"] > 0, "the provider was down"
    assert quarter.states["market closed"] > 0
    assert quarter.facts > 50
