-- The net flow of each week and month so far, beside that of the whole one before.
--
-- Grain   one row per subject, measure (shares, ounces or usd), period (week or month) and its
--         first day, the running one included
-- Method  net flows as in net_flows_by_period; the ratio is null unless the net flow of the period
--         before is above zero
-- Caveat  null where the period cannot be told or is the subject's first: so there is no ratio to
--         such a period either
--
-- Columns
-- subject            fund or group
-- measure            shares, ounces or usd
-- period             week or month
-- starts_on          Monday of the ISO week, first day of the month
-- net_flow           net creations so far, in the measure's unit
-- previous_net_flow  net creations of the whole period before
-- ratio              of the two; null unless the previous one is above zero
-- complete           whether the period is over and all of it is known
-- state              complete, running, first or cannot be told
-- sessions           sessions observed
-- is_estimated       whether the net flow is in estimated ounces
-- last_as_of         the subject's latest market day

with

observed as (
    select * from net_flows_by_period
),

measures as (
    select unnest(['shares', 'ounces', 'usd']) as measure
),

measured as (
    select
        observed.subject,
        measures.measure,
        observed.period,
        observed.starts_on,
        observed.sessions,
        observed.state,
        observed.last_as_of,
        coalesce(observed.is_estimated, false) and measures.measure = 'ounces' as is_estimated,
        { 'subject': observed.subject, 'measure': measures.measure } as field,
        case measures.measure
            when 'shares' then observed.net_flow_shares
            when 'ounces' then observed.net_flow_ounces
            else observed.net_flow_usd
        end as net_flow
    from observed
    cross join measures
),

told as (
    select
        * exclude (net_flow),
        case when state in ('complete', 'running') then net_flow end as net_flow
    from measured
    qualify count(net_flow) over (partition by subject, measure) > 0
),

weeks as (
    select * from told
    where period = 'week'
),

months as (
    select * from told
    where period = 'month'
),

to_date as (
    select
        'week' as period,
        *
    from period_to_date(weeks, field, starts_on, net_flow, unit := 'week')
    union all
    select
        'month' as period,
        *
    from period_to_date(months, field, starts_on, net_flow, unit := 'month')
)

select
    told.subject,
    told.measure,
    told.period,
    told.starts_on,
    to_date.amount as net_flow,
    to_date.previous_amount as previous_net_flow,
    to_date.ratio,
    told.state = 'complete' as complete,
    told.state,
    told.sessions,
    told.is_estimated,
    told.last_as_of
from told
inner join to_date
    on told.field = to_date.subject
    and told.period = to_date.period
    and told.starts_on = to_date.starts_on
