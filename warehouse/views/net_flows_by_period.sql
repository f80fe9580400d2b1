-- Net creations of funds and groups by week and month, and whether each period is whole.
--
-- Grain   one row per subject, period (week or month) and its first day, with no period left out
-- Method  sum of daily net flows, sorted first, so that it is the same to the last digit whichever
--         order they are read in; null where nothing was observed or a day's is not known. Complete
--         when the last session has been observed, or any later one, unless it is the first, or
--         cannot be told: nothing in it was observed, or a hole of more than five sessions crosses
--         one of its ends. A group's also cannot be told if on any session less than 95 % of its
--         net assets reported or a member was not known yet, nor if a member fell silent in it.
--         Daily flow rates are compounded: shares at the end over those before, less 1, whatever
--         was split in between; rounded to 12 decimals, so that what came and went is nothing
-- Caveat  a hole within a period leaves it complete, and so does one of up to five sessions across
--         its end: the change falls on the day data resumes
--
-- Columns
-- subject          fund or group
-- period           week or month
-- starts_on        Monday of the ISO week, first day of the month
-- is_group         whether the subject is a group
-- net_flow_shares  net creations, shares; null for groups
-- net_flow_usd     net creations at NAV, USD
-- net_flow_ounces  net creations, troy ounces
-- sessions         market days observed
-- coverage         fund: share of its sessions observed; group: smallest daily coverage
-- state            complete, running, first or cannot be told
-- is_over          whether its last session, or any later one, has been observed
-- is_estimated     whether ounces are estimated
-- last_as_of       the subject's latest market day
-- flow_rate        net creations over the shares before, a fraction; null for groups

with

days as (
    select * from subject_days
),

periods as (
    select unnest(['week', 'month']) as period
),

summed as (
    select
        days.subject,
        periods.period,
        date_trunc(periods.period, days.as_of)::date as starts_on,
        count(*) filter (where days.members_reporting > 0) as sessions,
        count(days.net_flow_shares) as known_in_shares,
        count(days.net_flow_usd) as known_in_usd,
        count(days.net_flow_ounces) as known_in_ounces,
        count(days.flow_rate) as known_as_rates,
        list_sum(list_sort(list(days.net_flow_shares))) as net_flow_shares,
        list_sum(list_sort(list(days.net_flow_usd))) as net_flow_usd,
        list_sum(list_sort(list(days.net_flow_ounces))) as net_flow_ounces,
        round(list_product(list_sort(list(1 + days.flow_rate))) - 1, 12) as flow_rate,
        min(days.coverage) as coverage,
        bool_or(
            days.coverage < 0.95 or days.members_known < days.members_expected
        ) as is_uncovered,
        bool_or(days.members_awaited > 0) as is_awaited,
        bool_or(days.is_estimated) as is_estimated
    from days
    cross join periods
    group by days.subject, periods.period, date_trunc(periods.period, days.as_of)
),

beginnings as (
    select
        fund_group,
        min(member_from) as member_from
    from fund_groups
    group by fund_group
),

lifetimes as (
    select
        days.subject,
        any_value(days.is_group) as is_group,
        any_value(days.calendar) as calendar,
        min(coalesce(days.previous_as_of, days.as_of)) as first_as_of,
        max(days.as_of) as last_as_of,
        coalesce(any_value(beginnings.member_from), date '-infinity') as member_from
    from days
    left join beginnings on days.subject = beginnings.fund_group
    group by days.subject
),

spine as (
    select
        lifetimes.*,
        periods.period,
        unnest(generate_series(
            date_trunc(periods.period, greatest(lifetimes.first_as_of, lifetimes.member_from)),
            date_trunc(periods.period, lifetimes.last_as_of),
            case periods.period when 'week' then interval 7 day else interval 1 month end
        ))::date as starts_on
    from lifetimes
    cross join periods
),

due as (
    select
        sessions.calendar,
        periods.period,
        date_trunc(periods.period, sessions.session)::date as starts_on,
        max(sessions.session) as last_session,
        count(*) as sessions
    from sessions
    cross join periods
    group by sessions.calendar, periods.period, date_trunc(periods.period, sessions.session)
),

holes as (
    select
        days.subject,
        periods.period,
        days.spans_sessions > 6 as is_long,
        date_trunc(periods.period, days.previous_as_of) as starts_in,
        date_trunc(periods.period, days.as_of) as ends_in,
        case periods.period when 'week' then interval 7 day else interval 1 month end as step
    from days
    cross join periods
    where
        days.spans_sessions > 1
        and date_trunc(periods.period, days.previous_as_of)
        < date_trunc(periods.period, days.as_of)
),

holed as (
    select distinct
        subject,
        period,
        unnest(
            case
                when is_long then generate_series(starts_in, ends_in, step)
                else generate_series(starts_in + step, ends_in - step, step)
            end
        )::date as starts_on
    from holes
)

select
    spine.subject,
    spine.period,
    spine.starts_on,
    spine.is_group,
    case
        when summed.known_in_shares = summed.sessions then summed.net_flow_shares
    end as net_flow_shares,
    case when summed.known_in_usd = summed.sessions then summed.net_flow_usd end as net_flow_usd,
    case
        when summed.known_in_ounces = summed.sessions then summed.net_flow_ounces
    end as net_flow_ounces,
    coalesce(summed.sessions, 0) as sessions,
    case
        when spine.is_group then coalesce(summed.coverage, 0)
        else least(1, coalesce(summed.sessions, 0) / due.sessions)
    end as coverage,
    case
        when holed.subject is not null then 'cannot be told'
        when spine.starts_on = date_trunc(spine.period, spine.first_as_of) then 'first'
        when coalesce(summed.sessions, 0) = 0 or summed.is_uncovered then 'cannot be told'
        when due.last_session > spine.last_as_of then 'running'
        when summed.is_awaited then 'cannot be told'
        else 'complete'
    end as state,
    coalesce(due.last_session <= spine.last_as_of, false) as is_over,
    summed.is_estimated,
    spine.last_as_of,
    case when summed.known_as_rates = summed.sessions then summed.flow_rate end as flow_rate
from spine
left join summed
    on spine.subject = summed.subject
    and spine.period = summed.period
    and spine.starts_on = summed.starts_on
left join due
    on spine.calendar = due.calendar
    and spine.period = due.period
    and spine.starts_on = due.starts_on
left join holed
    on spine.subject = holed.subject
    and spine.period = holed.period
    and spine.starts_on = holed.starts_on
