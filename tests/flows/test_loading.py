import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import keeping, loading
from flows.feeds import Feed
from flows.keeping import keep_reference, keep_sessions
from flows.loading import Loaded, load_waiting
from flows.registry import feed_of
from schemas.capture import Capture
from sources import captures
from tests.flows.living import ask, believed
from warehouse.connection import FILE, RELEASE, open_writer

EVENING = datetime(2025, 12, 12, 20, tzinfo=UTC)
NIGHT = EVENING + timedelta(hours=3)
PAGE = b"<!DOCTYPE html><html><body>Will be right back</body></html>"


@pytest.fixture
def warehouse(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse in which the market has been recorded once."""
    with open_writer(data, "synthetic", EVENING) as opened:
        yield opened


@pytest.fixture
def reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the reference files, to be edited."""
    edited = Path(shutil.copytree(keeping.REFERENCE, tmp_path / "reference"))
    monkeypatch.setattr(keeping, "REFERENCE", edited)
    return edited


def answer(data: Path, scope: str) -> tuple[Capture, bytes]:
    """Find the first run's answer."""
    folder = str(data / "captures")
    found = (captures.find(folder, capture_id) for capture_id in captures.ids(folder))
    return next((kept, payload) for kept, payload in found if kept.request.scope == scope)


def keep(data: Path, payload: bytes, at: datetime, scope: str = "yahoo/quotes/SPY") -> Capture:
    """Keep an answer as a run does that dies before it loads."""
    request = answer(data, scope)[0].request
    return captures.keep(str(data / "captures"), request, payload, at)


def loaded_by(warehouse: duckdb.DuckDBPyConnection, data: Path) -> Loaded:
    loaded = Loaded()
    load_waiting(warehouse, data, loaded)
    return loaded


def rows(warehouse: duckdb.DuckDBPyConnection, query: str, *parameters: Any) -> list[tuple]:
    return warehouse.execute(query, parameters).fetchall()


def test_a_capture_left_behind_is_loaded_once(
    warehouse: duckdb.DuckDBPyConnection, data: Path
) -> None:
    left = keep(data, answer(data, "yahoo/quotes/SPY")[1], EVENING)

    first, second = loaded_by(warehouse, data), loaded_by(warehouse, data)

    assert sorted(first.counts) == ["bars", "corporate_actions"]
    assert second == Loaded()
    lines = "select relation from ops.loads where capture = $1 order by relation"
    assert rows(warehouse, lines, left.id) == [("bars",), ("corporate_actions",)]


def test_captures_alone_make_the_same_warehouse_in_the_order_of_knowledge(
    data: Path, template: Path, tmp_path: Path
) -> None:
    shutil.copytree(data / "captures", tmp_path / "rebuilt" / "captures")
    shutil.copy(template, tmp_path / "rebuilt" / FILE)

    with open_writer(tmp_path / "rebuilt", "synthetic", EVENING) as rebuilt:
        loaded = loaded_by(rebuilt, tmp_path / "rebuilt")
        order = [row[0] for row in rows(rebuilt, "select capture from ops.loads order by rowid")]

    assert loaded.problems == []
    assert [*dict.fromkeys(order)] == captures.ids(str(data / "captures"))
    assert believed(tmp_path / "rebuilt") == believed(data)


def test_a_refused_capture_is_listed_once_and_left_to_the_next_release(
    warehouse: duckdb.DuckDBPyConnection, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = keep(data, PAGE, EVENING)
    listed = "select capture, release, resolved_at from ops.refusals order by release"

    first, again = loaded_by(warehouse, data), loaded_by(warehouse, data)
    assert [line.startswith("refused: yahoo/quotes/SPY: ") for line in first.problems] == [True]
    assert again.problems == []
    assert rows(warehouse, listed) == [(kept.id, RELEASE, None)]

    monkeypatch.setattr(loading, "RELEASE", "999")
    assert loaded_by(warehouse, data).problems == first.problems
    assert loaded_by(warehouse, data).problems == []
    assert rows(warehouse, listed) == [
        (kept.id, release, None) for release in sorted([RELEASE, "999"])
    ]
    assert captures.find(str(data / "captures"), kept.id) == (kept, PAGE)


def test_a_good_answer_to_the_same_question_resolves_a_refusal(
    warehouse: duckdb.DuckDBPyConnection, data: Path
) -> None:
    keep(data, PAGE, EVENING)
    keep(data, PAGE, EVENING, "yahoo/quotes/IBIT")
    loaded_by(warehouse, data)
    keep(data, answer(data, "yahoo/quotes/SPY")[1], NIGHT)
    loaded_by(warehouse, data)

    still_open = "select distinct scope from refusals where resolved_at is null"
    assert rows(warehouse, still_open) == [("yahoo/quotes/IBIT",)]


def test_a_new_release_says_nothing_of_refusals_that_a_later_answer_made_good(
    warehouse: duckdb.DuckDBPyConnection, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(data, PAGE, EVENING)
    keep(data, answer(data, "yahoo/quotes/SPY")[1], NIGHT)
    assert len(loaded_by(warehouse, data).problems) == 1

    monkeypatch.setattr(loading, "RELEASE", "999")

    assert loaded_by(warehouse, data).problems == []


def test_a_fault_of_our_parser_is_a_refusal_and_keeps_nothing_else_out(
    warehouse: duckdb.DuckDBPyConnection, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = keep(data, answer(data, "yahoo/quotes/SPY")[1], EVENING)
    ibit = keep(data, answer(data, "yahoo/quotes/IBIT")[1], NIGHT, "yahoo/quotes/IBIT")

    def faulty_for_spy(capture: Capture) -> Feed:
        feed = feed_of(capture)
        return replace(feed, parse=divide) if capture == spy else feed

    monkeypatch.setattr(loading, "feed_of", faulty_for_spy)
    loaded = loaded_by(warehouse, data)

    assert loaded.problems == [
        "refused: yahoo/quotes/SPY: our parser fails on it (ZeroDivisionError: division by zero)"
    ]
    assert rows(warehouse, "select capture from ops.refusals") == [(spy.id,)]
    assert (ibit.id,) in rows(warehouse, "select capture from ops.loads")


def divide(payload: bytes, capture: Capture) -> dict:
    raise ZeroDivisionError("division by zero")


def test_a_capture_of_a_dataset_that_is_no_more_is_a_refusal(
    warehouse: duckdb.DuckDBPyConnection, data: Path
) -> None:
    request = replace(answer(data, "yahoo/quotes/SPY")[0].request, dataset="options")
    captures.keep(str(data / "captures"), request, b"{}", EVENING)

    assert [p[:27] for p in loaded_by(warehouse, data).problems] == ["refused: yahoo/options/SPY:"]


def test_a_damaged_capture_is_told_of_until_it_is_whole_and_keeps_nothing_else_out(
    warehouse: duckdb.DuckDBPyConnection, data: Path
) -> None:
    damaged = keep(data, PAGE, EVENING)
    body = data / "captures" / "bodies" / damaged.sha256[:2] / f"{damaged.sha256}.zst"
    whole = body.read_bytes()
    body.write_bytes(whole[:5])
    ibit, payload = answer(data, "yahoo/quotes/IBIT")
    captures.keep(str(data / "captures"), ibit.request, payload, NIGHT)

    first, again = loaded_by(warehouse, data), loaded_by(warehouse, data)

    assert first.problems == again.problems
    assert first.problems[0].startswith(f"damaged capture: {body} cannot be read")
    assert "bars" in first.counts
    assert rows(warehouse, "select * from ops.refusals") == []
    body.write_bytes(whole)
    assert loaded_by(warehouse, data).problems[0].startswith("refused: yahoo/quotes/SPY")


def test_reference_files_that_have_not_changed_are_not_captured_again(
    warehouse: duckdb.DuckDBPyConnection, data: Path
) -> None:
    before = captures.ids(str(data / "captures"))

    keep_reference(warehouse, data, EVENING)

    assert captures.ids(str(data / "captures")) == before


def test_a_line_taken_out_of_a_reference_file_is_believed_no_longer_but_was(
    warehouse: duckdb.DuckDBPyConnection, data: Path, reference: Path
) -> None:
    lines = (reference / "fund_groups.csv").read_text().splitlines(keepends=True)
    (reference / "fund_groups.csv").write_text("".join(lines[:-1]))
    groups = "select count(*) from fund_groups"
    [[before]] = rows(warehouse, groups)

    keep_reference(warehouse, data, EVENING)
    loaded = loaded_by(warehouse, data)

    assert loaded.counts["fund_groups"].gone == 1
    assert rows(warehouse, groups) == [(before - 1,)]
    warehouse.execute("set variable known_at = $1::timestamptz", [EVENING - timedelta(hours=1)])
    assert rows(warehouse, groups) == [(before,)]


def test_a_reference_file_with_a_mistake_is_refused_and_what_was_believed_stays(
    warehouse: duckdb.DuckDBPyConnection, data: Path, reference: Path
) -> None:
    funds = (reference / "funds.csv").read_text()
    (reference / "funds.csv").write_text(funds.replace("2006-04-21", "21.4.2006", 1))
    before = rows(warehouse, "from funds order by all")

    keep_reference(warehouse, data, EVENING)
    [told] = loaded_by(warehouse, data).problems
    assert told == (
        "refused: warehouse/reference/funds.csv: line 2, column launched_on: '21.4.2006' is no "
        "day, as in 2025-12-31"
    )
    assert rows(warehouse, "from funds order by all") == before

    keep_reference(warehouse, data, EVENING + timedelta(minutes=1))
    assert loaded_by(warehouse, data) == Loaded()
    (reference / "funds.csv").write_text(funds)
    keep_reference(warehouse, data, NIGHT)
    assert loaded_by(warehouse, data).problems == []
    assert rows(warehouse, "select * from refusals where resolved_at is null") == []


def test_sessions_are_recorded_again_only_when_they_run_out(
    warehouse: duckdb.DuckDBPyConnection, data: Path
) -> None:
    recordings = "select count(*) from ops.loads where relation = 'sessions'"
    [[before]] = rows(warehouse, recordings)

    assert list(keep_sessions(warehouse, data, EVENING)) == []
    loaded_by(warehouse, data)
    assert rows(warehouse, recordings) == [(before,)]
    assert list(keep_sessions(warehouse, data, EVENING + timedelta(days=300))) == []
    loaded_by(warehouse, data)

    assert rows(warehouse, recordings) == [(2 * before,)]
    assert rows(warehouse, "select max(session) > date '2027-06-01' from sessions") == [(True,)]


def test_a_calendar_override_holds_for_as_long_as_it_is_in_the_file(
    warehouse: duckdb.DuckDBPyConnection, data: Path, reference: Path
) -> None:
    file = reference / "calendar_overrides.csv"
    header = file.read_text()
    sessions = "select count(*) from sessions where calendar = 'XNYS' and session = $1"
    seen = []

    for hours, line in enumerate(
        ["XNYS,2025-12-24,false,a storm\n", "", "XNYS,2025-12-24,false,x\n"]
    ):
        file.write_text(header + line)
        now = EVENING + timedelta(hours=hours)
        keep_reference(warehouse, data, now)
        loaded = loaded_by(warehouse, data)
        assert list(keep_sessions(warehouse, data, now)) == []
        load_waiting(warehouse, data, loaded)
        assert loaded.problems == []
        seen += rows(warehouse, sessions, date(2025, 12, 24))

    assert seen == [(0,), (1,), (0,)]


def test_a_calendar_that_nobody_knows_is_told_of_and_keeps_no_other_out(
    empty: Path, reference: Path
) -> None:
    listed = (reference / "instruments.csv").read_text()
    (reference / "instruments.csv").write_text(listed.replace("24/7", "AAAA", 1))
    loaded = Loaded()

    with open_writer(empty, "synthetic", EVENING) as opened:
        opened.execute("delete from history.sessions")
        opened.execute("delete from ops.loads where relation = 'sessions'")
        keep_reference(opened, empty, EVENING)
        load_waiting(opened, empty, loaded)
        problems = list(keep_sessions(opened, empty, EVENING))
        load_waiting(opened, empty, loaded)

    [problem] = problems
    assert problem.startswith("calendar 'AAAA' from 20")
    assert problem.endswith(": mend warehouse/reference/instruments.csv or funds.csv")
    others = [(calendar,) for calendar in ("24/5", "24/7", "XLON", "XNYS")]
    assert ask(empty, "select distinct calendar from sessions order by all") == others
