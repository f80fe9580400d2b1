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
-- subject       fund or group
-- measure       shares, ounces or usd
-- month         first day of the month
-- net_flow      net creations of the month, in the measure's unit
-- streak        months in a row, this one included; 0 if it is none; null if it cannot be told
-- complete      whether the month is over and all of it is known
-- state         complete, running, first or cannot be told
-- at_least      whether the streak reaches back to the first month known, so may be longer
-- first_month   first month of the streak; null if it is none
-- is_over       whether the month is over
-- is_estimated  whether the net flow is in estimated ounces
-- last_as_of    the subject's latest market day

with

observed as (
    select * from monthly_net_flows
),

measures as (
    select unnest(['shares', 'ounces', 'usd']) as measure
),

measured as (
    select
        observed.subject,
        measures.measure,
        observed.month,
        observed.complete,
        observed.state,
        observed.is_over,
        observed.last_as_of,
        observed.is_estimated and measures.measure = 'ounces' as is_estimated,
        case measures.measure
            when 'shares' then observed.net_flow_shares
            when 'ounces' then observed.net_flow_ounces
            else observed.net_flow_usd
        end as net_flow
    from observed
    cross join measures
),

months as (
    select
        *,
        case
            when state = 'first' then 'start'
            when state = 'cannot be told' or net_flow is null then 'unknown'
            when net_flow > 0 then 'inflow'
            else 'none'
        end as verdict
    from measured
    qualify count(net_flow) over (partition by subject, measure) > 0
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
        count(*) filter (where verdict = 'inflow') over run_so_far as inflows,
        min(month) filter (where verdict = 'inflow') over run_so_far as first_inflow
    from runs
    window run_so_far as (partition by subject, measure, run order by month)
)

select
    subject,
    measure,
    month,
    net_flow,
    case when opened_by <> 'unknown' and verdict <> 'start' then inflows end as streak,
    complete,
    state,
    opened_by in ('start', 'inflow') as at_least,
    case when opened_by <> 'unknown' then first_inflow end as first_month,
    is_over,
    is_estimated,
    last_as_of
from opened
