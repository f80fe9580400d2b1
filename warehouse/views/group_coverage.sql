-- How much of a group of funds reported on each session.
--
-- Grain   one row per group and session, from the first valuation of a member to the last
-- Method  last-known net assets of the members that reported, over those of all members
-- Caveat  a member that has never reported has no known assets: it lowers `complete`, not this
--
-- Columns
-- fund_group         group
-- session            trading day of the members' calendar
-- coverage           share of the last-known net assets that reported, a fraction
-- members_reporting  members that reported
-- members_known      members that have ever reported

with

known_flows as (
    select * from fund_net_flows
),

lifetimes as (
    select
        fund_groups.fund_group,
        fund_groups.fund,
        fund_groups.member_from,
        coalesce(fund_groups.member_until, date 'infinity') as member_until,
        funds.calendar,
        min(flows.as_of) as first_as_of,
        max(flows.as_of) as last_as_of
    from fund_groups
    inner join funds on fund_groups.fund = funds.fund
    inner join known_flows as flows on fund_groups.fund = flows.fund
    group by
        fund_groups.fund_group, fund_groups.fund, fund_groups.member_from,
        fund_groups.member_until, funds.calendar
),

spans as (
    select
        fund_group,
        calendar,
        min(first_as_of) as first_as_of,
        max(last_as_of) as last_as_of
    from lifetimes
    group by fund_group, calendar
),

spine as (
    select distinct
        spans.fund_group,
        sessions.session
    from spans
    inner join sessions
        on spans.calendar = sessions.calendar
        and sessions.session between spans.first_as_of and spans.last_as_of
),

expected as (
    select
        spine.fund_group,
        spine.session,
        lifetimes.fund
    from spine
    inner join lifetimes
        on spine.fund_group = lifetimes.fund_group
        and spine.session >= lifetimes.first_as_of
        and spine.session between lifetimes.member_from and lifetimes.member_until
),

weighed as (
    select
        expected.fund_group,
        expected.session,
        flows.net_assets,
        flows.as_of = expected.session as reported
    from expected
    asof join known_flows as flows
        on expected.fund = flows.fund and expected.session >= flows.as_of
)

select
    fund_group,
    session,
    coalesce(sum(net_assets) filter (where reported), 0) / sum(net_assets) as coverage,
    count(*) filter (where reported) as members_reporting,
    count(*) as members_known
from weighed
group by fund_group, session
