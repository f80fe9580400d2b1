-- Whether earlier streaks as long as the current one fell into times of stress (claim C10).
--
-- Grain   one row per subject and measure with a current streak, for its latest market day
-- Method  every earlier run of at least the current length, the running month counted; value is
--         the share of their months inside a dated recession (stress_periods), beside the share of
--         all months known
-- Caveat  n is small: the share of a handful of runs is an anecdote; null where there is none
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

currently as (
    select
        subject,
        measure,
        on_track,
        first_month
    from inflow_runs
    where is_current
),

months as (
    select
        streaks.subject,
        streaks.measure,
        streaks.month,
        coalesce(bool_or(stress_periods.stress_period is not null), false) as is_stress
    from inflow_streaks as streaks
    left join stress_periods
        on streaks.month between date_trunc('month', stress_periods.starts_on)
        and coalesce(stress_periods.ends_on, date 'infinity')
    group by streaks.subject, streaks.measure, streaks.month
),

earlier as (
    select
        currently.subject,
        currently.measure,
        runs.first_month,
        runs.last_month,
        runs.on_track
    from currently
    inner join inflow_runs as runs
        on currently.subject = runs.subject
        and currently.measure = runs.measure
        and not runs.is_current
        and runs.on_track >= currently.on_track
),

stressed as (
    select
        earlier.subject,
        earlier.measure,
        count(*) as months,
        count(*) filter (where months.is_stress) as stress_months
    from earlier
    inner join months
        on earlier.subject = months.subject
        and earlier.measure = months.measure
        and months.month between earlier.first_month and earlier.last_month
    group by earlier.subject, earlier.measure
),

counted as (
    select
        currently.subject,
        currently.measure,
        currently.on_track,
        currently.first_month,
        count(earlier.first_month) as runs,
        max(earlier.first_month) as previous_at,
        arg_max(earlier.on_track, earlier.first_month) as previous_value
    from currently
    left join earlier
        on currently.subject = earlier.subject and currently.measure = earlier.measure
    group by
        currently.subject, currently.measure, currently.on_track, currently.first_month
),

usual as (
    select
        subject,
        measure,
        avg(is_stress::integer) as share,
        count(*) as months,
        min(month) as first_month
    from months
    group by subject, measure
),

latest as (
    select
        subject,
        max(as_of) as as_of
    from daily_net_flows
    group by subject
)

select
    'streak_in_context' as fact,
    counted.subject,
    counted.measure,
    latest.as_of,
    stressed.stress_months / stressed.months as value,
    'share of months' as unit,
    case
        when counted.runs = 0
            then counted.subject || ' has had no earlier run of ' || counted.on_track
                || case when counted.on_track = 1 then ' month' else ' months' end
                || ' of inflows (' || counted.measure || ')'
        else 'Earlier, ' || counted.subject || ' had '
            || counted.runs || case when counted.runs = 1 then ' run' else ' runs' end
            || ' of at least ' || counted.on_track
            || case when counted.on_track = 1 then ' month' else ' months' end
            || ' of inflows (' || counted.measure || '); '
            || format('{:.0f}', 100 * stressed.stress_months / stressed.months)
            || ' % of the months in them lay in dated recessions, against '
            || format('{:.0f}', 100 * usual.share) || ' % of all months'
    end || ' since ' || strftime(usual.first_month, '%B %Y') || '.' as statement,
    list_filter(
        [
            'recessions as dated by the committees in stress_periods',
            case when counted.runs < 5 then 'n = ' || counted.runs end
        ],
        lambda label: label is not null
    ) as labels,
    null::bigint as rank,
    null::bigint as rank_if_counted,
    counted.runs as of,
    counted.first_month as since,
    usual.share as previous_value,
    counted.previous_at,
    false as complete,
    usual.months as observations,
    usual.first_month as first_observed,
    'inflow_runs' as view
from counted
inner join usual on counted.subject = usual.subject and counted.measure = usual.measure
inner join latest on counted.subject = latest.subject
left join stressed
    on counted.subject = stressed.subject and counted.measure = stressed.measure
where usual.months >= 12
