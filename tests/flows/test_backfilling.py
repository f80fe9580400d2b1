"""A span of the past, asked for chunk by chunk: what is asked, of whom, and what is not."""

import io
import logging
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows import backfilling, terminal
from flows.backfilling import BACKFILLED, Span, WrongUse, portions, span
from flows.planning import Planned
from flows.registry import PROVIDERS
from flows.settings import Settings
from sandbox.answers import Answer
from sandbox.market import Market
from schemas.capture import Request
from tests.diary import begin
from tests.flows.living import LAST, LATER, LATER_STILL, ask, backfill, believed, stored
from warehouse import runs
from warehouse.connection import FILE, open_writer
from warehouse.runs import Run

OpenMarket = Callable[..., str]

TODAY = date(2025, 12, 12)
OCTOBER, NOVEMBER, DECEMBER = date(2025, 10, 1), date(2025, 11, 24), date(2025, 12, 2)
MISSING_DAY = date(2025, 11, 26)
PAGE = Answer(b"<!DOCTYPE html><html><body>Will be right back</body></html>", "text/html")
OUTAGE = Answer(b"Internal Server Error", "text/plain", 500)

HELD = "select distinct as_of from holdings where fund = 'IBIT' order by as_of"
ASKED = """
    select source, dataset, subject, asked_from, asked_to
    from questions
    inner join ops.runs as runs using (run)
    where runs.flow = 'backfill'
    order by asked_at
"""


def sessions(data: Path, first: date, last: date = LAST) -> list[tuple[date]]:
    query = """
        select session from sessions
        where calendar = 'XNYS' and session between $1 and $2
        order by session
    """
    return ask(data, query, first, last)


async def test_holdings_older_than_those_stored_are_asked_for_the_latest_quarter_first(
    data: Path, open_market: OpenMarket
) -> None:
    first, last = date(2025, 9, 25), date(2025, 10, 3)

    report = await backfill(data, open_market(), first, last, "holdings", at=LATER)

    assert report.problems == []
    asked = [day for *_, day in ask(data, ASKED)]
    assert sorted(asked) == [day for (day,) in sessions(data, first, last)]
    assert {*ask(data, HELD)} > {*sessions(data, first, last)}
    in_october = [day >= OCTOBER for day in asked]
    assert in_october == sorted(in_october, reverse=True)


async def test_a_backfill_is_a_run_of_its_own_in_the_diary(
    data: Path, open_market: OpenMarket
) -> None:
    await backfill(data, open_market(), DECEMBER, LAST, "holdings", "valuations", at=LATER)

    last_run = "select flow, datasets, state from ops.runs order by started_at desc limit 1"
    assert ask(data, last_run) == [("backfill", ["holdings", "valuations"], "completed")]


async def test_what_is_stored_is_not_asked_for_again_nor_moved(
    data: Path, open_market: OpenMarket
) -> None:
    url = open_market()
    await backfill(data, url, NOVEMBER, LAST, "holdings", at=LATER)
    before, asked = stored(data), ask(data, ASKED)

    report = await backfill(data, url, NOVEMBER, LAST, "holdings", at=LATER_STILL)

    assert report.problems == []
    assert len(asked) == len(sessions(data, NOVEMBER)) - 5
    assert ask(data, ASKED) == asked
    assert stored(data) == before
    assert ask(data, HELD) == sessions(data, NOVEMBER)
    assert ask(data, "from gaps where dataset = 'holdings' and subject = 'IBIT'") == []


async def test_bars_are_asked_for_by_quarter_and_all_else_once(
    empty: Path, data: Path, open_market: OpenMarket
) -> None:
    report = await backfill(empty, open_market(), date(2025, 6, 3), LAST, "quotes", "valuations")

    assert report.problems == []
    asked = ask(empty, ASKED)
    quarters = [(start, end) for *_, subject, start, end in asked if subject == "SPY"]
    assert quarters == [
        (date(2025, 10, 1), LAST),
        (date(2025, 7, 1), date(2025, 9, 29)),  # Yahoo serves a day more on both sides
        (date(2025, 6, 3), date(2025, 6, 27)),
    ]
    valuations = [(source, *about) for source, dataset, *about in asked if dataset != "quotes"]
    funds = [("ishares", "IBIT"), ("ishares", "SLV"), ("sec", "SLV")]
    assert sorted(valuations) == [(source, fund, None, None) for source, fund in funds]
    since_june = "select * from {} where {} >= date '2025-06-03' order by all"
    for view, day in (("bars", "session"), ("fund_valuations", "as_of")):
        assert ask(empty, since_june.format(view, day)) == ask(data, since_june.format(view, day))


async def test_what_was_captured_and_not_loaded_is_loaded_and_not_asked_for(
    data: Path, tmp_path: Path, open_market: OpenMarket
) -> None:
    url, early = open_market(), shutil.copy(data / FILE, tmp_path / "early")
    await backfill(data, url, DECEMBER, LAST, "holdings", at=LATER)
    before = believed(data)
    shutil.copy(early, data / FILE)

    report = await backfill(data, url, DECEMBER, LAST, "holdings", at=LATER_STILL)

    assert report.problems == []
    assert ask(data, ASKED) == []
    assert believed(data) == before


async def test_a_day_that_the_issuer_has_nothing_of_is_confirmed_by_two_answers(
    data: Path, market: Market, open_market: OpenMarket
) -> None:
    held = market.holdings["IBIT"].filter(pl.col("date") != MISSING_DAY)
    url = open_market(of=replace(market, holdings={"IBIT": held}))
    asked_for = "select count(*) from questions where asked_to = $1 and dataset = 'holdings'"

    for at, times in ((LATER, 1), (LATER_STILL, 2), ("2025-12-12T22:00:00+00:00", 2)):
        report = await backfill(data, url, NOVEMBER, LAST, "holdings", at=at)
        assert report.problems == []
        assert ask(data, asked_for, MISSING_DAY) == [(times,)]

    told = "select as_of, reason from gaps where dataset = 'holdings' and subject = 'IBIT'"
    assert ask(data, told) == [(MISSING_DAY, "provider has none")]


async def test_who_answers_nothing_is_left_alone_and_the_others_are_recorded(
    empty: Path, open_market: OpenMarket
) -> None:
    url = open_market(spoil=lambda answer: OUTAGE if b'"chart"' in answer.body else answer)

    report = await backfill(empty, url, date(2025, 6, 3), LAST, "quotes", "valuations")

    assert len(report.problems) == 2
    assert "the server failed with status 500" in report.problems[0]
    assert report.problems[1].startswith("yahoo: no answer at all: left alone")
    asked = ask(empty, ASKED)
    assert {start for source, *_, start, _ in asked if source == "yahoo"} == {date(2025, 10, 1)}
    assert {row[2] for row in asked if row[1] == "valuations"} == {"IBIT", "SLV"}
    last_run = "select state, summary from ops.runs order by started_at desc limit 1"
    assert ask(empty, last_run) == [("failed", report.problems)]


async def test_what_is_refused_throughout_a_quarter_is_not_asked_for_further_back(
    empty: Path, open_market: OpenMarket
) -> None:
    url = open_market(spoil=lambda answer: PAGE if b'"symbol":"SPY"' in answer.body else answer)

    report = await backfill(empty, url, date(2025, 6, 3), LAST, "quotes")

    [told] = report.problems
    assert re.match(r"refused: yahoo/quotes/SPY: .*HTML", told)
    asked = [row[2] for row in ask(empty, ASKED)]
    assert (asked.count("SPY"), asked.count("IBIT")) == (1, 3)


async def test_a_backfill_goes_on_while_the_market_is_closed(
    data: Path, open_market: OpenMarket
) -> None:
    sunday = "2025-12-14T20:00:00+00:00"

    await backfill(data, open_market(), DECEMBER, LAST, "holdings", at=sunday)

    assert ask(data, HELD) == sessions(data, DECEMBER)


def test_a_backfill_does_not_bring_the_datasets_up_to_date(
    recorded: duckdb.DuckDBPyConnection,
) -> None:
    """A scheduled run that begins after it is no stale one."""
    due = datetime(2025, 12, 13, 1, tzinfo=UTC)
    late = Run("late", "record_quotes", ("quotes",), due + timedelta(hours=2), due)

    for flow, is_told in (("backfill", False), ("run", True)):
        began = Run(flow, flow, ("holdings", "quotes"), due + timedelta(hours=1))
        runs.begin(recorded, began, lambda _: True)
        assert bool(runs.brought_up_to_date(recorded, late)) is is_told, flow


@pytest.fixture
def recorded(data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a warehouse in which the market has been recorded up to 2025-12-11."""
    now = datetime(2025, 12, 12, 20, tzinfo=UTC)
    with open_writer(data, "synthetic", now) as warehouse:
        begin(warehouse, "this run", now)
        yield warehouse


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Have every provider switched on, and no sandbox."""
    monkeypatch.delenv("SILVERSTREAK_SANDBOX", raising=False)
    for row in PROVIDERS:
        datasets = ", ".join(f'"{feed.dataset}"' for feed in row.feeds)
        monkeypatch.setenv(f"SILVERSTREAK_{row.name.upper()}__ENABLED", "true")
        monkeypatch.setenv(f"SILVERSTREAK_{row.name.upper()}__DATASETS", f"[{datasets}]")
    monkeypatch.setenv("SILVERSTREAK_SEC__USER_AGENT", "us@example.com")
    return Settings()


def plan(warehouse: duckdb.DuckDBPyConnection, settings: Settings, wanted: Span) -> list[Request]:
    chunks = backfilling.plan(warehouse, settings, wanted, None)
    assert list(chunks) == sorted(chunks, reverse=True)
    return [planned.request for questions in chunks.values() for planned in questions]


def test_what_one_answer_does_not_reach_is_asked_for_in_parts(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """Coinbase gives 300 days at once."""
    wanted = Span(date(2023, 1, 1), date(2025, 12, 11), ("quotes",), ("BTC-USD",))

    asked = [r for r in plan(recorded, settings, wanted) if r.source == "coinbase"]

    days = [(request.asked_from, request.asked_to) for request in asked]
    assert days[0] == (date(2025, 10, 1), date(2025, 12, 11))
    assert days[-1] == (date(2023, 1, 1), date(2023, 3, 31))
    assert len(days) == 12


def test_a_file_of_all_days_is_asked_for_once_for_the_whole_span(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """The London fixings have no window."""
    wanted = Span(date(2024, 1, 2), date(2025, 12, 10), ("quotes",), ("XAG-LBMA",))

    [request] = plan(recorded, settings, wanted)

    assert (request.source, request.asked_from, request.asked_to) == ("lbma", *wanted[:2])


def test_who_serves_the_last_day_only_is_not_asked_for_holdings_of_the_past(
    recorded: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    wanted = Span(date(2025, 12, 1), date(2025, 12, 11), ("holdings",))

    asked = {request.subject for request in plan(recorded, settings, wanted)}

    assert asked == {"ETHA", "IBIT", "IVV", "IWM"}


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        pytest.param([], Span(OCTOBER, LAST), id="all"),
        pytest.param(["rates"], Span(OCTOBER, LAST, ("rates",)), id="a dataset"),
        pytest.param(["SLV"], Span(OCTOBER, LAST, BACKFILLED, ("SLV",)), id="a subject"),
        pytest.param(
            ["IVV", "holdings", "IWM"],
            Span(OCTOBER, LAST, ("holdings",), ("IVV", "IWM")),
            id="a dataset of two subjects",
        ),
        pytest.param(
            ["DFEDTARU", "XAG-LBMA"],
            Span(OCTOBER, LAST, BACKFILLED, ("DFEDTARU", "XAG-LBMA")),
            id="a series and an instrument",
        ),
    ],
)
def test_what_is_wanted_is_told_by_datasets_and_subjects(only: list[str], wanted: Span) -> None:
    assert span(OCTOBER, LAST, only, TODAY) == wanted


@pytest.mark.parametrize(
    ("first", "last", "only", "told"),
    [
        pytest.param(LAST, OCTOBER, [], "2025-12-11 is after --to 2025-10-01", id="backwards"),
        pytest.param(
            date(2025, 12, 13),
            date(2026, 1, 2),
            [],
            "is to come: today is 2025-12-12",
            id="to come",
        ),
        pytest.param(OCTOBER, LAST, ["coins"], "coins cannot be backfilled", id="a page"),
        pytest.param(
            OCTOBER, LAST, ["SLV", "SLVV"], "no dataset and no subject SLVV", id="a misspelt fund"
        ),
    ],
)
def test_a_span_that_there_is_none_of_is_refused_in_one_line(
    first: date, last: date, only: list[str], told: str
) -> None:
    with pytest.raises(WrongUse, match=told) as refused:
        span(first, last, only, TODAY)

    assert "\n" not in str(refused.value)


def test_a_portion_has_so_many_questions_to_each_provider_in_order() -> None:
    asked = [Planned(Request(source, "d", f"{n}", "/"), {}) for n in range(5) for source in "aab"]

    cut = portions(asked, most=4)

    told = [[one.request.source + one.request.subject for one in portion] for portion in cut]
    assert told == [
        ["a0", "a0", "a1", "a1", "b0", "b1", "b2", "b3"],
        ["a2", "a2", "a3", "a3", "b4"],
        ["a4", "a4"],
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_a_bar_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", seen := Terminal())

    with terminal.progress(1050, "question") as show:
        show(60, "quarter of 2025-10-01")

    assert "quarter of 2025-10-01" in seen.getvalue()
    assert "60/1050" in seen.getvalue()


def test_elsewhere_lines_do(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    monkeypatch.setattr(terminal.log, "propagate", True)

    with caplog.at_level(logging.INFO), terminal.progress(1050, "question") as show:
        show(60, "quarter of 2025-10-01")

    assert caplog.messages == ["quarter of 2025-10-01: 60 of 1,050 questions"]
