"""Real history against the oracle of its captured data: SLV's flows and silver's records.

The values may not be kept in this repository; where ../shared is absent, there is nothing to test.
"""

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.tables.bars import Bars
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.reference import Funds, Instruments, KnownPeaks
from schemas.tables.sessions import Sessions
from schemas.validation import accept
from tests.warehouse.market import answer, capture, lay, put
from transforms import calendars
from warehouse.recording import record

SHARED = Path(__file__).parents[3] / "shared"
HISTORY, ORACLE = SHARED / "history", SHARED / "sources" / "oracle.json"
KNOWN_AT = datetime(2025, 12, 12, 18, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not ORACLE.exists(), reason="the captured history is not in ../shared: it may not be copied"
)


@pytest.fixture(scope="module")
def oracle() -> dict[str, Any]:
    return json.loads(ORACLE.read_text())  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def silver(shared: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Record SLV's valuations and SI=F's bars as they were captured."""
    lay_sessions(shared)
    fund = {
        "fund": "SLV",
        "calendar": "XNYS",
        "launched_on": date(2006, 4, 21),
        "sources": "file:1",
    }
    future = {"instrument": "SI=F", "calendar": "XNYS", "quote_decimals": 3, "sources": "file:1"}
    put(shared, Funds, [fund])
    put(shared, Instruments, [future])
    put(shared, KnownPeaks, [{"instrument": "SI=F", "peaked_on": date(1980, 1, 18)}])
    funds = pl.read_csv(
        HISTORY / "funds" / "SLV.csv", try_parse_dates=True, infer_schema_length=None
    )
    record_all(shared, FundValuations, funds, fund="SLV", as_of="date")
    prices = HISTORY / "prices" / "SI_F.csv"
    bars = pl.read_csv(prices, try_parse_dates=True, infer_schema_length=None)
    record_all(shared, Bars, bars, instrument="SI=F", session="date")
    return shared


def record_all(
    warehouse: duckdb.DuckDBPyConnection, schema: Any, raw: pl.DataFrame, **names: str
) -> None:
    """Record a file's rows, its columns taken by the table's names."""
    [(subject, name), (day, column)] = names.items()
    constants: dict[str, Any] = {subject: name, "source": "file", "currency": "USD"}
    constants |= {"is_final": True, "is_recovered": False}
    columns = schema.to_schema().columns
    served = raw.with_row_index("position").rename({column: day})
    rows = served.select(
        "position",
        *(
            (
                pl.lit(constants[c])
                if c in constants
                else pl.col(c)
                if c in served.columns
                else pl.lit(None)
            )
            .cast(spec.dtype.type)
            .alias(c)
            for c, spec in columns.items()
        ),
    )
    verdict = accept(schema, rows, served, capture())
    assert verdict.rejected.is_empty()
    assert record(warehouse, schema, verdict, capture(KNOWN_AT, subject=name)).new == raw.height


def lay_sessions(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Open the New York Stock Exchange from 2021 to 2026."""
    none = pl.DataFrame(schema={"session": pl.Date, "is_open": pl.Boolean})
    sessions = calendars.sessions("XNYS", date(2021, 1, 1), date(2026, 12, 31), none)
    lay(warehouse, Sessions, sessions.rows(named=True))
    assert time(21) in sessions["closes_at"].dt.time().to_list()


def test_slvs_months_are_those_of_the_oracle(
    silver: duckdb.DuckDBPyConnection, oracle: dict[str, Any]
) -> None:
    ours = answer(
        silver,
        "select strftime(month, '%Y-%m'), net_flow_shares, net_flow_usd, sessions, complete "
        "from monthly_net_flows where subject = 'SLV' order by month",
    )

    assert ours == [
        (m["month"], m["shares"], pytest.approx(m["usd"], rel=1e-6), m["rows"], m["complete"])
        for m in oracle["slv_flows"]["months"]
    ]


def test_slvs_weeks_are_those_of_the_oracle(
    silver: duckdb.DuckDBPyConnection, oracle: dict[str, Any]
) -> None:
    ours = answer(
        silver,
        "select strftime(week, '%G-W%V'), net_flow_shares, net_flow_usd, sessions, complete "
        "from weekly_net_flows where subject = 'SLV' and strftime(week, '%G') = '2025' "
        "order by week",
    )

    assert ours == [
        (w["week"], w["shares"], pytest.approx(w["usd"], rel=1e-6), w["rows"], w["complete"])
        for w in oracle["slv_flows"]["weeks"]
    ]


@pytest.mark.parametrize("measure", ["shares", "usd"])
def test_slvs_runs_are_those_of_the_oracle(
    silver: duckdb.DuckDBPyConnection, oracle: dict[str, Any], measure: str
) -> None:
    theirs = oracle["slv_flows"]
    ours = answer(
        silver,
        "select strftime(first_month, '%Y-%m'), completed, on_track, is_current from inflow_runs "
        f"where subject = 'SLV' and measure = '{measure}' order by first_month",
    )

    runs = [(r["first"], r["months"]) for r in theirs[f"inflow_runs_by_{measure}"]]
    assert [run[:2] for run in ours] == runs
    assert ours[-1][1:] == (
        theirs[f"current_run_by_{measure}"],
        theirs["on_track_by_shares"],
        True,
    )


def test_as_of_the_fourth_of_december_slv_was_on_track_for_two(
    silver: duckdb.DuckDBPyConnection, oracle: dict[str, Any]
) -> None:
    theirs = oracle["slv_flows_as_of_2025-12-04"]
    silver.execute("set variable as_of = date '2025-12-04'")
    [run] = answer(
        silver,
        "select completed, on_track from inflow_runs "
        "where subject = 'SLV' and measure = 'shares' and is_current",
    )
    [week] = answer(
        silver,
        "select net_flow_shares, net_flow_usd, sessions, state from weekly_net_flows "
        "where subject = 'SLV' order by week desc limit 1",
    )
    silver.execute("reset variable as_of")

    running = theirs["running_week"]
    assert run == (theirs["current_run_by_shares"], theirs["on_track_by_shares"])
    assert week == (
        running["shares"],
        pytest.approx(running["usd"], rel=1e-6),
        running["rows"],
        "running",
    )


def test_slvs_streak_is_stated(silver: duckdb.DuckDBPyConnection) -> None:
    [(statement, value, previous)] = answer(
        silver,
        "select statement, value, previous_value from facts "
        "where fact = 'inflow_streak' and subject = 'SLV' and measure = 'shares'",
    )

    assert statement == (
        "SLV had net inflows, counted in shares, for 1 month (November 2025); December 2025 is an "
        "inflow so far: on track for month 2. [synthetic data]"
    )
    assert (value, previous) == (1, 7)


def records_of(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return answer(
        warehouse,
        "select strftime(session, '%Y-%m-%d'), value, previous_value, "
        "strftime(previous_at, '%Y-%m-%d') from record_highs "
        "where instrument = 'SI=F' and measure = 'close' and kind = 'sets' order by session",
    )


@pytest.mark.parametrize("as_of", ["2025-12-11", "2025-12-04"])
def test_silvers_record_closes_are_those_of_the_oracle(
    silver: duckdb.DuckDBPyConnection, oracle: dict[str, Any], as_of: str
) -> None:
    theirs = oracle["silver_record"]["SI=F"]["record_closes_since_2011"]
    silver.execute(f"set variable as_of = date '{as_of}'")
    ours = records_of(silver)
    silver.execute("reset variable as_of")

    assert len(theirs) == 63
    assert ours == [
        (
            r["date"],
            pytest.approx(r["close"], rel=1e-6),
            pytest.approx(r["previous_record"], rel=1e-6),
            r["previous_record_date"],
        )
        for r in theirs
        if r["date"] <= as_of
    ]


def test_silvers_record_is_stated_since_its_series_began(
    silver: duckdb.DuckDBPyConnection,
) -> None:
    [(statement, rank)] = answer(
        silver, "select statement, rank from record_high where measure = 'close'"
    )

    assert statement == (
        "Silver (SI=F) closed at 63.929 USD on 2025-12-11, the highest since the series began on "
        "2021-08-18; the record before was 60.379 USD on 2025-12-10. [synthetic data]"
    )
    assert rank == 1
