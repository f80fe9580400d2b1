-- Net creations of each fund, and of each group of funds, day by day, with who reported.
--
-- Grain   one row per subject and market day: a fund's days with a net flow; a group's sessions,
--         from the first net flow of a member to the last, and its members' other days
-- Method  a group's net flow is the sum over the members that reported; null if one of theirs is
--         (sorted first, so that it is the same to the last digit in whatever order it is read).
--         A member is expected from its launch or the beginning of its membership, whichever is
--         later. Coverage is the share of the members' last-known net assets that reported
-- Caveat  shares of different funds are not added: a group's net_flow_shares is null. A member that
--         has never reported has no known assets: it is expected, but lowers no coverage
--
-- Columns
-- subject            fund or group
-- as_of              market day
-- is_group           whether the subject is a group
-- calendar           exchange calendar; a group's is one of its members'
-- previous_as_of     market day of the previous count, the oldest one of the members'
-- net_flow_shares    net creations, shares; null for groups
-- net_flow_usd       net creations at NAV, USD
-- net_flow_ounces    net creations, troy ounces; null where no metal is held
-- coverage           share of the last-known net assets that reported; null on a day without
--                    session; 1 for a fund
-- members_reporting  members that reported
-- members_known      members that have a net flow on this session or an earlier one
-- members_expected   members that should have one
-- members_awaited    members that have not reported since
-- spans_sessions     sessions since the previous count, the most of the members'
-- is_estimated       whether ounces are estimated
-- flow_rate          net creations over the shares before, a fraction; null for groups

with

fund_days as (
    select * from fund_net_flows
),

lifetimes as (
    select
        fund,
        max(as_of) as last_as_of,
        min(case when mark = 'seed shares' then launched_on else as_of end) as first_as_of
    from fund_days
    group by fund
),

members as (
    select
        fund_groups.fund_group,
        fund_groups.fund,
        fund_groups.member_from,
        funds.calendar,
        lifetimes.first_as_of,
        lifetimes.last_as_of,
        greatest(fund_groups.member_from, funds.launched_on) as expected_from,
        coalesce(fund_groups.member_until, date 'infinity') as expected_until
    from fund_groups
    inner join funds on fund_groups.fund = funds.fund
    left join lifetimes on fund_groups.fund = lifetimes.fund
),

reported as (
    select
        members.fund_group,
        fund_days.as_of,
        any_value(fund_days.calendar) as calendar,
        min(fund_days.previous_as_of) as previous_as_of,
        list_sum(list_sort(list(fund_days.net_flow_usd))) as net_flow_usd,
        list_sum(list_sort(list(fund_days.net_flow_ounces))) as net_flow_ounces,
        bool_and(fund_days.net_flow_usd is not null) as is_known_in_usd,
        bool_and(fund_days.net_flow_ounces is not null) as is_known_in_ounces,
        count(*) as members_reporting,
        max(fund_days.spans_sessions) as spans_sessions,
        bool_or(fund_days.ounces_are_estimated) as is_estimated
    from members
    inner join fund_days
        on members.fund = fund_days.fund
        and fund_days.as_of between members.member_from and members.expected_until
    group by members.fund_group, fund_days.as_of
),

spans as (
    select
        fund_group,
        min(as_of) as first_as_of,
        max(as_of) as last_as_of
    from reported
    group by fund_group
),

member_sessions as (
    select
        members.*,
        sessions.session,
        sessions.session >= greatest(members.expected_from, spans.first_as_of) as is_expected
    from members
    inner join spans on members.fund_group = spans.fund_group
    inner join sessions
        on members.calendar = sessions.calendar
        and sessions.session
        between least(members.first_as_of, greatest(members.expected_from, spans.first_as_of))
        and least(members.expected_until, spans.last_as_of)
),

weighed as (
    select
        member_sessions.*,
        fund_days.fund is not null as has_reported,
        last_value(fund_days.net_assets ignore nulls) over so_far as net_assets
    from member_sessions
    left join fund_days
        on member_sessions.fund = fund_days.fund and member_sessions.session = fund_days.as_of
    window so_far as (
        partition by
            member_sessions.fund_group, member_sessions.fund, member_sessions.member_from
        order by member_sessions.session
    )
),

covered as (
    select
        fund_group,
        session,
        any_value(calendar) as calendar,
        list_sum(list_sort(list(net_assets))) as net_assets,
        coalesce(
            list_sum(list_sort(list(net_assets) filter (where has_reported))), 0
        ) as net_assets_reporting,
        count(*) filter (where has_reported) as members_reporting,
        count(*) filter (where session >= first_as_of) as members_known,
        count(*) as members_expected,
        count(*) filter (where session > last_as_of) as members_awaited
    from weighed
    where is_expected
    group by fund_group, session
),

group_days as (
    select
        reported.previous_as_of,
        reported.spans_sessions,
        reported.is_estimated,
        covered.members_known,
        covered.members_expected,
        covered.members_awaited,
        coalesce(covered.fund_group, reported.fund_group) as subject,
        coalesce(covered.session, reported.as_of) as as_of,
        coalesce(covered.calendar, reported.calendar) as calendar,
        coalesce(reported.members_reporting, 0) as members_reporting,
        case when reported.is_known_in_usd then reported.net_flow_usd end as net_flow_usd,
        case when reported.is_known_in_ounces then reported.net_flow_ounces end as net_flow_ounces,
        case
            when covered.fund_group is null then null
            when covered.members_known = 0 then 0
            when covered.members_reporting = covered.members_known then 1
            else coalesce(covered.net_assets_reporting / nullif(covered.net_assets, 0), 0)
        end as coverage
    from covered
    full join reported
        on covered.fund_group = reported.fund_group and covered.session = reported.as_of
)

select
    fund as subject,
    as_of,
    false as is_group,
    calendar,
    previous_as_of,
    net_flow_shares,
    net_flow_usd,
    net_flow_ounces,
    1::double as coverage,
    1 as members_reporting,
    1 as members_known,
    1 as members_expected,
    0 as members_awaited,
    spans_sessions,
    ounces_are_estimated as is_estimated,
    flow_rate
from fund_days
union all
select
    subject,
    as_of,
    true as is_group,
    calendar,
    previous_as_of,
    null::double as net_flow_shares,
    net_flow_usd,
    net_flow_ounces,
    coverage,
    members_reporting,
    members_known,
    members_expected,
    members_awaited,
    spans_sessions,
    is_estimated,
    null::double as flow_rate
from group_days
