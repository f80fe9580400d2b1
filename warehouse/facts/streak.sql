-- How many days, weeks or months in a row a fund or group has taken in or given out, or an
-- instrument has closed higher or lower.
--
-- Grain   one row per subject and measure, for its latest market day; the measure names the period
--         (daily, weekly or monthly), the kind (inflow, outflow, rise or fall) and what is counted
--         (shares, ounces, usd or close), such as monthly_inflow_ounces
-- Method  value: finished periods of the run that has not ended, ranked by length among all runs of
--         the same subject and measure, 1 the longest; rank_if_counted with the running period, if
--         it continues the run so far. Beside it the latest earlier run of at least that length,
--         and the share of the periods in all such runs that lie in dated recessions; left out
--         where the subject's history has none
-- Caveat  not stated on a run of fewer than two finished periods, nor on fewer than 12 known ones,
--         nor where the last finished one cannot be told. Closes leave out distributions

with

runs as (
    select * from all_streaks
),

currently as (
    select *
    from runs
    where is_current and completed >= 2 and observations >= 12
),

compared as (
    select
        currently.kind,
        currently.subject,
        currently.measure,
        currently.period,
        currently.on_track,
        currently.usual_stress_share,
        runs.completed,
        runs.first_period,
        runs.in_stress,
        runs.dated,
        runs.completed > currently.completed as is_longer,
        runs.completed = currently.completed as is_equal,
        runs.completed >= currently.completed
        and runs.first_period < currently.first_period as is_match
    from currently
    inner join runs
        on currently.kind = runs.kind
        and currently.subject = runs.subject
        and currently.measure = runs.measure
        and currently.period = runs.period
    where runs.completed > 0
),

ranked as (
    select
        kind,
        subject,
        measure,
        period,
        count(*) as runs,
        1 + count(*) filter (where is_longer) as rank,
        1 + count(*) filter (where completed > on_track) as rank_if_counted,
        count(*) filter (where is_equal) > 1 as is_shared,
        count(*) filter (where is_match) as matches,
        max(first_period) filter (where is_match) as previous_at,
        arg_max(completed, first_period) filter (where is_match) as previous_value,
        case
            when any_value(usual_stress_share) > 0
                then
                    sum(in_stress) filter (where is_match)
                    / nullif(sum(dated) filter (where is_match), 0)
        end as earlier_stress_share
    from compared
    group by kind, subject, measure, period
),

described as (
    select
        currently.*,
        ranked.runs,
        ranked.rank,
        ranked.rank_if_counted,
        ranked.is_shared,
        ranked.matches,
        ranked.previous_at,
        ranked.previous_value,
        ranked.earlier_stress_share,
        instruments.caveat,
        currently.on_track > currently.completed as is_on_track,
        case currently.period
            when 'day' then 'session'
            else currently.period
        end as noun,
        case currently.period
            when 'day' then 'daily'
            when 'week' then 'weekly'
            else 'monthly'
        end as rhythm,
        coalesce(
            format('{} ({})', instruments.name, currently.subject), currently.subject
        ) as named
    from currently
    inner join ranked
        on currently.kind = ranked.kind
        and currently.subject = ranked.subject
        and currently.measure = ranked.measure
        and currently.period = ranked.period
    left join instruments
        on currently.subject = instruments.instrument and currently.measure = 'close'
),

phrased as (
    select
        *,
        case kind
            when 'rise' then 'risen, from close to close,'
            when 'fall' then 'fallen, from close to close,'
            else format('had net {}s, counted in {},', kind, replace(measure, 'usd', 'dollars'))
        end as done,
        case kind
            when 'rise' then 'up'
            when 'fall' then 'down'
            else 'an ' || kind
        end as so_far,
        case
            when runs = 1 then 'the only such run known'
            else format(
                'the {}{} of {} known',
                case when is_shared then 'joint ' else '' end,
                nth(rank, 'longest'),
                counted(runs, 'such run')
            )
        end as place,
        list_transform(
            [first_period, last_finished, running_period, previous_at],
            lambda day: case period
                when 'month' then strftime(day, '%B %Y')
                when 'week' then strftime(day, '%G-W%V')
                else strftime(day, '%Y-%m-%d')
            end
        ) as dates
    from described
),

worded as (
    select
        *,
        format(
            '{} has {} for {}{} in a row ({} to {}), {}',
            named,
            done,
            case when at_least then 'at least ' else '' end,
            counted(completed, noun),
            dates[1],
            dates[2],
            place
        ) as finished,
        case
            when running_period is null then ''
            when is_on_track
                then format(
                    '; {} is {} so far: on track for {} in a row',
                    dates[3], so_far, counted(on_track, noun)
                )
            when running_value is null then format('; {} cannot be told so far', dates[3])
            else format('; {} is not {} so far', dates[3], so_far)
        end as running,
        case
            when matches = 0 then ''
            when matches = 1
                then format(
                    ' A run at least as long was reached once before, from {} ({})',
                    dates[4], counted(previous_value, noun)
                )
            else format(
                ' Runs at least as long were reached {} before, the last from {} ({})',
                case when matches = 2 then 'twice' else counted(matches, 'time') end,
                dates[4],
                counted(previous_value, noun)
            )
        end as earlier,
        case
            when earlier_stress_share is not null
                then format(
                    '; {} of the {}s in {} lay in dated recessions, against {} of all',
                    percentage(earlier_stress_share, 0),
                    noun,
                    case when matches = 1 then 'it' else 'them' end,
                    percentage(usual_stress_share, 0)
                )
            else ''
        end as in_context
    from phrased
)

select
    'streak' as fact,
    subject,
    rhythm || '_' || kind || '_' || measure as measure,
    last_as_of as as_of,
    completed as value,
    noun || 's' as unit,
    finished
    || running
    || '.'
    || case when matches > 0 then earlier || in_context || '.' else '' end as statement,
    list_concat(
        case when measure = 'close' then [] else flow_labels(measure, is_estimated) end,
        present(
            [
                caveat,
                case when at_least then format('reaches back to the first {} known', noun) end,
                case
                    when earlier_stress_share is not null
                        then
                            'recessions as dated by the committees in stress_periods; '
                            || 'periods before the first are left out'
                end,
                case
                    when earlier_stress_share is not null and matches < 5 then 'n = ' || matches
                end
            ]
        )
    ) as labels,
    rank,
    case when is_on_track then rank_if_counted end as rank_if_counted,
    runs as of,
    first_period as since,
    previous_value::double as previous_value,
    previous_at,
    running_period is null as complete,
    observations,
    first_observed,
    'all_streaks' as view
from worded
