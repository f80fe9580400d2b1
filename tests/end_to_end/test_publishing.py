"""What is up stays up until something better is, and can be taken back: by the command line."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from schemas.tables.fund_valuations import FundValuations
from tests.end_to_end.conftest import Silverstreak
from tests.warehouse.market import lay, put
from warehouse.connection import open_writer, up

DAY = date(2025, 12, 11)


def test_a_failing_check_leaves_the_last_good_copy_up_and_a_rollback_the_one_before(
    prefect: None, silverstreak: Silverstreak, asked: Silverstreak, tmp_path: Path
) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)
    row = {"fund": "SLV", "as_of": DAY, "nav": 50.0}
    common = ("--data", str(tmp_path))
    with open_writer(tmp_path, "live", now) as warehouse:
        put(warehouse, FundValuations, [row], now)

    published = silverstreak("publish", *common)
    assert published.returncode == 0, published.stderr
    first = up(tmp_path)

    with open_writer(tmp_path, "live", now) as warehouse:
        lay(warehouse, FundValuations, [row | {"nav": 51.0}], now)
    blocked = silverstreak("publish", *common)
    status = json.loads(asked("status", "--format", "json", *common).stdout)
    nothing_older = asked("rollback", *common)
    assert blocked.returncode == 1
    assert "check one_believed_row_per_key (error): 1 row, such as fund " in blocked.stderr
    assert "not published: what was published before stays up" in blocked.stderr
    assert "Traceback" not in blocked.stderr
    assert up(tmp_path) == first
    assert len(list(first.parent.iterdir())) == 3, "the link, the copy, its manifest"
    assert status["published"] == [
        {
            "file": first.name,
            "published_at": status["published"][0]["published_at"],
            "age_hours": status["published"][0]["age_hours"],
            "versions_kept": 1,
            "newer_is_blocked": True,
        }
    ]
    assert nothing_older.returncode == 1
    assert nothing_older.stderr == (
        f"silverstreak: nothing older than {first.name} is kept: it stays up\n"
    )

    with open_writer(tmp_path, "live", now) as warehouse:
        warehouse.execute("delete from history.fund_valuations where nav = 50")
    assert silverstreak("publish", *common).returncode == 0
    second = up(tmp_path)
    status = json.loads(asked("status", "--format", "json", *common).stdout)
    back = asked("rollback", *common)
    answer = asked("sql", "select nav from fund_valuations_by_source", "--format", "csv", *common)
    assert second != first
    assert [status["published"][0][told] for told in ("file", "newer_is_blocked")] == [
        second.name,
        False,
    ]
    assert back.returncode == 0
    assert back.stdout.startswith(f"{first.name} is up now, published 20")
    assert answer.stdout.splitlines() == ["nav", "50.0"]
