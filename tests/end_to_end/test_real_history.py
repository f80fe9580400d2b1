"""Real series through the whole pipeline, against numbers that were made by another route."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.end_to_end.conftest import SHARED, Silverstreak

pytestmark = pytest.mark.skipif(
    not (SHARED / "history").is_dir(), reason="the real series may not be distributed: not here"
)


@pytest.fixture(scope="session")
def data(replayed: Path) -> Path:
    """Name the data folder, which no test may change."""
    return replayed


def ask(data: Path, query: str, as_of: str | None = None) -> list[tuple]:
    with duckdb.connect(
        (data / "published/silverstreak.duckdb").resolve(), read_only=True
    ) as published:
        if as_of:
            published.execute(f"set variable as_of = date '{as_of}'")
        return published.execute(query).fetchall()


def test_the_acceptance_script_agrees_on_every_number(data: Path) -> None:
    ended = subprocess.run(
        [
            sys.executable,
            SHARED / "accept" / "compare_oracle.py",
            data,
            SHARED / "sources" / "oracle.json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "668 numbers agree, 0 do not" in ended.stdout


STOOQ = {"XAGUSD": "XAGUSD", "XAUUSD": "XAUUSD", "IWM": "IWM.US"}  # instruments of their own
FUNDS = {"SLV": ("ishares", 271), "GLD": ("spdr_gold", 5162)}


def series(kind: str) -> list[list[str]]:
    """List file and symbol of the series of a kind."""
    lines = (SHARED / "history" / "symbols.csv").read_text().splitlines()
    return [line.split(",")[:2] for line in lines if line.startswith(f"{kind}/")]


def test_every_price_comes_back_as_it_is_in_the_history(data: Path) -> None:
    compared = 0
    for file, symbol in series("prices"):
        source, instrument = ("stooq" if symbol in STOOQ else "yahoo"), STOOQ.get(symbol, symbol)
        [(rows, strays)] = ask(
            data,
            f"""
            select count(*), count(*) filter (
                ours.close is distinct from theirs.close or ours.open is distinct from theirs.open
                or ours.high is distinct from theirs.high or ours.low is distinct from theirs.low
                or (theirs.volume is not null and ours.volume is distinct from theirs.volume)
            )
            from read_csv('{SHARED}/history/{file}', types = {{'volume': 'double'}}) as theirs
            full join (
                from bars_by_source where instrument = '{instrument}' and source = '{source}'
            ) as ours on ours.session = theirs.date
            """,
        )
        assert rows > 1000
        assert strays == 0, symbol
        compared += 1

    assert compared == 13


def test_every_valuation_comes_back_as_it_is_in_the_history(data: Path) -> None:
    compared = {}
    for file, fund in series("funds"):
        source, _ = FUNDS[fund]
        [(rows, strays)] = ask(
            data,
            f"""
            select count(*), count(*) filter (
                ours.nav is distinct from theirs.nav
                or ours.shares_outstanding is distinct from theirs.shares_outstanding
                or ours.ounces is distinct from theirs.ounces
            )
            from read_csv('{SHARED}/history/{file}', types = {{'ounces': 'double'}}) as theirs
            full join (
                from fund_valuations_by_source where fund = '{fund}' and source = '{source}'
            ) as ours on ours.as_of = theirs.date
            """,
        )
        assert strays == 0, fund
        compared[fund] = (source, rows)

    assert compared == FUNDS
    nav_only = "fund = 'GLD' and nav is not null and shares_outstanding is null and ounces is null"
    days = f"select as_of from fund_valuations where {nav_only} order by as_of"
    assert ask(data, days) == [(date(2012, 10, 29),), (date(2012, 10, 30),)]


def test_every_rate_comes_back_as_it_is_in_the_history(data: Path) -> None:
    for file, name in series("rates"):
        [(rows, strays)] = ask(
            data,
            f"""
            select count(*), count(*) filter (ours.value is distinct from theirs.value)
            from read_csv('{SHARED}/history/{file}') as theirs
            full join (from rates_by_source where series = '{name}' and source = 'fred') as ours
                on ours.as_of = theirs.date
            """,
        )
        assert rows > 6000
        assert strays == 0, name


@pytest.mark.parametrize(("coin", "decimals"), [("BTC-USD", 1), ("ETH-USD", 2)])
def test_coins_come_back_from_an_exchange_with_its_decimals(
    data: Path, coin: str, decimals: int
) -> None:
    """Kraken serves the running day and the 719 days before it."""
    [(rows, strays)] = ask(
        data,
        f"""
        select count(*), count(*) filter (
            abs(ours.close - theirs.close) > 0.5000001 * 10 ** -{decimals}
            or abs(ours.open - theirs.open) > 0.5000001 * 10 ** -{decimals}
            or theirs.close is null
        )
        from bars_by_source as ours
        left join read_csv('{SHARED}/history/prices/{coin}.csv') as theirs
            on ours.session = theirs.date
        where ours.instrument = '{coin}' and ours.source = 'kraken'
        """,
    )
    assert (rows, strays) == (719, 0)


def test_records_of_silver_are_those_of_the_oracle(data: Path, oracle: dict) -> None:
    theirs = oracle["silver_record"]["SI=F"]["record_closes_since_2011"]
    ours = ask(
        data,
        "select strftime(session, '%Y-%m-%d'), value, previous_value from record_highs "
        "where instrument = 'SI=F' and measure = 'close' and kind = 'sets' order by session",
    )

    assert [day for day, *_ in ours] == [record["date"] for record in theirs]
    for (_, value, previous), record in zip(ours, theirs, strict=True):
        assert value == pytest.approx(record["close"], rel=1e-6)
        assert previous == pytest.approx(record["previous_record"], rel=1e-6)


def test_the_last_closes_of_the_year_are_those_of_the_oracle(data: Path, oracle: dict) -> None:
    league = {row["series"]: row for row in oracle["ytd_league"]}
    for series in ("SI=F", "GC=F", "GLD", "SPY", "^GSPC", "^IXIC", "^RUT", "BTC-USD", "ETH-USD"):
        [(last, base)] = ask(
            data,
            f"select arg_max(close, session), arg_max(close, session) "
            f"filter (where session < '2025-01-01') from bars where instrument = '{series}'",
        )
        assert last == pytest.approx(league[series]["last"], rel=1e-6)
        assert base == pytest.approx(league[series]["base"], rel=1e-6)


def test_the_russell_2000_sets_the_records_of_the_oracle(data: Path, oracle: dict) -> None:
    theirs = oracle["russell_2000"]["record_closes_in_last_400_days"]
    ours = ask(
        data,
        "select strftime(session, '%Y-%m-%d'), value from record_highs where instrument = '^RUT' "
        "and measure = 'close' and kind = 'sets' and session >= '2024-11-06' order by session",
    )

    assert dict(ours[-len(theirs) :]) == {r["date"]: pytest.approx(r["close"]) for r in theirs}


@pytest.mark.parametrize(
    ("as_of", "section"),
    [("2025-12-11", "slv_flows"), ("2025-12-04", "slv_flows_as_of_2025-12-04")],
)
def test_the_streak_is_one_month_and_two_on_track(
    data: Path, oracle: dict, as_of: str, section: str
) -> None:
    theirs = oracle[section]
    [(completed, on_track)] = ask(
        data,
        "select completed, on_track from inflow_runs "
        "where subject = 'SLV' and measure = 'shares' and is_current",
        as_of,
    )

    assert completed == theirs["current_run_by_shares"]
    assert on_track == theirs["on_track_by_shares"]


def test_the_running_week_is_that_of_the_oracle_on_its_thursday(data: Path, oracle: dict) -> None:
    theirs = oracle["slv_flows_as_of_2025-12-04"]["running_week"]
    [(shares, usd, complete)] = ask(
        data,
        "select net_flow_shares, net_flow_usd, complete from weekly_net_flows "
        "where subject = 'SLV' and week = '2025-12-01'",
        "2025-12-04",
    )

    assert shares == theirs["shares"]
    assert usd == pytest.approx(theirs["usd"], rel=1e-6)
    assert not complete


PLACES = """
    select strftime(week, '%G-W%V') as week, measure, net_flow, rank, rank_if_counted, of
    from weekly_ranks
    where subject = 'SLV' and iso_year = 2025 and measure in ('shares', 'usd')
    order by week, measure
"""
Places = dict[tuple[str, str], dict]


def places(asked: Silverstreak, data: Path, as_of: str) -> Places:
    """Ask for the ranks of SLV's weeks of 2025, as seen from a day, through the command line."""
    told = asked("sql", PLACES, "--as-of", as_of, "--format", "json", "--data", str(data))
    assert told.returncode == 0, told.stderr
    return {(row["week"], row["measure"]): row for row in json.loads(told.stdout)}


def ranks_of(found: Places, week: str, kind: str) -> dict[str, int | None]:
    return {measure: found[week, measure][kind] for measure in ("shares", "usd")}


NONE = {"shares": None, "usd": None}


@pytest.mark.parametrize(
    ("as_of", "section", "week", "of"),
    [
        ("2025-12-04", "slv_flows_as_of_2025-12-04", "2025-W49", 48),
        ("2025-12-11", "slv_flows", "2025-W50", 49),
    ],
)
def test_a_running_week_has_only_the_rank_it_would_have(
    data: Path, oracle: dict, asked: Silverstreak, as_of: str, section: str, week: str, of: int
) -> None:
    theirs = oracle[section]["running_week"]
    found = places(asked, data, as_of)

    assert max(found)[0] == theirs["week"] == week
    assert ranks_of(found, week, "rank") == NONE
    assert ranks_of(found, week, "rank_if_counted") == {
        "shares": theirs["rank_if_counted_shares"],
        "usd": theirs["rank_if_counted_usd"],
    }
    assert found[week, "usd"]["of"] == of


@pytest.mark.parametrize("as_of", ["2025-12-05", "2025-12-11"])
def test_a_week_that_looked_like_the_largest_ends_second_in_dollars_and_fourth_in_shares(
    data: Path, asked: Silverstreak, as_of: str
) -> None:
    found = places(asked, data, as_of)

    assert ranks_of(found, "2025-W49", "rank") == {"shares": 4, "usd": 2}
    assert ranks_of(found, "2025-W49", "rank_if_counted") == NONE


def shared_rank(weeks: list[dict], week: dict, measure: str) -> int | None:
    """Give the rank of equal weeks: the oracle numbers them one after the other."""
    return min(
        (w[f"rank_{measure}"] for w in weeks if w["complete"] and w[measure] == week[measure]),
        default=None,
    )


def test_the_weeks_of_2025_have_the_ranks_of_the_oracle(
    data: Path, oracle: dict, asked: Silverstreak
) -> None:
    theirs = oracle["slv_flows"]["weeks"]
    found = places(asked, data, "2025-12-11")

    assert len(found) == 2 * len(theirs) == 100
    for week in theirs:
        for measure in ("shares", "usd"):
            ours = found[week["week"], measure]
            assert ours["net_flow"] == pytest.approx(week[measure], rel=1e-6)
            assert ours["rank"] == (
                shared_rank(theirs, week, measure) if week["complete"] else None
            )


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        pytest.param(
            "2025-12-04",
            "SLV has had a net inflow of 908,525,377 dollars so far in 2025-W49 (from 2025-12-01, "
            "4 sessions): if the week ended now it would be, counted in dollars, the largest "
            "weekly inflow of 2025 so far (48 complete weeks).",
            id="on its Thursday",
        ),
        pytest.param(
            "2025-12-05",
            "SLV had a net inflow of 592,363,477 dollars in 2025-W49 (from 2025-12-01, "
            "5 sessions): counted in dollars, the second largest weekly inflow of 2025 so far "
            "(49 complete weeks).",
            id="on its Friday",
        ),
    ],
)
def test_the_latest_week_is_stated(
    data: Path, asked: Silverstreak, as_of: str, sentence: str
) -> None:
    query = (
        "select statement from facts "
        "where fact = 'nth_largest_week' and subject = 'SLV' and measure = 'usd'"
    )
    told = asked("sql", query, "--as-of", as_of, "--format", "json", "--data", str(data))

    assert json.loads(told.stdout) == [{"statement": sentence}]


@pytest.fixture(scope="module")
def answers(data: Path, asked: Silverstreak) -> dict[str, dict]:
    """Have the article checked, sentence by sentence."""
    told = asked("claims", "--format", "json", "--data", str(data))
    assert told.returncode == 0, told.stderr
    return {answer["id"]: answer for answer in json.loads(told.stdout)}


def test_the_article_does_not_hold_on_the_one_fund_that_was_captured(
    answers: dict[str, dict],
) -> None:
    assert answers["C1"]["verdict"] == "holds"
    assert "since the series began on 2021-08-18" in answers["C1"]["reason"]
    assert (answers["C7"]["verdict"], answers["C7"]["value"]) == ("does_not_hold", 10)
    assert answers["C9"]["verdict"] == "does_not_hold"
    assert answers["C9"]["value"] == 1


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        pytest.param("C5a", "holds", id="silver's best calendar year since 1979"),
        pytest.param("C5b", "does_not_hold", id="silver's strongest 12 months since 1979"),
        pytest.param("C14a", "does_not_hold", id="bitcoin halved in silver from four years before"),
        pytest.param("C14b", "holds", id="bitcoin halved in silver from its peak since then"),
    ],
)
def test_a_sentence_holds_or_not_by_how_it_is_counted(
    answers: dict[str, dict], claim: str, verdict: str
) -> None:
    assert answers[claim]["verdict"] == verdict
