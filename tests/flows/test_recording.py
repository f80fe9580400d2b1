import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import reduce
from pathlib import Path

import polars as pl
import pytest

from flows.recording import Report
from flows.registry import FEEDS
from sandbox.answers import Answer
from sandbox.faults import Faults
from sandbox.market import Market
from tests.flows.living import (
    LATER,
    LATER_STILL,
    OBSERVED,
    SAME_HOUR,
    Spoil,
    ask,
    believed,
    run,
    stored,
)
from warehouse.tables import name

OpenMarket = Callable[..., str]

PAGE = Answer(b"<!DOCTYPE html><html><body>Will be right back</body></html>", "text/html")
OUTAGE = Answer(b"Internal Server Error", "text/plain", 500)
NOW_AND_THEN = {"2025-06-13": 1, "2025-06-21": 2, "2025-06-24": 2}  # asked in full, all in all
SPLIT = {"date": [date(2025, 6, 20)], "numerator": [2.0], "denominator": [1.0]}


def only(kind: str, spoil: Spoil) -> Spoil:
    return lambda answer: spoil(answer) if kind in answer.media_type else answer


def swap(kind: str, old: bytes, new: bytes) -> Spoil:
    """Replace the first occurrence of some bytes, which must be there."""

    def spoil(answer: Answer) -> Answer:
        assert old in answer.body
        return replace(answer, body=answer.body.replace(old, new, 1))

    return only(kind, spoil)


def in_turn(*spoils: Spoil) -> Spoil:
    """Spoil in each of these ways; each is for another kind of answer."""
    return lambda answer: reduce(lambda spoiled, spoil: spoil(spoiled), spoils, answer)


def down(answer: Answer) -> Answer:
    """Let Yahoo be out of order, and nobody else."""
    return OUTAGE if answer.body.startswith(b'{"chart"') else answer


def down_too(answer: Answer) -> Answer:
    """Let everybody be out of order."""
    return OUTAGE


LAST_STATE = "select state from ops.runs order by started_at desc limit 1"


def dataset_in(told: str) -> frozenset[str]:
    return frozenset({told.split("/")[1]})


def test_the_first_run_stores_what_the_market_carries(first_run: tuple[Path, Report]) -> None:
    data, report = first_run

    assert report.problems == []
    assert report.published is not None
    assert {row[0] for row in ask(data, "select instrument from bars")} == {"SPY", "IBIT"}
    assert {row[0] for row in ask(data, "select fund from fund_valuations")} == {"SLV", "IBIT"}
    assert ask(data, "select distinct fund, count(distinct as_of) from holdings group by fund") == [
        ("IBIT", 5)
    ]


def test_the_first_run_asks_from_the_first_session_on(first_run: tuple[Path, Report]) -> None:
    asked = ask(
        first_run[0],
        """
        select subject, asked_from, first_session
        from ops.loads
        inner join instruments on subject = instrument
        where relation = 'bars'
        """,
    )

    assert len(asked) == 2
    assert all(asked_from == first_session for _, asked_from, first_session in asked)


def test_the_first_run_records_every_dataset_of_every_provider(
    wide_run: tuple[Path, Report],
) -> None:
    data, report = wide_run
    recorded = ask(data, "select distinct source, dataset from ops.loads where relation <> 'funds'")

    assert report.problems == []
    assert report.published is not None
    assert {(feed.source, feed.dataset) for feed in FEEDS if feed.ask} <= {*recorded}
    rows = stored(data)
    assert [name(schema) for schema in OBSERVED if not rows[name(schema)]] == []


async def test_a_second_run_stores_nothing(
    wide_data: Path, wide: Market, open_market: OpenMarket
) -> None:
    before = stored(wide_data)

    report = await run(wide_data, open_market(of=wide), at=SAME_HOUR)

    assert report.problems == []
    assert stored(wide_data) == before
    assert not {"coins", "coin_market", "asset_caps"} & {*report.loaded.counts}, "had in this hour"
    assert sum(counts.unchanged for counts in report.loaded.counts.values()) > 0
    assert sum(counts.stale for counts in report.loaded.counts.values()) == 0


async def test_a_week_without_a_run_is_made_up_by_the_next(
    empty: Path, data: Path, open_market: OpenMarket
) -> None:
    url, quotes = open_market(), frozenset({"quotes"})

    await run(empty, url, "2025-12-03T18:00:00+00:00", quotes)
    assert ask(empty, "select max(session) from bars") == [(date(2025, 12, 2),)]
    await run(empty, url, LATER, quotes)

    assert believed(empty)["bars_by_source"] == believed(data)["bars_by_source"]


async def test_a_provider_that_is_down_fails_and_the_others_are_recorded(
    empty: Path, open_market: OpenMarket
) -> None:
    report = await run(empty, open_market(spoil=down), publish=True)

    failed = "the server failed with status 500 in 3 attempts: try again later"
    assert report.problems == [f"yahoo/quotes/IBIT and 1 more: {failed}"]
    assert report.published is not None
    assert ask(empty, "select count(distinct fund) from fund_valuations") == [(2,)]
    last_run = "select state, summary from ops.runs order by started_at desc limit 1"
    assert ask(empty, last_run) == [("failed", report.problems)]


async def test_a_run_on_a_closed_day_asks_nobody_and_says_so(
    empty: Path, open_market: OpenMarket
) -> None:
    url, valuations = open_market(), frozenset({"valuations"})
    for moment in ("2025-12-06T18:00", "2025-12-07T12:00"):  # what one answer lacked is asked again
        await run(empty, url, f"{moment}:00+00:00", valuations)
    asked = ask(empty, "select count(*) from ops.questions")

    report = await run(empty, url, "2025-12-07T18:00:00+00:00", valuations)

    assert report.nothing_to_do == "market closed: XNYS"
    assert report.problems == []
    assert ask(empty, "select count(*) from ops.questions") == asked
    assert ask(empty, LAST_STATE) == [("market closed",)]


async def test_on_a_closed_day_what_is_missing_is_asked_for_all_the_same(
    empty: Path, data: Path, open_market: OpenMarket
) -> None:
    valuations = frozenset({"valuations"})
    await run(empty, open_market(spoil=down_too), "2025-12-06T18:00:00+00:00", valuations)

    report = await run(empty, open_market(), "2025-12-07T18:00:00+00:00", valuations)

    assert report.nothing_to_do == ""
    assert ask(empty, "select max(as_of) from fund_valuations") == [(date(2025, 12, 5),)]
    left = "select as_of from gaps where dataset = 'valuations' and subject = 'IBIT'"
    assert ask(empty, f"{left} and as_of > '2025-06-02'") == []


async def test_what_came_of_each_question_is_kept(empty: Path, open_market: OpenMarket) -> None:
    await run(empty, open_market(spoil=down))

    told = ask(empty, "select distinct source, outcome, reason is null from questions")
    assert set(told) == {
        ("yahoo", "unanswered", False),
        ("ishares", "answered", True),
        ("sec", "answered", True),
    }


async def test_what_was_not_answered_is_asked_for_by_the_next_run(
    empty: Path, data: Path, open_market: OpenMarket
) -> None:
    await run(empty, open_market(spoil=down))

    report = await run(empty, open_market(), at=LATER)

    assert report.problems == []
    assert believed(empty) == believed(data)


@pytest.mark.parametrize("kind", ["dividend", "split"])
async def test_a_corporate_action_makes_the_instrument_be_asked_for_in_full_once(
    empty: Path, market: Market, open_market: OpenMarket, kind: str
) -> None:
    acting = (
        market
        if kind == "dividend"
        else replace(market, dividends={}, splits={"SPY": pl.DataFrame(SPLIT)})
    )
    url = open_market(of=acting)
    in_full = """
        select count(*) from ops.loads
        where relation = 'bars' and subject = $1 and asked_from < date '2025-01-01'
    """
    asked_in_full: dict[str, list[int]] = {"SPY": [], "IBIT": []}

    for day in NOW_AND_THEN:
        report = await run(empty, url, f"{day}T18:00:00+00:00", frozenset({"quotes"}))
        assert report.problems == []
        for instrument, times in asked_in_full.items():
            times.append(ask(empty, in_full, instrument)[0][0])

    # the market begins after IBIT did: a past that one answer lacked is asked for once more
    assert asked_in_full == {"SPY": [*NOW_AND_THEN.values()], "IBIT": [1, 2, 2]}
    assert (kind, date(2025, 6, 20)) in ask(empty, "select kind, ex_date from corporate_actions")


async def test_faults_delay_what_is_believed_and_do_not_change_it(
    empty: Path, wide_data: Path, wide: Market, open_market: OpenMarket
) -> None:
    faulty = await run(empty, open_market(of=wide, faults=Faults(0.3, seed=1)))
    url = open_market(of=wide)

    report = await run(empty, url, at=LATER)
    await run(wide_data, url, at=LATER)

    assert faulty.problems
    assert report.problems == []
    assert believed_since_the_hour(empty) == believed_since_the_hour(wide_data)


def believed_since_the_hour(data: Path) -> dict[str, list[tuple]]:
    """Leave out what is served for a moment only, and was for an earlier one."""
    latest = "from {} where observed_at >= timestamptz '2025-12-12 19:55:00+00' order by all"
    moments = {table: ask(data, latest.format(table)) for table in ("coins", "coin_market")}
    assert all(moments.values())
    return believed(data) | moments


REFUSED = [
    pytest.param(
        {
            r"refused: yahoo/quotes/SPY: an outage page \(HTML\) was served where JSON": (
                only("json", lambda _: PAGE)
            ),
            r"refused: ishares/valuations/SLV: an outage page \(HTML\) was served where a Spr": (
                only("excel", lambda _: PAGE)
            ),
            r"refused: ishares/holdings/IBIT: nothing published for 2025-12-11 \(an empty templa": (
                only("csv", lambda answer: replace(answer, body=answer.empty or b""))
            ),
        },
        id="pages with status 200, and an empty template",
    ),
    pytest.param(
        {
            r"refused: yahoo/quotes/SPY: .*close": swap("json", b'"close":', b'"shut":'),
            r"refused: ishares/valuations/SLV: column Shares Outstanding is missing": (
                swap("excel", b"Shares Outstanding", b"Units")
            ),
        },
        id="a chart and a workbook without a column",
    ),
    pytest.param(
        {
            r"refused: ishares/valuations/SLV: broken or cut-off workbook": (
                only("excel", lambda answer: replace(answer, body=answer.body[:9_000]))
            )
        },
        id="a workbook that is cut off",
    ),
]
REJECTED = [
    pytest.param(
        swap("excel", b'"Number">', b'"Number">-'),
        r"rejected: ishares/valuations/SLV: 1 row of 135 \(nav: greater_than\(0\)\)",
        id="a negative NAV",
    ),
    pytest.param(
        swap("excel", b'"Number">', b'"Number">about '),
        r"rejected: ishares/valuations/SLV: 1 row of 135 \(nav: less_than",
        id="a NAV that is no number",
    ),
    pytest.param(
        swap("excel", b"Dec 10, 2025", b"10/12/2025"),
        r"rejected: ishares/valuations/SLV: 1 row of 135 \(as_of: not_nullable\)",
        id="a date of another form",
    ),
]


@pytest.mark.parametrize("bad", REFUSED)
async def test_a_bad_body_is_refused_in_one_line_and_harms_nothing(
    data: Path, open_market: OpenMarket, bad: dict[str, Spoil]
) -> None:
    before, versions = believed(data), stored(data)
    datasets = frozenset().union(*map(dataset_in, bad))

    report = await run(data, open_market(spoil=in_turn(*bad.values())), LATER, datasets)

    for told in bad:
        assert re.search(f"^{told}", "\n".join(report.problems), re.MULTILINE), report.problems
    assert believed(data) == before
    assert stored(data) == versions


@pytest.mark.parametrize(("spoil", "told"), REJECTED)
async def test_a_bad_row_is_rejected_and_told_of_once_until_a_good_one_comes(
    data: Path, open_market: OpenMarket, spoil: Spoil, told: str
) -> None:
    before = believed(data)
    spoiled = open_market(spoil=spoil)

    first = await run(data, spoiled, LATER, dataset_in(told))
    again = await run(data, spoiled, LATER_STILL, dataset_in(told))

    assert re.search(f"^{told}", "\n".join(first.problems), re.MULTILINE), first.problems
    assert again.problems == []
    assert believed(data) == before
    open_rejections = "select count(*) from rejections where resolved_at is null and scope = $1"
    assert ask(data, open_rejections, "ishares/valuations/SLV") == [(1,)]
