-- Whether earlier streaks as long as the current one fell into times of stress (claim C10).
--
-- Grain   one row per subject and measure with a current streak, for its latest market day
-- Method  every earlier run of at least the current length, the running month counted; value is
--         the share of their months inside a dated recession (stress_periods), beside the share of
--         all months known
-- Caveat  n is small: the share of a handful of runs is an anecdote; null where there is none. Not
--         stated on fewer than 12 months

with

stress_months as (
    select distinct
        unnest(generate_series(
            date_trunc('month', starts_on), coalesce(ends_on, date '2199-12-31'), interval 1 month
        ))::date as month
    from stress_periods
),

months as (
    select
        streaks.*,
        stress_months.month is not null as is_stress
    from inflow_streaks as streaks
    left join stress_months on streaks.month = stress_months.month
),

usual as (
    select
        subject,
        measure,
        any_value(last_as_of) as as_of,
        max(month) filter (where is_over) as last_month,
        avg(is_stress::integer) as stress_share,
        count(*) as months,
        min(month) as first_month
    from months
    group by subject, measure
),

runs as (
    select
        subject,
        measure,
        first_month,
        max(month) as last_month,
        count(*) as months,
        count(*) filter (where is_stress) as stress_months
    from months
    where streak > 0
    group by subject, measure, first_month
),

currently as (
    select
        runs.subject,
        runs.measure,
        runs.first_month,
        runs.months
    from runs
    inner join usual on runs.subject = usual.subject and runs.measure = usual.measure
    where runs.last_month >= usual.last_month
),

counted as (
    select
        currently.subject,
        currently.measure,
        currently.months,
        currently.first_month,
        count(earlier.first_month) as runs,
        sum(earlier.stress_months) / sum(earlier.months) as stress_share,
        max(earlier.first_month) as previous_at
    from currently
    left join runs as earlier
        on currently.subject = earlier.subject
        and currently.measure = earlier.measure
        and currently.first_month > earlier.first_month
        and currently.months <= earlier.months
    group by currently.subject, currently.measure, currently.months, currently.first_month
),

told as (
    select
        counted.*,
        usual.as_of,
        usual.stress_share as usual_share,
        usual.months as observations,
        usual.first_month as first_observed,
        format(
            'of at least {} month{} of inflows, counted in {}',
            counted.months,
            case when counted.months = 1 then '' else 's' end,
            replace(counted.measure, 'usd', 'dollars')
        ) as described
    from counted
    inner join usual on counted.subject = usual.subject and counted.measure = usual.measure
    where usual.months >= 12
)

select
    'streak_in_context' as fact,
    subject,
    measure,
    as_of,
    stress_share as value,
    'share of months' as unit,
    case
        when runs = 0 then format('{} has had no earlier run {},', subject, described)
        else format(
            'Earlier, {} had {} {}; {:.0f} % of the months in {} lay in dated recessions, '
            || 'against {:.0f} % of all months',
            subject,
            case when runs = 1 then '1 run' else runs || ' runs' end,
            described,
            100 * stress_share,
            case when runs = 1 then 'it' else 'them' end,
            100 * usual_share
        )
    end || ' since ' || strftime(first_observed, '%B %Y') || '.' as statement,
    present(
        [
            'recessions as dated by the committees in stress_periods',
            case when runs < 5 then 'n = ' || runs end
        ]
    ) as labels,
    runs as of,
    first_month as since,
    usual_share as previous_value,
    previous_at,
    false as complete,
    observations,
    first_observed,
    'inflow_runs' as view
from told
