-- Net flow of every fund and group, and change of every instrument's close, by day, week, month.
--
-- Grain   one row per subject, measure, period and its first day
-- Method  weeks and months of flows as in net_flows_by_period, closes as in price_changes. A day's
--         flow cannot be told where it is not known, spans several sessions or, of a group, where
--         less than 95 % of its net assets or not every member reported. A value that cannot be
--         told is null. The subject's first period is never whole, so it has no row
-- Caveat  days without an observation have no row: what comes after such a hole cannot be told.
--         Whether a price's period is over is taken from its state
--
-- Columns
-- subject       fund, group or instrument
-- measure       shares, ounces or usd: net flow; close: change as a fraction
-- period        day, week or month
-- starts_on     the day, Monday of the ISO week, first day of the month
-- value         net flow in the measure's unit, or change; null if it cannot be told
-- state         complete, running or cannot be told
-- is_over       whether the period is over
-- is_estimated  whether the value is in estimated ounces
-- last_as_of    the subject's latest market day

with

days as (
    select
        subject,
        'day' as period,
        as_of as starts_on,
        net_flow_shares,
        net_flow_ounces,
        net_flow_usd,
        case
            when as_of = min(coalesce(previous_as_of, as_of)) over subjects then 'first'
            when
                spans_sessions > 1
                or members_reporting = 0
                or coalesce(coverage < 0.95, false)
                or coalesce(members_known < members_expected, false)
                or coalesce(members_awaited > 0, false)
                then 'cannot be told'
            else 'complete'
        end as state,
        true as is_over,
        is_estimated,
        max(as_of) over subjects as last_as_of
    from subject_days
    window subjects as (partition by subject)
),

flows as (
    select * from days
    union all
    select
        subject,
        period,
        starts_on,
        net_flow_shares,
        net_flow_ounces,
        net_flow_usd,
        state,
        is_over,
        is_estimated,
        last_as_of
    from net_flows_by_period
),

measures as (
    select
        subject,
        unnest(
            present(
                [
                    case when count(net_flow_shares) > 0 then 'shares' end,
                    case when count(net_flow_ounces) > 0 then 'ounces' end,
                    case when count(net_flow_usd) > 0 then 'usd' end
                ]
            )
        ) as measure
    from flows
    group by subject
),

measured as (
    select
        flows.subject,
        measures.measure,
        flows.period,
        flows.starts_on,
        case measures.measure
            when 'shares' then flows.net_flow_shares
            when 'ounces' then flows.net_flow_ounces
            else flows.net_flow_usd
        end as net_flow,
        flows.state,
        flows.is_over,
        coalesce(flows.is_estimated, false) and measures.measure = 'ounces' as is_estimated,
        flows.last_as_of
    from flows
    inner join measures on flows.subject = measures.subject
)

select
    subject,
    measure,
    period,
    starts_on,
    case when state <> 'cannot be told' then net_flow end as value,
    case when net_flow is null then 'cannot be told' else state end as state,
    is_over,
    is_estimated,
    last_as_of
from measured
where state <> 'first'
union all
select
    instrument as subject,
    'close' as measure,
    period,
    starts_on,
    change as value,
    state,
    state <> 'running' as is_over,
    false as is_estimated,
    last_as_of
from price_changes
where state <> 'first'
