"""Bars, valuations and rates of the best source, and the records they set."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.rates import Rates
from schemas.tables.reference import Funds, Instruments, Series
from tests.warehouse.conftest import Ask
from tests.warehouse.market import answer, frame, lay, open_calendar

DAY = date(2030, 3, 4)


@pytest.fixture
def market(shared: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    shared.begin()
    sources = "first:A second:B:C third:D"
    open_calendar(shared)
    lay(shared, Series, [{"series": "RATE", "sources": sources}])
    lay(shared, Instruments, [{"instrument": "SI=F", "sources": sources}])
    lay(shared, Funds, [{"fund": "AAA", "sources": sources, "holdings_sources": "third:D"}])
    yield shared
    shared.rollback()


@pytest.mark.parametrize(
    ("stated_by", "chosen"),
    [
        pytest.param(["first", "second", "third"], ["first"], id="the primary source"),
        pytest.param(["third", "second"], ["second"], id="the first fallback that has it"),
        pytest.param(["third"], ["third"], id="the last resort"),
        pytest.param(["stranger"], [], id="nobody we listen to"),
    ],
)
def test_one_source_is_chosen(
    market: duckdb.DuckDBPyConnection, stated_by: list[str], chosen: list[str]
) -> None:
    bars = [
        {"instrument": "SI=F", "session": DAY, "close": 1.0, "source": source}
        for source in stated_by
    ]
    lay(market, Bars, bars)
    lay(market, FundValuations, [{"fund": "AAA", "as_of": DAY, "source": s} for s in stated_by])

    rate = {"series": "RATE", "as_of": DAY, "value": 4.0}
    lay(market, Rates, [rate | {"source": source} for source in stated_by])

    for view in ("bars", "fund_valuations", "rates"):
        assert [source for (source,) in answer(market, f"select source from {view}")] == chosen


def test_each_day_is_chosen_for_itself(market: duckdb.DuckDBPyConnection) -> None:
    rows = [(4, "first"), (4, "second"), (5, "second"), (6, "first")]
    bars = [
        {"instrument": "SI=F", "session": date(2030, 3, d), "close": 1.0, "source": source}
        for d, source in rows
    ]
    lay(market, Bars, bars)

    query = "select day(session), source from bars order by session"
    assert answer(market, query) == [(4, "first"), (5, "second"), (6, "first")]


@pytest.mark.parametrize("calendar", ["TEST", "OTHER"])
def test_a_fallbacks_day_counts_if_it_is_a_session_of_the_funds_calendar(
    market: duckdb.DuckDBPyConnection, calendar: str
) -> None:
    market.execute("update history.funds set calendar = ?", [calendar])
    weekend = [date(2030, 3, 2), date(2030, 3, 3)]
    stated = [(weekend[0], "first"), (weekend[1], "second"), (DAY, "second")]
    rows = [{"fund": "AAA", "as_of": day, "source": source} for day, source in stated]
    lay(market, FundValuations, rows)

    counted = [(weekend[0], "first"), (DAY, "second")]
    query = "select as_of, source from fund_valuations order by as_of"
    assert answer(market, query) == (counted if calendar == "TEST" else counted[:1])


def test_rates_of_each_day_are_chosen_for_themselves_and_every_day_counts(
    market: duckdb.DuckDBPyConnection,
) -> None:
    sunday = date(2030, 3, 3)
    stated = [(sunday, "second", 1.0), (DAY, "second", 2.0), (DAY, "first", 3.0)]
    rows = [
        {"series": "RATE", "as_of": day, "source": source, "value": value}
        for day, source, value in stated
    ]
    lay(market, Rates, rows)

    query = "select as_of, source, value from rates order by as_of"
    assert answer(market, query) == [(sunday, "second", 1.0), (DAY, "first", 3.0)]


@pytest.mark.parametrize("of", ["instrument", "series"])
def test_the_sources_own_name_may_hold_a_colon(market: duckdb.DuckDBPyConnection, of: str) -> None:
    query = f"select source, symbol, priority from {of}_sources order by priority"

    assert answer(market, query) == [("first", "A", 1), ("second", "B:C", 2), ("third", "D", 3)]


def records(ask: Ask, closes: Sequence[float | None], decimals: int = 2) -> pl.DataFrame:
    days = pl.date_range(DAY, date(2040, 1, 1), eager=True)[: len(closes)]
    rows = [
        {"instrument": "SI=F", "session": day, "close": close}
        for day, close in zip(days, closes, strict=True)
    ]
    instruments = frame(Instruments, [{"instrument": "SI=F", "quote_decimals": decimals}])
    found = ask("record_highs", bars=frame(Bars, rows), instruments=instruments)
    return found.filter(measure="close").sort("session")


@pytest.mark.parametrize(
    ("closes", "kinds"),
    [
        pytest.param([1.0], [], id="the first session is no record"),
        pytest.param([1.0, 2.0, 3.0], ["sets", "sets"], id="each higher close sets one"),
        pytest.param([2.0, 1.0, 2.0], ["matches"], id="an equal one matches"),
        pytest.param([2.0, 2.004], ["matches"], id="equal in the decimals it is quoted in"),
        pytest.param([2.0, 2.006], ["sets"], id="higher in the decimals it is quoted in"),
        pytest.param([3.0, 2.0, 2.5], [], id="a recovery is none"),
    ],
)
def test_a_record_is_above_every_earlier_close(
    ask: Ask, closes: list[float], kinds: list[str]
) -> None:
    assert records(ask, closes)["kind"].to_list() == kinds


def test_a_record_names_the_day_on_which_the_one_before_was_set(ask: Ask) -> None:
    [first, second, third] = records(ask, [5.0, 4.0, 5.0, 5.0, 6.0]).iter_rows(named=True)

    assert (first["kind"], first["previous_value"], first["previous_at"]) == ("matches", 5.0, DAY)
    assert second["previous_at"] == DAY
    assert (third["kind"], third["previous_value"], third["previous_at"]) == ("sets", 5.0, DAY)
    assert third["observations"] == 5


@settings(max_examples=30)
@given(ticks=st.lists(st.integers(95, 120), max_size=30), decimals=st.integers(0, 1))
def test_records_are_those_of_plain_python(ask: Ask, ticks: list[int], decimals: int) -> None:
    closes = [tick / 10 + 0.001 for tick in ticks]
    quoted = [float(pl.Series([close]).round(decimals)[0]) for close in closes]
    expected: list[tuple[Any, ...]] = []
    for number, close in enumerate(quoted[1:], start=1):
        highest = max(quoted[:number])
        if close >= highest:
            day = DAY.toordinal() + quoted.index(highest)
            kind = "matches" if close == highest else "sets"
            expected.append((close, kind, highest, date.fromordinal(day), number + 1))

    found = records(ask, list(closes), decimals)

    columns = ("value", "kind", "previous_value", "previous_at", "observations")
    assert found.select(columns).rows() == expected
