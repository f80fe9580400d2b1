-- On the latest market day that all members of a group should have reported, those that did hold
-- at least 95 % of its assets: below that its net flow is that of a part.
--
-- Severity  warning
-- Method    the earliest of its members' last due sessions; without a member's report it has no
--           coverage. Groups of which no day is covered yet are left out

with

last_due as (
    select
        subject as fund,
        max(as_of) as session
    from expected_days
    where dataset = 'valuations'
    group by subject
),

latest as (
    select
        fund_groups.fund_group,
        min(last_due.session) as session
    from fund_groups
    inner join last_due
        on fund_groups.fund = last_due.fund
        and last_due.session
        between fund_groups.member_from and coalesce(fund_groups.member_until, date 'infinity')
    group by fund_groups.fund_group
),

covered as materialized (
    select
        fund_group,
        session,
        coverage
    from group_coverage
),

begun as (
    select
        fund_group,
        min(session) as first_session
    from covered
    group by fund_group
)

select
    latest.fund_group,
    latest.session,
    coalesce(covered.coverage, 0) as coverage
from latest
inner join begun
    on latest.fund_group = begun.fund_group
    and latest.session >= begun.first_session
left join covered
    on latest.fund_group = covered.fund_group
    and latest.session = covered.session
where coalesce(covered.coverage, 0) < 0.95
