-- Net creations of each fund, and of each group of funds, by calendar month.
--
-- Grain   one row per subject and month, with no month left out
-- Method  sum of daily net flows; see net_flows_by_period
-- Caveat  a running month stands with `complete` false; so does the subject's first, and one that
--         cannot be told
--
-- Columns
-- subject          fund or group
-- month            first day of the month
-- net_flow_shares  net creations, shares; null for groups
-- net_flow_usd     net creations at NAV, USD
-- net_flow_ounces  net creations, troy ounces
-- complete         whether the month is over and all of it is known
-- coverage         fund: share of its sessions observed; group: smallest daily coverage
-- sessions         sessions observed
-- state            complete, running, first or cannot be told
-- is_estimated     whether ounces are estimated
-- is_over          whether its last session, or any later one, has been observed
-- last_as_of       the subject's latest market day
-- flow_rate        net creations over the shares before, a fraction; null for groups

select
    subject,
    starts_on as month,
    net_flow_shares,
    net_flow_usd,
    net_flow_ounces,
    state = 'complete' as complete,
    coverage,
    sessions,
    state,
    is_estimated,
    is_over,
    last_as_of,
    flow_rate
from net_flows_by_period
where period = 'month'
