-- Net creations of each fund, and of each group of funds, by market day.
--
-- Grain   one row per subject and market day on which it, or a member, reported
-- Method  a fund's as in fund_net_flows; a group's is the sum over its members of that day
-- Caveat  shares of different funds are not added: a group's net_flow_shares is null. Where the
--         flow of a member is not known, neither is the group's
--
-- Columns
-- subject          fund or group
-- as_of            market day
-- net_flow_shares  net creations, shares; null for groups
-- net_flow_usd     net creations at NAV, USD
-- net_flow_ounces  net creations, troy ounces; null where no metal is held
-- coverage         share of the group's net assets that reported; 1 for a fund
-- spans_sessions   sessions since the previous count; more than 1 is a hole
-- is_estimated     whether ounces are estimated
-- flow_rate        net creations over the shares before, a fraction; null for groups

select
    subject,
    as_of,
    net_flow_shares,
    net_flow_usd,
    net_flow_ounces,
    coverage,
    spans_sessions,
    is_estimated,
    flow_rate
from subject_days
where members_reporting > 0
