-- Whether a fund's weeks and months are whole.
--
-- Grain   one row per fund, period (week or month) and its first day, with no period left out
-- Method  a period is complete when its last session has been observed, or any later one, unless
--         it is the fund's first, nothing in it was observed, or a hole of more than five sessions
--         crosses one of its ends; a period whose last session is still to come is running
-- Caveat  a hole within a period leaves it complete, and so does one of up to five sessions across
--         its end: the change falls on the day data resumes
--
-- Columns
-- fund       ticker
-- period     week or month
-- starts_on  Monday of the ISO week, first day of the month
-- sessions   market days observed
-- coverage   share of the period's sessions observed; a running one's are not all due
-- state      complete, running, first or cannot be told

with

known_flows as (
    select * from fund_net_flows
),

periods as (
    select unnest(['week', 'month']) as period
),

observed as (
    select
        flows.fund,
        periods.period,
        date_trunc(periods.period, flows.as_of)::date as starts_on,
        count(*) as sessions
    from known_flows as flows
    cross join periods
    group by flows.fund, periods.period, date_trunc(periods.period, flows.as_of)
),

lifetimes as (
    select
        flows.fund,
        funds.calendar,
        min(coalesce(flows.previous_as_of, flows.as_of)) as first_as_of,
        max(flows.as_of) as last_as_of
    from known_flows as flows
    inner join funds on flows.fund = funds.fund
    group by flows.fund, funds.calendar
),

spine as (
    select
        lifetimes.fund,
        lifetimes.calendar,
        lifetimes.last_as_of,
        periods.period,
        date_trunc(periods.period, lifetimes.first_as_of)::date as first_start,
        unnest(generate_series(
            date_trunc(periods.period, lifetimes.first_as_of)::date,
            date_trunc(periods.period, lifetimes.last_as_of)::date,
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

holed as (
    select distinct
        flows.fund,
        periods.period,
        unnest(generate_series(
            date_trunc(periods.period, flows.previous_as_of)::date,
            date_trunc(periods.period, flows.as_of)::date,
            case periods.period when 'week' then interval 7 day else interval 1 month end
        ))::date as starts_on
    from known_flows as flows
    cross join periods
    where
        flows.spans_sessions > 6
        and date_trunc(periods.period, flows.previous_as_of)
        < date_trunc(periods.period, flows.as_of)
)

select
    spine.fund,
    spine.period,
    spine.starts_on,
    coalesce(observed.sessions, 0) as sessions,
    least(1, coalesce(observed.sessions, 0) / due.sessions) as coverage,
    case
        when holed.fund is not null then 'cannot be told'
        when spine.starts_on = spine.first_start then 'first'
        when observed.sessions is null then 'cannot be told'
        when due.last_session <= spine.last_as_of then 'complete'
        else 'running'
    end as state
from spine
left join observed
    on spine.fund = observed.fund
    and spine.period = observed.period
    and spine.starts_on = observed.starts_on
left join due
    on spine.calendar = due.calendar
    and spine.period = due.period
    and spine.starts_on = due.starts_on
left join holed
    on spine.fund = holed.fund
    and spine.period = holed.period
    and spine.starts_on = holed.starts_on
