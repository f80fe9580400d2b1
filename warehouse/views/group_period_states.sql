-- Whether a group's weeks and months are whole.
--
-- Grain   one row per group, period (week or month) and its first day
-- Method  complete when the period of every member is, and at least 95 % of the group's net assets
--         reported on every session
-- Caveat  a member that has never reported makes all its periods ones that cannot be told
--
-- Columns
-- fund_group  group
-- period      week or month
-- starts_on   Monday of the ISO week, first day of the month
-- sessions    sessions on which a member reported
-- coverage    smallest daily coverage
-- state       complete, running, first or cannot be told

with

known_states as (
    select * from fund_period_states
),

memberships as (
    select
        fund_groups.fund_group,
        fund_groups.fund,
        fund_groups.member_from,
        coalesce(fund_groups.member_until, date 'infinity') as member_until,
        not exists (
            select 1 from known_states where known_states.fund = fund_groups.fund
        ) as is_never_seen
    from fund_groups
),

covered as (
    select
        group_coverage.fund_group,
        periods.period,
        date_trunc(periods.period, group_coverage.session)::date as starts_on,
        min(group_coverage.coverage) as coverage,
        count(*) filter (where group_coverage.members_reporting > 0) as sessions
    from group_coverage
    cross join (select unnest(['week', 'month']) as period) as periods
    group by
        group_coverage.fund_group,
        periods.period,
        date_trunc(periods.period, group_coverage.session)
),

members as (
    select
        memberships.fund_group,
        states.period,
        states.starts_on,
        bool_and(states.state = 'first') as are_first,
        bool_and(states.state = 'complete') as are_complete,
        bool_and(states.state in ('complete', 'running', 'first')) as are_told
    from memberships
    inner join known_states as states
        on memberships.fund = states.fund
        and states.starts_on
        between date_trunc(states.period, memberships.member_from) and memberships.member_until
    group by memberships.fund_group, states.period, states.starts_on
)

select
    covered.fund_group,
    covered.period,
    covered.starts_on,
    covered.sessions,
    covered.coverage,
    case
        when members.are_first then 'first'
        when
            covered.coverage < 0.95
            or not members.are_told
            or exists (
                select 1
                from memberships
                where
                    memberships.fund_group = covered.fund_group
                    and memberships.is_never_seen
                    and covered.starts_on >= memberships.member_from
                    and covered.starts_on <= memberships.member_until
            )
            then 'cannot be told'
        when members.are_complete then 'complete'
        else 'running'
    end as state
from covered
inner join members
    on covered.fund_group = members.fund_group
    and covered.period = members.period
    and covered.starts_on = members.starts_on
