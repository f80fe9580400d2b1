-- Net creations of each fund, and of each group of funds, over its last 4, 5 and 20 sessions.
--
-- Grain   one row per subject, length of the window and market day, from that many days on
-- Method  sum of the net flows of the last market days observed, this one included: in decimals,
--         so that it is the same to the last digit whatever came before. Null where one of them is
--         not known or follows a hole of more than five sessions; a group's also where on one of
--         them less than 95 % of its net assets reported or a member was not known yet
-- Caveat  windows overlap: rank those that do not. With a hole of up to five sessions a window
--         reaches over more sessions than it has days, see has_hole
--
-- Columns
-- subject          fund or group
-- sessions         length of the window: 4, 5 or 20 market days
-- as_of            last market day of the window
-- from_as_of       first market day of the window
-- days_back        market days from its last to the subject's latest; 0 for the latest window
-- is_group         whether the subject is a group
-- net_flow_shares  net creations, shares; null for groups
-- net_flow_usd     net creations at NAV, USD
-- net_flow_ounces  net creations, troy ounces; null where no metal is held
-- coverage         smallest daily coverage; 1 for a fund
-- has_hole         whether a flow in it is one over a hole in the observations
-- is_estimated     whether ounces are estimated

with

judged as (
    select
        *,
        row_number() over (partition by subject order by as_of desc) - 1 as days_back,
        coalesce(
            spans_sessions <= 6
            and coalesce(coverage >= 0.95, true)
            and coalesce(members_known = members_expected, true),
            false
        ) as is_told
    from subject_days
),

days as (
    select
        subject,
        as_of,
        days_back,
        is_group,
        members_reporting,
        coverage,
        spans_sessions,
        is_estimated,
        case when is_told then try_cast(net_flow_shares as decimal(28, 4)) end as shares,
        case when is_told then try_cast(net_flow_usd as decimal(28, 4)) end as usd,
        case when is_told then try_cast(net_flow_ounces as decimal(28, 4)) end as ounces
    from judged
),

lengths as (
    select unnest([4, 5, 20]) as sessions
),

summed as (
    select
        days.*,
        lengths.sessions,
        count(*) over last_days as observed,
        first_value(days.as_of) over last_days as from_as_of,
        sum(days.shares) over last_days as net_flow_shares,
        sum(days.usd) over last_days as net_flow_usd,
        sum(days.ounces) over last_days as net_flow_ounces,
        bool_and(days.shares is not null) over last_days as is_known_in_shares,
        bool_and(days.usd is not null) over last_days as is_known_in_usd,
        bool_and(days.ounces is not null) over last_days as is_known_in_ounces,
        min(days.coverage) over last_days as smallest_coverage,
        bool_or(days.spans_sessions > 1) over last_days as has_hole,
        bool_or(days.is_estimated) over last_days as has_estimates
    from days
    cross join lengths
    window
        last_days as (
            partition by days.subject, lengths.sessions
            order by days.as_of
            rows between sessions - 1 preceding and current row  -- noqa: PRS
        )
)

select
    subject,
    sessions,
    as_of,
    from_as_of,
    days_back,
    is_group,
    case when is_known_in_shares then net_flow_shares::double end as net_flow_shares,
    case when is_known_in_usd then net_flow_usd::double end as net_flow_usd,
    case when is_known_in_ounces then net_flow_ounces::double end as net_flow_ounces,
    smallest_coverage as coverage,
    has_hole,
    coalesce(has_estimates, false) as is_estimated
from summed
where observed = sessions and members_reporting > 0
