-- Net creations of funds and groups by week and month, and whether each period is whole.
--
-- Grain   one row per subject, period (week or month) and its first day, with no period left out
-- Method  sum of daily_net_flows; null where nothing was observed or a day's is not known
-- Caveat  see fund_period_states and group_period_states for what makes a period complete
--
-- Columns
-- subject          fund or group
-- period           week or month
-- starts_on        Monday of the ISO week, first day of the month
-- net_flow_shares  net creations, shares; null for groups
-- net_flow_usd     net creations at NAV, USD
-- net_flow_ounces  net creations, troy ounces
-- sessions         market days observed
-- coverage         fund: share of its sessions observed; group: smallest daily coverage
-- state            complete, running, first or cannot be told
-- is_estimated     whether ounces are estimated

with

states as (
    select
        fund as subject,
        period,
        starts_on,
        sessions,
        coverage,
        state
    from fund_period_states
    union all
    select
        fund_group as subject,
        period,
        starts_on,
        sessions,
        coverage,
        state
    from group_period_states
),

summed as (
    select
        flows.subject,
        periods.period,
        date_trunc(periods.period, flows.as_of)::date as starts_on,
        case when bool_and(flows.net_flow_shares is not null)
            then sum(flows.net_flow_shares) end as net_flow_shares,
        case when bool_and(flows.net_flow_usd is not null)
            then sum(flows.net_flow_usd) end as net_flow_usd,
        case when bool_and(flows.net_flow_ounces is not null)
            then sum(flows.net_flow_ounces) end as net_flow_ounces,
        bool_or(flows.is_estimated) as is_estimated
    from daily_net_flows as flows
    cross join (select unnest(['week', 'month']) as period) as periods
    group by flows.subject, periods.period, date_trunc(periods.period, flows.as_of)
)

select
    states.subject,
    states.period,
    states.starts_on,
    summed.net_flow_shares,
    summed.net_flow_usd,
    summed.net_flow_ounces,
    states.sessions,
    states.coverage,
    states.state,
    summed.is_estimated
from states
left join summed
    on states.subject = summed.subject
    and states.period = summed.period
    and states.starts_on = summed.starts_on
