-- How many months in a row a fund or group has taken in (claim C9).
--
-- Grain   one row per subject and measure (shares, ounces or usd), for its latest market day
-- Method  value: finished months with a net flow above zero, unbroken up to the last finished one;
--         the running month, if it is an inflow so far, puts the streak on track for one more.
--         Ranked among all runs of the same subject and measure
-- Caveat  not stated before three finished months are known, nor where the last one cannot be told

with

months as (
    select * from inflow_streaks
),

ends as (
    select
        subject,
        measure,
        any_value(last_as_of) as as_of,
        max(month) filter (where is_over) as last_month,
        arg_max_null(streak, month) filter (where is_over) as completed,
        arg_max_null(first_month, month) filter (where is_over) as first_month,
        arg_max_null(at_least, month) filter (where is_over) as at_least,
        max(month) filter (where not is_over) as running_month,
        arg_max_null(streak, month) filter (where not is_over) as on_track,
        count(*) filter (where complete) as observations,
        min(month) as first_observed,
        coalesce(bool_or(is_estimated), false) as is_estimated
    from months
    group by subject, measure
),

runs as (
    select
        subject,
        measure,
        first_month,
        count(*) filter (where complete) as completed
    from months
    where streak > 0
    group by subject, measure, first_month
),

ranked as (
    select
        ends.subject,
        ends.measure,
        1 + count(*) filter (where runs.completed > ends.completed) as rank,
        1 + count(*) filter (where runs.completed > ends.on_track) as rank_if_counted,
        count(*) filter (where runs.completed > 0) as runs,
        max(runs.first_month) filter (
            where runs.completed >= greatest(ends.completed, 1)
            and runs.first_month is distinct from ends.first_month
        ) as previous_at,
        arg_max(runs.completed, runs.first_month) filter (
            where runs.completed >= greatest(ends.completed, 1)
            and runs.first_month is distinct from ends.first_month
        ) as previous_value
    from ends
    left join runs on ends.subject = runs.subject and ends.measure = runs.measure
    group by ends.subject, ends.measure
),

told as (
    select
        ends.*,
        ranked.rank,
        ranked.rank_if_counted,
        ranked.runs,
        ranked.previous_at,
        ranked.previous_value,
        ends.at_least and ends.completed > 0 as is_at_least,
        'counted in ' || replace(ends.measure, 'usd', 'dollars') as counted,
        case when ends.at_least then 'at least ' else '' end as at_least_so_long,
        strftime(ends.first_month, '%B %Y') as first_named,
        strftime(ends.last_month, '%B %Y') as last_named,
        strftime(ends.running_month, '%B %Y') as running_named
    from ends
    inner join ranked on ends.subject = ranked.subject and ends.measure = ranked.measure
    where ends.observations >= 3 and ends.completed is not null
),

worded as (
    select
        *,
        case
            when completed = 0 then format('no net inflow, {}, in {}', counted, last_named)
            when completed = 1
                then format(
                    'net inflows, {}, for {}1 month ({})', counted, at_least_so_long, last_named
                )
            else format(
                'net inflows, {}, for {}{} months in a row ({} to {})',
                counted, at_least_so_long, completed, first_named, last_named
            )
        end as finished,
        case
            when running_month is null then ''
            when on_track > 0
                then format(
                    '; {} is an inflow so far: on track for month {}', running_named, on_track
                )
            when on_track = 0 then format('; {} is no inflow so far', running_named)
            else format('; {} cannot be told so far', running_named)
        end as running
    from told
)

select
    'inflow_streak' as fact,
    subject,
    measure,
    as_of,
    completed as value,
    'months' as unit,
    format('{} had {}{}.', subject, finished, running) as statement,
    list_concat(
        flow_labels(measure, is_estimated),
        present([case when is_at_least then 'reaches back to the first month known' end])
    ) as labels,
    case when completed > 0 then rank end as rank,
    case when on_track > 0 then rank_if_counted end as rank_if_counted,
    runs as of,
    first_month as since,
    previous_value::double as previous_value,
    previous_at,
    running_month is null as complete,
    observations,
    first_observed,
    'inflow_streaks' as view
from worded
