-- Every ISO week of each fund or group, and its rank among the complete weeks of its ISO year.
--
-- Grain   one row per subject, measure and ISO week, the running week included
-- Method  ranked by net flow, the largest inflow first and the largest outflow last; weeks of equal
--         net flow share a rank. A running week has no rank, only the one it would have among the
--         complete weeks of its ISO year if it ended now
-- Caveat  weeks belong to ISO years: that of 2024-12-30 is of 2025. The subject's first week, and
--         one that cannot be told, are not ranked: compare `of` with the weeks that are over
--
-- Columns
-- subject          fund or group
-- measure          shares, ounces, usd, or percent: of the shares before the week, as a fraction
-- week             Monday of the ISO week
-- iso_year         year that the ISO week belongs to
-- net_flow         net creations of the week, in the measure's unit
-- rank             rank among the complete weeks of the ISO year, 1 the largest inflow
-- rank_if_counted  rank that the running week would have among them if it ended now
-- of               complete weeks of the ISO year whose net flow is known
-- sessions         sessions observed
-- complete         whether the week is over and all of it is known
-- state            complete, running, first or cannot be told
-- is_estimated     whether the net flow is in estimated ounces
-- last_as_of       the subject's latest market day

with

observed as (
    select * from weekly_net_flows
),

measures as (
    select unnest(['shares', 'ounces', 'usd', 'percent']) as measure
),

measured as (
    select
        observed.subject,
        measures.measure,
        observed.week,
        isoyear(observed.week) as iso_year,
        observed.sessions,
        observed.complete,
        observed.state,
        observed.is_estimated and measures.measure = 'ounces' as is_estimated,
        observed.last_as_of,
        case measures.measure
            when 'shares' then observed.net_flow_shares
            when 'ounces' then observed.net_flow_ounces
            when 'usd' then observed.net_flow_usd
            else observed.flow_rate
        end as net_flow
    from observed
    cross join measures
),

weeks as (
    select
        *,
        { 'subject': subject, 'measure': measure, 'iso_year': iso_year } as field,
        case when state in ('complete', 'running') then net_flow end as flow_to_rank
    from measured
    qualify count(net_flow) over (partition by subject, measure) > 0
),

ranked as (
    select * from nth_largest(weeks, field, week, flow_to_rank, counts := complete)
)

select
    weeks.subject,
    weeks.measure,
    weeks.week,
    weeks.iso_year,
    weeks.net_flow,
    ranked.rank,
    ranked.rank_if_counted,
    count(ranked.rank) over (
        partition by weeks.subject, weeks.measure, weeks.iso_year
    ) as of,
    weeks.sessions,
    weeks.complete,
    weeks.state,
    weeks.is_estimated,
    weeks.last_as_of
from weeks
left join ranked on weeks.field = ranked.subject and weeks.week = ranked.as_of
