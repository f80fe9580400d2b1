-- Net creations of each fund, and of each group of funds, by market day.
--
-- Grain   one row per subject and market day on which it, or a member, reported
-- Method  a fund's as in fund_net_flows; a group's is the sum over its members of that day
-- Caveat  shares of different funds are not added: a group's net_flow_shares is null
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

with

known_flows as (
    select * from fund_net_flows
),

memberships as (
    select
        fund_group,
        fund,
        member_from,
        coalesce(member_until, date 'infinity') as member_until
    from fund_groups
)

select
    fund as subject,
    as_of,
    net_flow_shares,
    net_flow_usd,
    net_flow_ounces,
    1::double as coverage,
    spans_sessions,
    ounces_are_estimated as is_estimated
from known_flows as fund_net_flows
union all
select
    memberships.fund_group as subject,
    flows.as_of,
    null::double as net_flow_shares,
    sum(flows.net_flow_usd) as net_flow_usd,
    sum(flows.net_flow_ounces) as net_flow_ounces,
    any_value(group_coverage.coverage) as coverage,
    max(flows.spans_sessions) as spans_sessions,
    bool_or(flows.ounces_are_estimated) as is_estimated
from memberships
inner join known_flows as flows
    on memberships.fund = flows.fund
    and flows.as_of between memberships.member_from and memberships.member_until
left join group_coverage
    on memberships.fund_group = group_coverage.fund_group
    and flows.as_of = group_coverage.session
group by memberships.fund_group, flows.as_of
