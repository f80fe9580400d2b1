-- Net creations of funds and groups over 5 and 20 sessions and by year to date, without overlaps.
--
-- Grain   one row per subject, measure, period (5_sessions, 20_sessions or year_to_date) and its
--         last market day, where the net flow can be told
-- Method  windows of sessions are those of rolling_net_flows, counted back from the latest market
--         day. The year to date stands beside the same number of sessions at the start of earlier
--         years. The flow of each of its days must be known, and none may follow, or lead into, a
--         hole of more than five sessions; of a group's, 95 % of its net assets must have reported
--         and every member been known. The year in which the subject's history begins is left out
-- Caveat  the windows move on with the latest day: they are those of its day only
--
-- Columns
-- subject       fund or group
-- measure       shares, ounces or usd
-- period        5_sessions, 20_sessions or year_to_date
-- starts_on     first market day
-- ends_on       last market day
-- net_flow      net creations, in the measure's unit
-- sessions      length of the window; a year shorter than the year to date has fewer
-- is_estimated  whether the net flow is in estimated ounces
-- last_as_of    the subject's latest market day

with

days as (
    select
        *,
        year(as_of) as year,
        spans_sessions <= 6
        and coalesce(lead(spans_sessions) over subjects <= 6, true)
        and coalesce(coverage >= 0.95, true)
        and coalesce(members_known >= members_expected, true) as is_told
    from subject_days
    window subjects as (partition by subject order by as_of)
),

ends as (
    select
        subject,
        any_value(calendar) as calendar,
        max(as_of) as last_as_of
    from days
    group by subject
),

years as (
    select
        calendar,
        year(session) as year,
        list(session order by session) as sessions
    from sessions
    group by calendar, year(session)
),

reached as (
    select
        ends.subject,
        ends.calendar,
        ends.last_as_of,
        count(*) as sessions
    from ends
    inner join sessions
        on ends.calendar = sessions.calendar
        and sessions.session between date_trunc('year', ends.last_as_of) and ends.last_as_of
    group by ends.subject, ends.calendar, ends.last_as_of
),

starts_of_years as (
    select
        reached.subject,
        reached.last_as_of,
        years.year,
        least(reached.sessions, len(years.sessions)) as sessions,
        coalesce(
            years.sessions[reached.sessions + 1], make_date(years.year + 1, 1, 1)
        ) as ends_before
    from reached
    inner join years on reached.calendar = years.calendar
),

years_to_date as (
    select
        days.subject,
        min(days.as_of) as starts_on,
        max(days.as_of) as ends_on,
        any_value(starts_of_years.sessions) as sessions,
        any_value(starts_of_years.last_as_of) as last_as_of,
        bool_or(days.is_estimated) as is_estimated,
        case
            when count(*) = count(days.net_flow_shares)
                then list_sum(list_sort(list(days.net_flow_shares)))
        end as shares,
        case
            when count(*) = count(days.net_flow_ounces)
                then list_sum(list_sort(list(days.net_flow_ounces)))
        end as ounces,
        case
            when count(*) = count(days.net_flow_usd)
                then list_sum(list_sort(list(days.net_flow_usd)))
        end as usd
    from days
    inner join starts_of_years
        on days.subject = starts_of_years.subject and days.year = starts_of_years.year
    where days.as_of < starts_of_years.ends_before
    group by days.subject, days.year
    having
        bool_and(coalesce(days.is_told, false))
        and year(min(days.previous_as_of)) < days.year
),

windows as (
    select
        rolling.subject,
        rolling.sessions || '_sessions' as period,
        rolling.from_as_of as starts_on,
        rolling.as_of as ends_on,
        rolling.sessions,
        rolling.is_estimated,
        ends.last_as_of,
        rolling.net_flow_shares as shares,
        rolling.net_flow_ounces as ounces,
        rolling.net_flow_usd as usd
    from rolling_net_flows as rolling
    inner join ends on rolling.subject = ends.subject
    where rolling.sessions in (5, 20) and rolling.days_back % rolling.sessions = 0
    union all
    select
        subject,
        'year_to_date' as period,
        starts_on,
        ends_on,
        sessions,
        is_estimated,
        last_as_of,
        shares,
        ounces,
        usd
    from years_to_date
),

measured as (
    select
        * exclude (shares, ounces, usd),
        unnest(['shares', 'ounces', 'usd']) as measure,
        unnest([shares, ounces, usd]) as net_flow
    from windows
)

select
    subject,
    measure,
    period,
    starts_on,
    ends_on,
    net_flow,
    sessions,
    coalesce(is_estimated, false) and measure = 'ounces' as is_estimated,
    last_as_of
from measured
where net_flow is not null
