import logging
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows import keeping
from flows.loading import Loaded, load
from flows.recording import Report, summary
from flows.running import conclude
from sources import captures
from tests.flows.living import LATER, LATER_STILL, Spoil, ask, believed, run
from warehouse.connection import open_writer

OpenMarket = Callable[..., str]

CHANGES = "select dataset, subject, added, gone, is_refused from source_changes order by all"
NIGHT = "2025-12-12T22:00:00+00:00"
QUOTES, HOLDINGS = frozenset({"quotes"}), frozenset({"holdings"})


def writing(kind: str, old: bytes, new: bytes) -> Spoil:
    """Write something else into all bodies of a kind, where they have it."""
    return lambda answer: (
        replace(answer, body=answer.body.replace(old, new, 1))
        if kind in answer.media_type
        else answer
    )


MORE = writing("json", b'"meta":{', b'"meta":{"foo":1,"bar":null,')
RENAMED = writing("json", b'"close":', b'"shut":')
OTHER_UNITS = writing("csv", b"Quantity", b"Shares")


async def test_payloads_of_one_shape_are_no_news(
    data: Path, open_market: OpenMarket, first_run: tuple[Path, Report]
) -> None:
    report = await run(data, open_market(), LATER)

    assert first_run[1].loaded.changes == {}, "a first payload is no change"
    assert report.loaded.changes == {}
    assert ask(data, CHANGES) == []
    assert ask(data, "select count(*) from ops.source_shapes") == ask(
        data, "select count(distinct capture) from ops.loads"
    )


async def test_a_new_column_is_accepted_and_told_once_however_many_payloads_have_it(
    data: Path, open_market: OpenMarket, caplog: pytest.LogCaptureFixture
) -> None:
    url = open_market(spoil=MORE)
    told = "yahoo/quotes: columns 'meta.bar', 'meta.foo' are new (2 subjects)"

    first = await run(data, url, LATER, QUOTES)
    again = await run(data, url, LATER_STILL, QUOTES)

    assert first.problems == []
    assert summary(first).endswith(", 1 change of sources")
    assert again.loaded.changes == {}
    assert ask(data, CHANGES) == [
        ("quotes", subject, ["meta.bar", "meta.foo"], [], False) for subject in ("IBIT", "SPY")
    ]
    with caplog.at_level(logging.INFO):
        assert conclude(first) == 0
    assert caplog.messages.count(told) == 1


async def test_columns_may_be_renamed_as_long_as_they_are_understood(
    data: Path, open_market: OpenMarket
) -> None:
    before = believed(data)

    report = await run(data, open_market(spoil=OTHER_UNITS), LATER, HOLDINGS)

    assert report.problems == []
    assert report.loaded.changes == {
        "ishares/holdings: column 'Quantity' is gone, column 'Shares' is new": {"IBIT"}
    }
    assert believed(data) == before


async def test_a_rename_that_breaks_a_promise_is_refused_naming_the_old_and_the_new(
    data: Path, open_market: OpenMarket
) -> None:
    before = believed(data)
    told = "column close is missing; new since 2025-12-12: 'indicators.quote.shut'"
    renamed = (["indicators.quote.shut"], ["indicators.quote.close"])

    broken = await run(data, open_market(spoil=RENAMED), LATER, QUOTES)

    assert sorted(broken.problems) == [
        f"refused: yahoo/quotes/{subject}: {told}" for subject in ("IBIT", "SPY")
    ]
    assert conclude(broken) == 1
    assert broken.loaded.changes == {}, "a refusal has told it"
    assert believed(data) == before
    assert ask(data, CHANGES) == [("quotes", name, *renamed, True) for name in ("IBIT", "SPY")]

    still_broken = await run(data, open_market(spoil=RENAMED), LATER_STILL, QUOTES)
    mended = await run(data, open_market(), NIGHT, QUOTES)

    assert sorted(still_broken.problems) == sorted(broken.problems)
    assert (mended.problems, mended.loaded.changes) == ([], {})
    back = ("quotes", "SPY", *reversed(renamed), False)
    assert [change for change in ask(data, CHANGES) if change[1] == "SPY"] == [
        back,
        ("quotes", "SPY", *renamed, True),
    ]


async def test_where_nothing_earlier_is_known_a_refusal_lists_what_a_payload_has(
    empty: Path, open_market: OpenMarket
) -> None:
    report = await run(empty, open_market(spoil=RENAMED), datasets=QUOTES)

    assert len(report.problems) == 2
    for problem in report.problems:
        assert re.search("column close is missing; the payload has .*'open'", problem)
    shapes = "select is_refused from ops.source_shapes where dataset = 'quotes'"
    assert ask(empty, shapes) == [(True,), (True,)]


async def test_a_reference_files_columns_are_watched_like_any_other(
    data: Path, open_market: OpenMarket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = Path(shutil.copytree(keeping.REFERENCE, tmp_path / "reference"))
    monkeypatch.setattr(keeping, "REFERENCE", edited)
    file = edited / "fund_groups.csv"
    header, *lines = file.read_text().splitlines()
    file.write_text("\n".join([f"{header},note", *(f"{line}," for line in lines)]))

    added = await run(data, open_market(), LATER, frozenset())
    file.write_text("\n".join([header.replace(",fund,", ",trust,"), *lines]))
    renamed = await run(data, open_market(), LATER_STILL, frozenset())

    assert (added.problems, added.loaded.changes) == (
        [],
        {"reference/reference: column 'note' is new": {"fund_groups"}},
    )
    told = "column fund is missing; new since 2025-12-12: 'trust'"
    assert renamed.problems == [f"refused: warehouse/reference/fund_groups.csv: {told}"]


@pytest.mark.parametrize("late", [False, True], ids=["in order", "late"])
def test_changes_do_not_depend_on_the_order_of_loading(data: Path, *, late: bool) -> None:
    folder = str(data / "captures")
    found = (captures.find(folder, capture_id) for capture_id in captures.ids(folder))
    capture, good = next(kept for kept in found if kept[0].request.subject == "SPY")
    bodies = [
        good.replace(b'"meta":{', b'"meta":{"foo":1,'),
        good.replace(b'"close":', b'"shut":'),
        good,
    ]
    kept = [
        (replace(capture, known_at=datetime(2025, 12, 12, hour, tzinfo=UTC)), body)
        for hour, body in enumerate(bodies, 20)
    ]

    with open_writer(data, "synthetic", capture.known_at) as warehouse:
        for each, payload in reversed(kept) if late else kept:
            load(warehouse, each, payload, Loaded())

    query = "select hour(known_at), added, gone from source_changes order by known_at"
    assert ask(data, query) == [
        (20, ["meta.foo"], []),
        (21, ["indicators.quote.shut"], ["indicators.quote.close", "meta.foo"]),
        (22, ["indicators.quote.close"], ["indicators.quote.shut"]),
    ]
