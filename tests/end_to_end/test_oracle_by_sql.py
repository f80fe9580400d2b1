"""Every number of the oracle of 2025-12-11 by SQL on the published views, and what they say.

A section is put together under the oracle's own keys, from queries whose columns are named after
them. All leaves are then compared both ways, so a number that nothing asks for is found missing.
The London fixings are not in the oracle: their licence keeps them out of what was captured.
"""

from collections.abc import Callable, Iterator
from datetime import date
from math import isclose
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.end_to_end.conftest import SHARED

pytestmark = pytest.mark.skipif(
    not (SHARED / "history").is_dir(), reason="the real series may not be distributed: not here"
)

TODAY = "2025-12-11"
THURSDAY = "2025-12-04"

Row = dict[str, Any]
Ask = Callable[..., list[Row]]


@pytest.fixture(scope="module")
def ask(replayed: Path) -> Iterator[Ask]:
    """Run SQL on what is published, as seen from a day; named arguments fill its parameters."""
    file = (replayed / "published/silverstreak.duckdb").resolve()
    with duckdb.connect(file, read_only=True) as published:

        def ask(query: str, as_of: str = TODAY, **parameters: str) -> list[Row]:
            published.execute(f"set variable as_of = date '{as_of}'")
            answer = published.execute(query, parameters or None)
            names = [column[0] for column in answer.description or []]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

        yield ask


def leaves(tree: object, *path: str) -> dict[tuple[str, ...], object]:
    """Lay a tree out by path; a list also tells its length, a day is told in words."""
    if isinstance(tree, list):
        return {(*path, "length"): len(tree)} | leaves(dict(enumerate(tree)), *path)
    if isinstance(tree, dict):
        return {p: leaf for key in tree for p, leaf in leaves(tree[key], *path, str(key)).items()}
    return {path: tree.isoformat() if isinstance(tree, date) else tree}


def strays(ours: object, theirs: object) -> dict[tuple[str, ...], tuple[object, object]]:
    """Give the leaves that are not the same in both, or in one only."""
    got, told = leaves(ours), leaves(theirs)
    pairs = {path: (got.get(path, "nothing"), told.get(path, "nothing")) for path in got | told}
    return {path: pair for path, pair in pairs.items() if not same(*pair)}


def same(ours: object, theirs: object) -> bool:
    """Say whether two leaves agree: ten digits to one in a million, all else as it is."""
    if isinstance(ours, int | float) and isinstance(theirs, float):
        return isclose(ours, theirs, rel_tol=1e-6)
    return ours == theirs


def by(key: str, rows: list[Row]) -> dict[str, Row]:
    """Take a column out of the rows to name them."""
    return {row.pop(key): row for row in rows}


def silver_record(ask: Ask) -> Row:
    query = """
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
                max(session) as record_high_date,
                max(value) as record_high
            from record_highs
            where measure = 'high' and kind = 'sets'
            group by instrument
        ),

        closes as (
            select
                instrument,
                count(*) as rows,
                min(session) as first_date,
                max(session) as last_date,
                arg_max(close, session) as last_close
            from bars
            group by instrument
        )

        select
            instrument,
            closes.* exclude (instrument),
            last_date = record_date as last_close_is_record,
            sets.* exclude (instrument),
            highs.* exclude (instrument)
        from closes
        inner join sets using (instrument)
        inner join highs using (instrument)
        where instrument in ('XAGUSD', 'SI=F')
    """
    return by("instrument", ask(query))


def largest(ask: Ask, windows: str, names: Row, *, of_each: str = "day", **about: str) -> list[Row]:
    """Rank the ten largest values, each with the last earlier one that is at least as large.

    Args:
        ask: Runs the query.
        windows: A query for `day` and `value`.
        names: What the oracle calls day, value, and the earlier one (since).
        of_each: What has one place at most, such as a year, with its largest value.
        about: Parameters of the query for windows.
    """
    query = f"""
        with

        windows as ({windows}),

        ten as (
            select
                day,
                value
            from windows
            qualify row_number() over (partition by {of_each} order by value desc) = 1
            order by value desc
            limit 10
        )

        select
            ten.day,
            ten.value,
            max(windows.day) as since,
            arg_max(windows.value, windows.day) as since_value
        from ten
        left join windows on ten.day > windows.day and ten.value <= windows.value
        group by ten.day, ten.value
        order by ten.value desc
    """
    day, value, since = names["day"], names["value"], names["since"]
    return [
        {
            "rank": rank,
            day: row["day"],
            value: row["value"],
            since: row["since"] and {day: row["since"], value: row["since_value"]},
        }
        for rank, row in enumerate(ask(query, **about), start=1)
    ]


def stated_since(ask: Ask, subject: str, measure: str) -> Row | None:
    """Give the last earlier window that was at least as large, as `return_since` states it."""
    query = """
        select previous_at as date, previous_value as value
        from return_since where subject = $subject and measure = $measure
    """
    [row] = ask(query, subject=subject, measure=measure)
    return row if row["date"] else None


def silver_calendar_years(ask: Ask) -> Row:
    return {series: calendar_years(ask, series) for series in ("XAGUSD", "SI=F")}


def calendar_years(ask: Ask, series: str) -> Row:
    years = "from calendar_year_returns where instrument = $series and price_return is not null"
    query = f"""
        select
            count(*) as years,
            min(year) as first_year,
            max(year) as running_year,
            max(session) as running_year_to,
            arg_max(price_return, year) as running_year_return
        {years}
    """
    [row] = ask(query, series=series)
    since = stated_since(ask, series, "calendar_year")
    ten = largest(
        ask,
        f"select year as day, price_return as value {years}",
        {"day": "year", "value": "return", "since": "last_earlier_year_at_least"},
        series=series,
    )
    row["running_year_since"] = since and {"year": since["date"].year, "return": since["value"]}
    return row | {"top10": ten}


def silver_rolling_12m(ask: Ask) -> Row:
    metals = {
        series: {"daily": daily_windows(ask, series), "month_end": month_ends(ask, series)}
        for series in ("XAGUSD", "SI=F")
    }
    return metals | {"World Bank monthly average": monthly_averages(ask)}


TRAILING = """
    from trailing_returns
    where instrument = $series and measure = $measure and price_return is not null
"""
TRAILING_NAMES = {"day": "date", "value": "value", "since": "last_earlier_at_least"}


def daily_windows(ask: Ask, series: str) -> Row:
    about = {"series": series, "measure": "trailing_12_months"}
    query = f"""
        select
            min(session) as first,
            count(*) as windows,
            max(session) as as_of,
            arg_max(price_return, session) as value
        {TRAILING}
    """
    [row] = ask(query, **about)
    windows = f"select session as day, price_return as value {TRAILING}"
    ten = largest(ask, windows, TRAILING_NAMES, of_each="year(day)", **about)
    return row | {
        "last_earlier_at_least": stated_since(ask, series, "trailing_12_months"),
        "largest_of_each_year_top10": ten,
    }


def month_ends(ask: Ask, series: str) -> Row:
    about = {"series": series, "measure": "month_end_12_months"}
    query = f"""
        select
            count(*) as windows,
            max(session) as last,
            arg_max(price_return, session) as last_value
        {TRAILING}
    """
    [row] = ask(query, **about)
    windows = f"select session as day, price_return as value {TRAILING}"
    return row | {
        "last_earlier_at_least": stated_since(ask, series, "month_end_12_months"),
        "top10": largest(ask, windows, TRAILING_NAMES, **about),
    }


def monthly_averages(ask: Ask) -> Row:
    averages = "from average_returns where series = 'SILVER_MONTHLY'"
    query = f"""
        select
            strftime(min(month), '%Y-%m') as first_month,
            strftime(max(month), '%Y-%m') as last_month,
            arg_max(change, month) as value
        {averages}
    """
    [row] = ask(query)
    since = stated_since(ask, "SILVER_MONTHLY", "monthly_average_12_months")
    ten = largest(
        ask,
        f"""
            select strftime(month, '%Y-%m') as day, change as value
            {averages} and change is not null
        """,
        TRAILING_NAMES | {"day": "month"},
    )
    return row | {
        "last_earlier_at_least": since and {"month": f"{since.pop('date'):%Y-%m}"} | since,
        "top10": ten,
    }


def silver_beta_to_gold(ask: Ask) -> Row:
    query = """
        select
            dependent || ' on ' || independent as pair,
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
    """
    return by("pair", ask(query))


def eth_btc_50w(ask: Ask) -> Row:
    query = """
        select
            replace(running.pair, 'ETH.V/BTC.V', 'ETH/BTC Stooq') as pair,
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
        where
            running.week = date_trunc('week', $today::date)
            and running.pair in ('ETH-USD/BTC-USD', 'ETH.V/BTC.V')
    """
    return by("pair", ask(query, today=TODAY))


def btc_in_silver(ask: Ask) -> Row:
    return {
        "BTC-USD / SI=F": priced_in_silver(ask, "BTC-USD/SI=F"),
        "BTC / XAGUSD Stooq": priced_in_silver(ask, "BTC.V/XAGUSD"),
    }


def priced_in_silver(ask: Ask, pair: str) -> Row:
    days = """
        select
            as_of::varchar as day,
            rate as ounces,
            numerator as btc_close,
            denominator as silver_close,
            denominator_as_of as silver_date
        from cross_rates
        where pair = $pair and as_of in ('2021-11-09', '2021-12-11', '2025-12-11')
    """
    highest_of_2021 = """
        select max(rate) as ounces, arg_max(as_of, rate) as date
        from cross_rates where pair = $pair and year(as_of) = 2021
    """
    changes = """
        select measure, value, previous_at as date, previous_value as ounces
        from cross_rate_change where subject = $pair
    """
    lowest_since = """
        select previous_at as date, previous_value as ounces
        from cross_rate where subject = $pair and measure = 'rate'
    """
    points = by("day", ask(days, pair=pair))
    last = points[TODAY]["ounces"]
    [peak_2021] = ask(highest_of_2021, pair=pair)
    [as_low] = ask(lowest_since, pair=pair)
    earlier = by("measure", ask(changes, pair=pair))
    change = {measure: row.pop("value") for measure, row in earlier.items()}
    return {
        "points": points,
        "last": {"date": TODAY, "ounces": last},
        "peak_2021_in_ounces": peak_2021,
        "peak_all": earlier["all_time_peak"],
        "peak_in_the_last_four_years": earlier["window_peak"],
        "last_earlier_day_at_or_below": as_low,
        "change_last_vs": {
            "2021-11-09": last / points["2021-11-09"]["ounces"] - 1,
            "2021-12-11": last / points["2021-12-11"]["ounces"] - 1,
            "peak_2021_in_ounces": last / peak_2021["ounces"] - 1,
            "peak_all": change["all_time_peak"],
            "peak_in_the_last_four_years": change["window_peak"],
            "same day four years earlier": change["four_years"],
        },
    }


def ytd_league(ask: Ask) -> list[Row]:
    """Leave out what the oracle has no series of: coins priced in a stablecoin."""
    query = """
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
    """
    return ask(query)


def gold_silver_ratio(ask: Ask) -> Row:
    query = """
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
            replace(ranges.pair, '/', ' / ') as pair,
            latest.as_of as date,
            latest.value as ratio,
            latest.observations,
            latest.first_observed as first_date,
            placed.value as share_of_days_at_or_below,
            ranges.* exclude (pair),
            case
                when latest.previous_at is not null
                    then { 'date': latest.previous_at, 'ratio': latest.previous_value }
            end as last_earlier_day_at_or_below
        from cross_rate as latest
        inner join cross_rate as placed on latest.subject = placed.subject
        inner join ranges on latest.subject = ranges.pair
        where
            ranges.pair in ('XAUUSD/XAGUSD', 'GC=F/SI=F')
            and latest.measure = 'rate'
            and placed.measure = 'percentile_all_history'
    """
    return by("pair", ask(query))


def bitcoin_day(ask: Ask) -> Row:
    query = """
        select starts_on as date, change as close_to_close
        from price_changes
        where instrument = 'BTC-USD' and period = 'day' and starts_on = last_as_of
    """
    [row] = ask(query)
    return row


def russell_2000(ask: Ask) -> Row:
    query = """
        with

        records as (
            select
                max(session) as last_record_date,
                max(value) as last_record_close,
                list({ 'date': session, 'close': value } order by session) filter (
                    where session >= $today::date - 400
                ) as record_closes_in_last_400_days
            from record_highs
            where instrument = '^RUT' and measure = 'close' and kind = 'sets'
        )

        select
            stated.first_observed as first_date,
            stated.as_of as date,
            stated.value as close,
            stated.previous_value as prior_record_close,
            stated.previous_at as prior_record_date,
            stated.rank = 1 as is_record_since_first_date,
            weeks_52.previous_value as prior_52w_high_close,
            weeks_52.previous_at as prior_52w_high_date,
            weeks_52.value > 0 as is_52w_high,
            sessions_252.previous_value as prior_252_session_high_close,
            sessions_252.value > 0 as is_252_session_high,
            records.*
        from record_high as stated
        inner join breakout as weeks_52 on stated.subject = weeks_52.subject
        inner join breakout as sessions_252 on stated.subject = sessions_252.subject
        cross join records
        where
            stated.subject = '^RUT'
            and stated.measure = 'close'
            and weeks_52.measure = 'close_52_weeks'
            and sessions_252.measure = 'close'
    """
    [row] = ask(query, today=TODAY)
    return row


def fed_upper_bound(ask: Ask) -> Row:
    query = """
        with

        moves as (
            select
                list(
                    { 'date': as_of, 'from': previous_level, 'to': level, 'change': change }
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
    """
    [row] = ask(query)
    return row


def slv_flows(ask: Ask) -> Row:
    return flows(ask, "SLV")


def gld_flows(ask: Ask) -> Row:
    return flows(ask, "GLD")


def flows(ask: Ask, fund: str) -> Row:
    weeks = weeks_of_the_year(ask, fund)
    runs = inflow_runs(ask, fund)
    rolling = rolling_sums(ask, fund)
    return days(ask, fund) | {
        "year_to_date": year_to_date(ask, fund),
        "months": months(ask, fund),
        "months_where_share_and_usd_signs_differ": months_of_two_minds(ask, fund),
        "inflow_runs_by_shares": runs["shares"]["runs"],
        "inflow_runs_by_usd": runs["usd"]["runs"],
        "current_run_by_shares": runs["shares"]["completed"],
        "current_run_by_usd": runs["usd"]["completed"],
        "on_track_by_shares": runs["shares"]["on_track"],
        "longest_run_by_shares": runs["shares"]["longest"],
        "running_month": running_month(ask, fund),
        "weeks_of": 2025,
        "weeks": [week["told"] for week in weeks],
        "running_week": weeks[-1]["running"],
        "rolling_sessions": rolling,
        "last_day": last_day(ask, fund),
    }


def flows_as_of_a_thursday(ask: Ask) -> Row:
    runs = inflow_runs(ask, "SLV", THURSDAY)
    rolling = rolling_sums(ask, "SLV", THURSDAY)
    return {
        "last_row": days(ask, "SLV", THURSDAY)["last_row"],
        "running_week": weeks_of_the_year(ask, "SLV", THURSDAY)[-1]["running"],
        "running_month": running_month(ask, "SLV", THURSDAY),
        "current_run_by_shares": runs["shares"]["completed"],
        "on_track_by_shares": runs["shares"]["on_track"],
        "last_day": last_day(ask, "SLV", THURSDAY),
        "rolling_sessions_last": {length: sums["last"] for length, sums in rolling.items()},
    }


def days(ask: Ask, fund: str, as_of: str = TODAY) -> Row:
    query = """
        with

        told as (
            select
                as_of,
                net_flow_shares,
                { 'date': as_of, 'shares': net_flow_shares, 'usd': net_flow_usd } as day
            from daily_net_flows
            where subject = $fund
        ),

        counted as (
            select
                min(as_of) as first_row,
                max(as_of) as last_row
            from fund_valuations
            where fund = $fund and shares_outstanding is not null
        )

        select
            any_value(counted.first_row) as first_row,
            any_value(counted.last_row) as last_row,
            count(*) as days,
            count(*) filter (where told.net_flow_shares = 0) as days_with_zero_change,
            list(told.day order by told.net_flow_shares desc, told.as_of)[:5] as largest_days,
            list(told.day order by told.net_flow_shares, told.as_of)[:5] as smallest_days
        from told
        cross join counted
    """
    [row] = ask(query, as_of, fund=fund)
    return row


def last_day(ask: Ask, fund: str, as_of: str = TODAY) -> Row:
    query = """
        select
            flows.as_of as date,
            valuations.shares_outstanding,
            valuations.nav,
            flows.net_flow_shares as shares,
            flows.net_flow_usd as usd
        from daily_net_flows as flows
        inner join fund_valuations as valuations
            on flows.subject = valuations.fund and flows.as_of = valuations.as_of
        where flows.subject = $fund
        order by flows.as_of desc
        limit 1
    """
    [row] = ask(query, as_of, fund=fund)
    return row


def year_to_date(ask: Ask, fund: str) -> Row:
    query = """
        select
            year(ends_on) as year,
            max(net_flow) filter (where measure = 'shares') as shares,
            max(net_flow) filter (where measure = 'usd') as usd
        from flow_windows
        where subject = $fund and period = 'year_to_date' and ends_on = last_as_of
        group by ends_on
    """
    [row] = ask(query, fund=fund)
    return row


def months(ask: Ask, fund: str) -> list[Row]:
    query = """
        select
            strftime(flows.month, '%Y-%m') as month,
            flows.net_flow_shares as shares,
            flows.net_flow_usd as usd,
            flows.sessions as rows,
            flows.complete,
            arg_max(valuations.shares_outstanding, valuations.as_of) as shares_at_end,
            max(valuations.as_of) as last_row
        from monthly_net_flows as flows
        inner join fund_valuations as valuations
            on flows.subject = valuations.fund
            and flows.month = date_trunc('month', valuations.as_of)
        where flows.subject = $fund and valuations.shares_outstanding is not null
        group by all
        order by month
    """
    return ask(query, fund=fund)


def months_of_two_minds(ask: Ask, fund: str) -> list[str]:
    query = """
        select strftime(month, '%Y-%m') as month
        from monthly_net_flows
        where subject = $fund and sign(net_flow_shares) <> sign(net_flow_usd)
        order by month
    """
    return [row["month"] for row in ask(query, fund=fund)]


def running_month(ask: Ask, fund: str, as_of: str = TODAY) -> Row:
    query = """
        select
            strftime(any_value(starts_on), '%Y-%m') as month,
            any_value(last_as_of) as to,
            max(net_flow) filter (where measure = 'shares') as shares,
            max(net_flow) filter (where measure = 'usd') as usd,
            max(ratio) filter (where measure = 'shares') as ratio_to_previous_month_shares,
            max(ratio) filter (where measure = 'usd') as ratio_to_previous_month_usd,
            strftime(any_value(starts_on) - interval 1 month, '%Y-%m') as previous_month
        from periods_to_date
        where subject = $fund and period = 'month' and state = 'running'
    """
    [row] = ask(query, as_of, fund=fund)
    return row


def inflow_runs(ask: Ask, fund: str, as_of: str = TODAY) -> dict[str, Row]:
    """Give the runs of each measure by finished months: the running one is told apart."""
    query = """
        with

        told as (
            select
                *,
                {
                    'first': strftime(first_month, '%Y-%m'),
                    'last': strftime(first_month + to_months(completed - 1), '%Y-%m'),
                    'months': completed
                } as run
            from inflow_runs
            where subject = $fund
        )

        select
            measure,
            list(run order by first_month) filter (where completed > 0) as runs,
            arg_max(run, completed) as longest,
            max(completed) filter (where is_current) as completed,
            max(on_track) filter (where is_current) as on_track
        from told
        group by measure
    """
    return by("measure", ask(query, as_of, fund=fund))


def weeks_of_the_year(ask: Ask, fund: str, as_of: str = TODAY) -> list[Row]:
    """Give each week of 2025 as it is told among the others, and as it is told while it runs.

    The oracle numbers equal weeks one after the other, where ours share a rank.
    """
    query = """
        with

        days as (
            select
                date_trunc('week', as_of) as week,
                min(as_of) as first,
                max(as_of) as last
            from daily_net_flows
            where subject = $fund
            group by date_trunc('week', as_of)
        ),

        ranks as (
            select
                *,
                rank - 1 + row_number() over (partition by measure, rank order by week) as place
            from weekly_ranks
            where subject = $fund and iso_year = 2025
        ),

        weeks as (
            select
                week,
                any_value(state) as state,
                any_value(complete) as complete,
                any_value(sessions) as rows,
                max(net_flow) filter (where measure = 'shares') as shares,
                max(net_flow) filter (where measure = 'usd') as usd,
                max(place) filter (where measure = 'shares') as rank_shares,
                max(place) filter (where measure = 'usd') as rank_usd,
                max(rank_if_counted) filter (where measure = 'shares') as counted_shares,
                max(rank_if_counted) filter (where measure = 'usd') as counted_usd
            from ranks
            group by week
        ),

        named as (
            select
                weeks.* replace (strftime(weeks.week, '%G-W%V') as week),
                days.first,
                days.last
            from weeks
            inner join days using (week)
        )

        select
            {
                'week': week,
                'first': first,
                'last': last,
                'rows': rows,
                'complete': complete,
                'shares': shares,
                'usd': usd,
                'rank_shares': rank_shares,
                'rank_usd': rank_usd
            } as told,
            case
                when state = 'running'
                    then {
                        'week': week,
                        'first': first,
                        'last': last,
                        'rows': rows,
                        'shares': shares,
                        'usd': usd,
                        'rank_if_counted_shares': counted_shares,
                        'rank_if_counted_usd': counted_usd
                    }
            end as running
        from named
        order by week
    """
    return ask(query, as_of, fund=fund)


def rolling_sums(ask: Ask, fund: str, as_of: str = TODAY) -> dict[str, Row]:
    query = """
        with

        told as (
            select
                *,
                {
                    'from': from_as_of,
                    'to': as_of,
                    'shares': net_flow_shares,
                    'usd': net_flow_usd
                } as sums
            from rolling_net_flows
            where subject = $fund and sessions in (4, 5)
        )

        select
            sessions::varchar as sessions,
            arg_max(sums, as_of) as last,
            list(sums order by net_flow_usd desc) filter (
                where year(as_of) = 2025
            )[:5] as largest_of_the_year_by_usd
        from told
        group by sessions
    """
    return by("sessions", ask(query, as_of, fund=fund))


def gld_ounces_vs_shares(ask: Ask) -> Row:
    query = """
        with

        days as (
            select
                as_of,
                shares_outstanding - lag(shares_outstanding) over (order by as_of) as shares,
                ounces - lag(ounces) over (order by as_of) as ounces
            from fund_valuations
            where fund = 'GLD' and shares_outstanding is not null
        ),

        months as (
            select
                strftime(as_of, '%Y-%m') as month,
                sum(shares) as shares,
                sum(ounces) as ounces
            from days
            group by strftime(as_of, '%Y-%m')
        )

        select
            count(*) filter (where shares = 0 and ounces <> 0) as days_ounces_moved_without_shares,
            count(*) filter (where shares = 0 and ounces < 0) as of_them_falls,
            list(as_of order by as_of) filter (where shares * ounces < 0) as days_opposite_signs,
            list(as_of order by as_of) filter (
                where shares <> 0 and ounces = 0
            ) as days_shares_moved_without_ounces,
            (
                select list(month order by month)
                from months
                where sign(shares) <> sign(ounces)
            ) as months_signs_differ,
            (select count(*) from months) as months
        from days
    """
    [row] = ask(query)
    return row


SECTIONS: dict[str, Callable[[Ask], object]] = {
    "silver_record": silver_record,
    "silver_calendar_years": silver_calendar_years,
    "silver_rolling_12m": silver_rolling_12m,
    "silver_beta_to_gold": silver_beta_to_gold,
    "eth_btc_50w": eth_btc_50w,
    "btc_in_silver": btc_in_silver,
    "ytd_league": ytd_league,
    "gold_silver_ratio": gold_silver_ratio,
    "bitcoin_day": bitcoin_day,
    "russell_2000": russell_2000,
    "fed_upper_bound": fed_upper_bound,
    "slv_flows": slv_flows,
    "gld_flows": gld_flows,
    "gld_ounces_vs_shares": gld_ounces_vs_shares,
    "slv_flows_as_of_2025-12-04": flows_as_of_a_thursday,
}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_leaf_of_a_section_is_the_answer_to_a_query(
    ask: Ask, oracle: Row, section: str
) -> None:
    assert strays(SECTIONS[section](ask), oracle[section]) == {}


def test_every_section_of_the_oracle_is_asked_for(oracle: Row) -> None:
    assert oracle.keys() - {"as_of", "files"} == SECTIONS.keys()
    assert oracle["as_of"] == TODAY


def test_silvers_year_is_its_best_since_1979(ask: Ask) -> None:
    query = """
        select year(previous_at) as year, complete, statement
        from return_since where subject = 'XAGUSD' and measure = 'calendar_year'
    """
    [row] = ask(query)

    assert (row["year"], row["complete"]) == (1979, False)
    assert "the most since 1979" in row["statement"]


def test_silvers_last_12_months_are_its_best_since_2021_only(ask: Ask) -> None:
    query = """
        select previous_at as last_as_good, statement
        from return_since where subject = 'XAGUSD' and measure = 'trailing_12_months'
    """
    [row] = ask(query)

    assert row["last_as_good"] == date(2021, 3, 22)
    assert "1979" not in row["statement"]


@pytest.mark.parametrize("pair", ["BTC-USD/SI=F", "BTC.V/XAGUSD"])
def test_bitcoin_has_lost_half_its_silver_from_a_peak_but_not_from_four_years_before(
    ask: Ask, pair: str
) -> None:
    query = "select measure, value, previous_at from cross_rate_change where subject = $pair"
    changes = by("measure", ask(query, pair=pair))

    assert changes["four_years"]["value"] > -0.5
    assert changes["four_years"]["previous_at"] == date(2021, 12, 11)
    assert changes["window_peak"]["value"] < -0.5
    assert changes["window_peak"]["previous_at"] == date(2024, 12, 17)
