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
        { 'subject': subject, 'measure': measure } as measured,
        case when state <> 'cannot be told' then net_flow end as flow_if_told
    from measured
    qualify count(net_flow) over (partition by subject, measure) > 0
),

whole as (
    select *
    from months
    where state <> 'first'
),

runs as (
    select * from streaks(whole, measured, month, flow_if_told)
)

select
    months.subject,
    months.measure,
    months.month,
    months.net_flow,
    runs.streak,
    months.complete,
    months.state,
    coalesce(runs.at_least, true) as at_least,
    runs.first_as_of as first_month,
    months.is_over,
    months.is_estimated,
    months.last_as_of
from months
left join runs on months.measured = runs.subject and months.month = runs.as_of
