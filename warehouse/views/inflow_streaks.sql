-- How many months in a row, ending with this one, each fund or group has taken in shares, ounces,
-- dollars.
--
-- Grain   one row per subject, measure and month, the running month included
-- Method  months whose net flow is above zero, unbroken; a flat or negative month ends a streak.
--         After a month that cannot be told the streak is null until a month ends it for certain.
--         The subject's first month is never whole, so a streak starts after it at the earliest
-- Caveat  the running month counts here, with `complete` false; the fact inflow_streak states it
--         apart
--
-- Columns
-- subject   fund or group
-- measure   shares, ounces or usd
-- month     first day of the month
-- net_flow  net creations of the month, in the measure's unit
-- streak    months in a row, this one included; 0 if it is none; null if it cannot be told
-- complete  whether the month is over and all of it is known
-- state     complete, running, first or cannot be told
-- at_least  whether the streak reaches back to the first month known, so may be longer

with

known_months as (
    select * from monthly_net_flows
),

measured as (
    unpivot (
        select
            subject,
            month,
            complete,
            state,
            net_flow_shares as shares,
            net_flow_ounces as ounces,
            net_flow_usd as usd
        from known_months as monthly_net_flows
    )
    on shares, ounces, usd
    into name measure value net_flow
),

known_measures as (
    select distinct
        subject,
        measure
    from measured
),

months as (
    select
        monthly.subject,
        known_measures.measure,
        monthly.month,
        monthly.complete,
        monthly.state,
        measured.net_flow,
        case
            when monthly.state = 'first' then 'start'
            when monthly.state = 'cannot be told' or measured.net_flow is null then 'unknown'
            when measured.net_flow > 0 then 'inflow'
            else 'none'
        end as verdict
    from known_months as monthly
    inner join known_measures on monthly.subject = known_measures.subject
    left join measured
        on monthly.subject = measured.subject
        and known_measures.measure = measured.measure
        and monthly.month = measured.month
),

runs as (
    select
        *,
        count(*) filter (where verdict <> 'inflow') over (
            partition by subject, measure order by month
        ) as run
    from months
),

opened as (
    select
        *,
        first_value(verdict) over run_so_far as opened_by,
        count(*) filter (where verdict = 'inflow') over run_so_far as inflows
    from runs
    window run_so_far as (partition by subject, measure, run order by month)
)

select
    subject,
    measure,
    month,
    net_flow,
    case when opened_by = 'unknown' or verdict = 'start' then null else inflows end as streak,
    complete,
    state,
    opened_by = 'start' as at_least
from opened
