"""A run states what it publishes: captured, recorded, and compared when its grounds change."""

from collections.abc import Callable
from pathlib import Path

from flows import replaying
from sources import captures
from tests.flows.living import LATER, ask, run

Open = Callable[..., str]

STATED = "select fact, subject, measure, as_of, statement from {} order by all"


def statements(data: Path) -> list[str]:
    """Name the captures of what we have stated ourselves."""
    return [name for name in captures.ids(str(data / "captures")) if "stated_facts" in name]


async def test_what_is_published_is_stated_and_the_same_is_not_stated_twice(
    data: Path, open_market: Open
) -> None:
    facts = ask(data, STATED.format("facts"))
    before = ask(data, "from history.stated_facts order by all")

    assert len(facts) > 50
    assert ask(data, STATED.format("stated_facts")) == facts
    assert len(statements(data)) == 1

    report = await run(data, open_market(), LATER, publish=True)

    assert report.published
    assert ask(data, "from history.stated_facts order by all") == before
    assert len(statements(data)) == 1
    assert ask(data, "from retractions") == []


async def test_what_a_late_revision_changes_is_retracted_with_its_reason(
    empty: Path, open_market: Open
) -> None:
    """The sandbox revises SLV's count of 2025-12-08 two days later."""
    url = open_market()
    await run(empty, url, "2025-12-09T19:00:00+00:00", publish=True)
    await run(empty, url, "2025-12-11T19:00:00+00:00", publish=True)

    [(as_of, value, now, because)] = ask(
        empty,
        "select strftime(as_of, '%Y-%m-%d'), value, value_now, because from retractions "
        "where fact = 'rolling_inflow' and subject = 'SLV' and measure = 'shares_4_sessions'",
    )
    assert as_of == "2025-12-08"
    assert now - value == 1_500_000
    assert [why.partition(":")[0] for why in because] == ["fund_valuations SLV 2025-12-08 ishares"]
    assert replaying.verify(empty, 60).differences == []
