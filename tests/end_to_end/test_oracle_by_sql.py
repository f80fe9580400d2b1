"""Every number of the oracle of 2025-12-11 by SQL on the published views, and what it says.

Each section is put together under the oracle's own keys, from queries whose columns are named
after them. Its leaves are then compared with the oracle's, all of them both ways, so a number that
nothing asks for is found as one that is missing.
"""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import Asked
from tests.end_to_end.conftest import SHARED

pytestmark = pytest.mark.skipif(
    not (SHARED / "history").is_dir(), reason="the real series may not be distributed: not here"
)

TODAY = "2025-12-11"
NO_NUMBERS = {"as_of", "files"}

Row = dict[str, Any]
Ask = Callable[..., list[Row]]


@pytest.fixture(scope="module")
def ask(replayed: Path) -> Iterator[Ask]:
    """Run SQL on what is published, as seen from a day; a row is a dict."""
    file = (replayed / "published/silverstreak.duckdb").resolve()
    with duckdb.connect(file, read_only=True) as published:

        def ask(query: str, as_of: str = TODAY) -> list[Row]:
            published.execute(f"set variable as_of = date '{as_of}'")
            answer = published.execute(query)
            names = [column[0] for column in answer.description or []]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

        yield ask


@pytest.fixture(scope="module")
def oracle() -> Row:
    return json.loads((SHARED / "sources" / "oracle.json").read_text())  # type: ignore[no-any-return]


def leaves(tree: Any, *path: str) -> dict[tuple[str, ...], Any]:  # noqa: ANN401 -- a JSON value
    """Lay a tree out by path; a day is told as the oracle tells it, a list also by its length."""
    if isinstance(tree, dict):
        return {p: leaf for key in tree for p, leaf in leaves(tree[key], *path, key).items()}
    if isinstance(tree, list):
        numbered = {"length": len(tree)} | {str(place): item for place, item in enumerate(tree)}
        return leaves(numbered, *path)
    return {path: tree.isoformat() if isinstance(tree, date) else tree}


def strays(ours: object, theirs: object) -> dict[tuple[str, ...], tuple[Any, Any]]:
    """Give each leaf that is not the same in both: beyond 1e-6 of it, or in one only."""
    mine, told = leaves(ours), leaves(theirs)
    return {
        path: (mine.get(path, "none"), told.get(path, "none"))
        for path in mine | told
        if mine.get(path, "none") != pytest.approx(told.get(path, "none"), rel=1e-6)
    }


def by_series(rows: list[Row]) -> dict[str, Row]:
    return {row.pop("series"): row for row in rows}


def silver_record(ask: Ask) -> Row:
    return by_series(
        ask("""
            with

            sets as (
                select
                    instrument,
                    count(*) as record_closes_in_total,
                    max(session) as record_date,
                    max(value) as record_close,
                    list(
                        {
                            'date': session,
                            'close': value,
                            'previous_record': previous_value,
                            'previous_record_date': previous_at
                        }
                        order by session
                    ) filter (where session >= '2011-01-01') as record_closes_since_2011
                from record_highs
                where measure = 'close' and kind = 'sets'
                group by instrument
            ),

            highs as (
                select
                    instrument,
                    max(value) as record_high,
                    max(session) as record_high_date
                from record_highs
                where measure = 'high' and kind = 'sets'
                group by instrument
            ),

            closes as (
                select
                    instrument,
                    min(session) as first_date,
                    count(*) as rows,
                    max(session) as last_date,
                    arg_max(close, session) as last_close
                from bars
                group by instrument
            )

            select
                instrument as series,
                closes.* exclude (instrument),
                last_date = record_date as last_close_is_record,
                sets.* exclude (instrument),
                highs.* exclude (instrument)
            from closes
            inner join sets using (instrument)
            inner join highs using (instrument)
            where instrument in ('XAGUSD', 'SI=F')
        """)
    )


def largest(ask: Ask, windows: str, day: str, value: str, since: str, each: str = "day") -> list:
    """Rank the ten largest values of `windows`, each with the last earlier one at least as large.

    Args:
        ask: Runs the query.
        windows: A query for `day` and `value`.
        day: What the oracle calls the day.
        value: What the oracle calls the value.
        since: What the oracle calls the earlier one.
        each: Of which days only the largest one is ranked, such as those of one year.
    """
    rows = ask(f"""
        with

        windows as ({windows}),

        ranked as (
            select
                *,
                row_number() over (order by value desc) as rank
            from (
                from windows
                qualify row_number() over (partition by {each} order by value desc) = 1
            )
            order by rank
            limit 10
        )

        select
            ranked.rank,
            ranked.day,
            ranked.value,
            max(earlier.day) as since,
            arg_max(earlier.value, earlier.day) as since_value
        from ranked
        left join windows as earlier
            on ranked.day > earlier.day and ranked.value <= earlier.value
        group by ranked.rank, ranked.day, ranked.value
        order by ranked.rank
    """)
    return [
        {
            "rank": row["rank"],
            day: row["day"],
            value: row["value"],
            since: row["since"] and {day: row["since"], value: row["since_value"]},
        }
        for row in rows
    ]


def last_as_large(ask: Ask, subject: str, measure: str) -> Row | None:
    """Give the day and value that `return_since` compares with, if there is one."""
    [row] = ask(f"""
        select previous_at as date, previous_value as value
        from return_since
        where subject = '{subject}' and measure = '{measure}'
    """)
    return row if row["date"] else None


def silver_calendar_years(ask: Ask) -> Row:
    return {series: calendar_years(ask, series) for series in ("XAGUSD", "SI=F")}


def calendar_years(ask: Ask, series: str) -> Row:
    years = f"""
        from calendar_year_returns
        where instrument = '{series}' and price_return is not null
    """
    [row] = ask(f"""
        select
            count(*) as years,
            min(year) as first_year,
            max(year) as running_year,
            max(session) as running_year_to,
            arg_max(price_return, year) as running_year_return
        {years}
    """)
    since = last_as_large(ask, series, "calendar_year")
    return row | {
        "running_year_since": since and {"year": since["date"].year, "return": since["value"]},
        "top10": largest(
            ask,
            f"select year as day, price_return as value {years}",
            "year",
            "return",
            "last_earlier_year_at_least",
        ),
    }


def silver_rolling_12m(ask: Ask) -> Row:
    return {
        series: {"daily": daily_windows(ask, series), "month_end": month_ends(ask, series)}
        for series in ("XAGUSD", "SI=F")
    } | {"World Bank monthly average": monthly_averages(ask)}


def windows_of(series: str, measure: str) -> str:
    return f"""
        from trailing_returns
        where instrument = '{series}' and measure = '{measure}' and price_return is not null
    """


def daily_windows(ask: Ask, series: str) -> Row:
    windows = windows_of(series, "trailing_12_months")
    [row] = ask(f"""
        select
            min(session) as first,
            count(*) as windows,
            max(session) as as_of,
            arg_max(price_return, session) as value
        {windows}
    """)
    return row | {
        "last_earlier_at_least": last_as_large(ask, series, "trailing_12_months"),
        "largest_of_each_year_top10": largest(
            ask,
            f"select session as day, price_return as value {windows}",
            "date",
            "value",
            "last_earlier_at_least",
            each="year(day)",
        ),
    }


def month_ends(ask: Ask, series: str) -> Row:
    windows = windows_of(series, "month_end_12_months")
    [row] = ask(f"""
        select
            count(*) as windows,
            max(session) as last,
            arg_max(price_return, session) as last_value
        {windows}
    """)
    return row | {
        "last_earlier_at_least": last_as_large(ask, series, "month_end_12_months"),
        "top10": largest(
            ask,
            f"select session as day, price_return as value {windows}",
            "date",
            "value",
            "last_earlier_at_least",
        ),
    }


def monthly_averages(ask: Ask) -> Row:
    averages = "from average_returns where series = 'SILVER_MONTHLY'"
    [row] = ask(f"""
        select
            strftime(max(month), '%Y-%m') as last_month,
            arg_max(change, month) as value,
            strftime(min(month), '%Y-%m') as first_month
        {averages}
    """)
    since = last_as_large(ask, "SILVER_MONTHLY", "monthly_average_12_months")
    return row | {
        "last_earlier_at_least": since
        and {"month": f"{since['date']:%Y-%m}", "value": since["value"]},
        "top10": largest(
            ask,
            f"""
                select strftime(month, '%Y-%m') as day, change as value
                {averages} and change is not null
            """,
            "month",
            "value",
            "last_earlier_at_least",
        ),
    }


def silver_beta_to_gold(ask: Ask) -> Row:
    return by_series(
        ask("""
            select
                dependent || ' on ' || independent as series,
                beta,
                sign(beta) * sqrt(r2) as correlation,
                r2,
                returns,
                first_return_at as first_return_date,
                last_return_at as last_return_date
            from betas
            where
                frequency = 'daily'
                and (dependent, independent) in (('XAGUSD', 'XAUUSD'), ('SI=F', 'GC=F'))
        """)
    )


def eth_btc_50w(ask: Ask) -> Row:
    return by_series(
        ask("""
            select
                case running.pair when 'ETH.V/BTC.V' then 'ETH/BTC Stooq' else running.pair end
                as series,
                strftime(running.week, '%G-W%V') as week,
                running.last_as_of as last_date,
                running.ratio,
                running.mean as sma50_with_running_week,
                running.ratio > running.mean as above,
                not running.complete as running_week_is_partial,
                running.observations as weeks_available,
                whole.last_as_of as last_complete_week_end,
                whole.ratio as last_complete_ratio,
                whole.mean as last_complete_sma50,
                whole.ratio > whole.mean as last_complete_above,
                running.weeks_on_side as weeks_on_this_side,
                running.side_since + 6 as first_week_end_of_this_run
            from weekly_ratios as running
            inner join weekly_ratios as whole
                on running.pair = whole.pair and running.week = whole.week + 7
            where running.week = '2025-12-08'
            and running.pair in ('ETH-USD/BTC-USD', 'ETH.V/BTC.V')
        """)
    )


def btc_in_silver(ask: Ask) -> Row:
    return {
        "BTC-USD / SI=F": priced_in_silver(ask, "BTC-USD/SI=F"),
        "BTC / XAGUSD Stooq": priced_in_silver(ask, "BTC.V/XAGUSD"),
    }


def priced_in_silver(ask: Ask, pair: str) -> Row:
    days = ask(f"""
        select
            as_of::varchar as day,
            rate as ounces,
            numerator as btc_close,
            denominator as silver_close,
            denominator_as_of as silver_date
        from cross_rates
        where pair = '{pair}' and as_of in ('2021-11-09', '2021-12-11', '{TODAY}')
    """)
    points = {row.pop("day"): row for row in days}
    last = points[TODAY]["ounces"]
    [peak_2021] = ask(f"""
        select as_of as date, rate as ounces from cross_rates
        where pair = '{pair}' and year(as_of) = 2021
        order by rate desc limit 1
    """)
    changes = {
        row.pop("measure"): row
        for row in ask(f"""
            select measure, value, previous_at as date, previous_value as ounces
            from cross_rate_change where subject = '{pair}'
        """)
    }
    [lowest_since] = ask(f"""
        select previous_at as date, previous_value as ounces
        from cross_rate where subject = '{pair}' and measure = 'rate'
    """)
    change = {measure: row.pop("value") for measure, row in changes.items()}
    return {
        "points": points,
        "last": {"date": TODAY, "ounces": last},
        "peak_2021_in_ounces": peak_2021,
        "peak_all": changes["all_time_peak"],
        "change_last_vs": {
            "2021-11-09": last / points["2021-11-09"]["ounces"] - 1,
            "2021-12-11": last / points["2021-12-11"]["ounces"] - 1,
            "peak_2021_in_ounces": last / peak_2021["ounces"] - 1,
            "peak_all": change["all_time_peak"],
            "peak_in_the_last_four_years": change["window_peak"],
            "same day four years earlier": change["four_years"],
        },
        "peak_in_the_last_four_years": changes["window_peak"],
        "last_earlier_day_at_or_below": lowest_since,
    }


def ytd_league(ask: Ask) -> list[Row]:
    """Leave out the coins priced in a stablecoin, which the oracle does not have."""
    return ask("""
        select
            case subject
                when 'BTC.V' then 'BTC(stooq)'
                when 'ETH.V' then 'ETH(stooq)'
                when 'IWM.US' then 'IWM(stooq)'
                else subject
            end as series,
            change as return,
            base_as_of as base_date,
            base_amount as base,
            as_of as last_date,
            amount as last,
            row_number() over (order by change desc) as rank
        from league(bars, instrument, session, close, date '2024-12-31')
        where subject not like '%-USDT'
        order by rank
    """)


def gold_silver_ratio(ask: Ask) -> Row:
    return by_series(
        ask("""
            with

            ranges as (
                select
                    pair,
                    min(rate) as min,
                    arg_min(as_of, rate) as min_date,
                    max(rate) as max,
                    arg_max(as_of, rate) as max_date
                from cross_rates
                group by pair
            )

            select
                replace(ranges.pair, '/', ' / ') as series,
                rates.as_of as date,
                rates.value as ratio,
                rates.observations,
                rates.first_observed as first_date,
                shares.value as share_of_days_at_or_below,
                ranges.* exclude (pair),
                case
                    when rates.previous_at is not null
                        then { 'date': rates.previous_at, 'ratio': rates.previous_value }
                end as last_earlier_day_at_or_below
            from cross_rate as rates
            inner join cross_rate as shares on rates.subject = shares.subject
            inner join ranges on rates.subject = ranges.pair
            where
                rates.measure = 'rate'
                and shares.measure = 'percentile_all_history'
                and ranges.pair in ('XAUUSD/XAGUSD', 'GC=F/SI=F')
        """)
    )


def bitcoin_day(ask: Ask) -> Row:
    [row] = ask("""
        select starts_on as date, change as close_to_close
        from price_changes
        where instrument = 'BTC-USD' and period = 'day' and starts_on = last_as_of
    """)
    return row


def russell_2000(ask: Ask) -> Row:
    [row] = ask("""
        with

        records as (
            select
                max(session) as last_record_date,
                max(value) as last_record_close,
                list({ 'date': session, 'close': value } order by session)
                    filter (where session >= current_date_of_view - 400)
                as record_closes_in_last_400_days
            from record_highs, (select date '2025-12-11' as current_date_of_view)
            where instrument = '^RUT' and measure = 'close' and kind = 'sets'
        )

        select
            stated.first_observed as first_date,
            stated.as_of as date,
            stated.value as close,
            stated.previous_value as prior_record_close,
            stated.previous_at as prior_record_date,
            stated.rank = 1 as is_record_since_first_date,
            year_before.previous_value as prior_52w_high_close,
            year_before.previous_at as prior_52w_high_date,
            year_before.value > 0 as is_52w_high,
            sessions_before.previous_value as prior_252_session_high_close,
            sessions_before.value > 0 as is_252_session_high,
            records.*
        from record_high as stated
        inner join breakout as year_before on stated.subject = year_before.subject
        inner join breakout as sessions_before on stated.subject = sessions_before.subject
        cross join records
        where
            stated.subject = '^RUT'
            and stated.measure = 'close'
            and year_before.measure = 'close_52_weeks'
            and sessions_before.measure = 'close'
    """)
    return row


def fed_upper_bound(ask: Ask) -> Row:
    [row] = ask("""
        with

        moves as (
            select
                list(
                    {
                        'date': as_of, 'from': previous_level, 'to': level, 'change': change
                    }
                    order by as_of
                ) as changes,
                arg_max(moves_in_direction, as_of) as moves_in_current_direction,
                arg_max(direction, as_of) as direction,
                arg_max(turn_date, as_of) as turn_date,
                max(as_of) filter (where direction = 'hike') as previous_direction_last_move
            from policy_changes
        )

        select
            policy_pivot.first_observed as first_date,
            policy_pivot.as_of as last_date,
            policy_pivot.value as level,
            moves.*
        from policy_pivot
        cross join moves
    """)
    return row


def slv_flows(ask: Ask) -> Row:
    return flows(ask, "SLV")


def gld_flows(ask: Ask) -> Row:
    return flows(ask, "GLD")


def flows(ask: Ask, fund: str) -> Row:
    [counted_days] = ask(f"""
        select
            count(*) as days,
            count(*) filter (where net_flow_shares = 0) as days_with_zero_change,
            list(
                { '{' } 'date': as_of, 'shares': net_flow_shares, 'usd': net_flow_usd { '}' }
                order by net_flow_shares desc, as_of
            )[:5] as largest_days,
            list(
                { '{' } 'date': as_of, 'shares': net_flow_shares, 'usd': net_flow_usd { '}' }
                order by net_flow_shares, as_of
            )[:5] as smallest_days
        from daily_net_flows
        where subject = '{fund}'
    """)
    return counted_days
