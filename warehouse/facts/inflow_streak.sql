-- How many months in a row a fund or group has taken in (claim C9).
--
-- Grain   one row per subject and measure (shares, ounces or usd), for its latest market day
-- Method  value: finished months with a net flow above zero, unbroken up to the last finished one;
--         the running month, if it is an inflow so far, puts the streak on track for one more.
--         Ranked among all runs of the same subject and measure
-- Caveat  not stated before three finished months are known, nor where the last one cannot be told
--
-- Columns
-- fact             name of the fact
-- subject          what it is about
-- measure          which of its quantities
-- as_of            market day it is stated for
-- value            the number, in `unit`
-- unit             unit of value and previous_value
-- statement        the fact in one English sentence
-- labels           what must travel with the number
-- rank             rank among complete observations, 1 the highest; ties share a rank
-- rank_if_counted  rank it would have if the running period ended now
-- of               how many observations it is ranked among
-- since            from when it holds, or since when there has been none like it
-- previous_value   the earlier value it is compared with
-- previous_at      day or period of that value
-- complete         whether the period it speaks of is over
-- observations     sample size
-- first_observed   first observation
-- view             where the evidence is

with

ends as (
    select
        subject,
        measure,
        arg_max(streak, month) filter (where complete) as completed,
        max(month) filter (where complete) as last_complete,
        arg_max(net_flow, month) filter (where state = 'running') as running_net_flow,
        arg_max(streak, month) filter (where state = 'running') as on_track,
        max(month) filter (where state = 'running') as running_month,
        count(*) filter (where complete) as observations,
        min(month) as first_observed
    from inflow_streaks
    group by subject, measure
),

latest as (
    select
        subject,
        max(as_of) as as_of,
        bool_or(is_estimated) as is_estimated
    from daily_net_flows
    group by subject
),

told as (
    select
        ends.*,
        latest.as_of,
        latest.is_estimated and ends.measure = 'ounces' as is_estimated,
        case when ends.running_month > ends.last_complete then ends.on_track end as counting,
        (ends.last_complete - to_months(greatest(ends.completed - 1, 0)::integer))::date as first_month
    from ends
    inner join latest on ends.subject = latest.subject
    where ends.observations >= 3 and ends.completed is not null
),

ranked as (
    select
        told.subject,
        told.measure,
        1 + count(*) filter (where runs.completed > told.completed) as rank,
        1 + count(*) filter (where runs.completed > told.counting) as rank_if_counted,
        count(*) as runs,
        max(runs.first_month) filter (
            where not runs.is_current and runs.completed >= greatest(told.completed, 1)
        ) as previous_at,
        arg_max(runs.completed, runs.first_month) filter (
            where not runs.is_current and runs.completed >= greatest(told.completed, 1)
        ) as previous_value,
        coalesce(bool_or(runs.at_least and runs.is_current), false) as at_least
    from told
    left join inflow_runs as runs
        on told.subject = runs.subject and told.measure = runs.measure
    group by told.subject, told.measure
)

select
    'inflow_streak' as fact,
    told.subject,
    told.measure,
    told.as_of,
    told.completed as value,
    'months' as unit,
    told.subject || case
        when told.completed = 0
            then ' had no net inflow in ' || strftime(told.last_complete, '%B %Y')
        else ' has taken in ' || told.measure || ' for '
            || case when ranked.at_least then 'at least ' else '' end || told.completed
            || case when told.completed = 1 then ' month' else ' months in a row' end
            || ' (' || strftime(told.first_month, '%B %Y')
            || case
                when told.completed = 1 then ''
                else ' to ' || strftime(told.last_complete, '%B %Y')
            end || ')'
    end || case
        when told.counting > 0
            then '; ' || strftime(told.running_month, '%B %Y')
                || ' is an inflow so far: on track for month ' || told.counting
        when told.counting = 0
            then '; ' || strftime(told.running_month, '%B %Y') || ' is no inflow so far'
        else ''
    end || '.' as statement,
    list_filter(
        [
            case when told.is_estimated then 'ounces estimated, +/- 0.1 %' end,
            case told.measure when 'usd' then 'notional at NAV; creations are in kind' end,
            'by book date',
            case when ranked.at_least then 'reaches back to the first month known' end
        ],
        lambda label: label is not null
    ) as labels,
    case when told.completed > 0 then ranked.rank end as rank,
    case when told.counting > 0 then ranked.rank_if_counted end as rank_if_counted,
    ranked.runs as of,
    case when told.completed > 0 then told.first_month end as since,
    ranked.previous_value::double as previous_value,
    ranked.previous_at,
    told.running_month is null or told.running_month < told.last_complete as complete,
    told.observations,
    told.first_observed,
    'inflow_streaks' as view
from told
inner join ranked on told.subject = ranked.subject and told.measure = ranked.measure
