-- Whether a group's weeks and months are whole.
--
-- Grain   one row per group, period (week or month) and its first day, with no period left out
-- Method  the groups of net_flows_by_period, which says when a period is complete
-- Caveat  a member that has never reported makes all its periods ones that cannot be told
--
-- Columns
-- fund_group  group
-- period      week or month
-- starts_on   Monday of the ISO week, first day of the month
-- sessions    sessions on which a member reported
-- coverage    smallest daily coverage
-- state       complete, running, first or cannot be told

select
    subject as fund_group,
    period,
    starts_on,
    sessions,
    coverage,
    state
from net_flows_by_period
where is_group
