-- Every unbroken run of days, weeks or months of inflows, outflows, higher or lower closes.
--
-- Grain   one row per kind (inflow, outflow, rise or fall), subject, measure, period and run
-- Method  consecutive period_values above zero (inflow, rise) or below (outflow, fall); a flat one
--         ends both; `completed` counts the finished ones. As in the macro streaks, for both signs
--         at once. A period is in stress if a dated recession (stress_periods) overlaps it
-- Caveat  a run that follows a period that cannot be told is not listed: its length is not known.
--         Periods before the first recession that is dated here count as neither in stress nor out
--
-- Columns
-- kind                inflow, outflow, rise or fall
-- subject             fund, group or instrument
-- measure             shares, ounces, usd or close
-- period              day, week or month
-- first_period        first day of the run's first period
-- last_period         first day of its last period, the running one included
-- last_finished       first day of its last finished period; null if there is none
-- completed           finished periods
-- on_track            periods with the running one, if it continues the run so far
-- is_current          whether the run has not ended: a running period that does not continue it
--                     ends none
-- at_least            whether it reaches back to the first period known, so may be longer
-- in_stress           periods of the run within a dated recession
-- dated               periods of the run since recessions are dated
-- stress_share        in_stress over dated, a fraction; null if there are none dated
-- usual_stress_share  share of all periods of this subject and measure that are in stress
-- observations        finished periods of this subject and measure whose value is known
-- first_observed      first of all its periods
-- running_period      its running period; null if none is running
-- running_value       value of the running period so far; null if it cannot be told
-- is_estimated        whether it is in estimated ounces
-- last_as_of          the subject's latest market day

with

observed as (
    select * from period_values
),

recessions as (
    select
        starts_on,
        coalesce(ends_on, date 'infinity') as ends_on,
        min(starts_on) over () as first_dated
    from stress_periods
),

times as (
    select distinct
        period,
        starts_on
    from observed
),

dated as (
    select
        times.period,
        times.starts_on,
        bool_or(
            times.starts_on >= date_trunc(times.period, recessions.starts_on)
            and times.starts_on <= recessions.ends_on
        ) as is_stress
    from times
    inner join recessions
        on times.starts_on >= date_trunc(times.period, recessions.first_dated)
    group by times.period, times.starts_on
),

given as (
    select
        observed.*,
        dated.is_stress,
        sign(observed.value) as direction,
        observed.subject || ' ' || observed.measure || ' ' || observed.period as series
    from observed
    left join dated
        on observed.period = dated.period and observed.starts_on = dated.starts_on
),

stepped as (
    select
        series,
        starts_on,
        direction,
        state = 'complete' as is_complete,
        is_stress,
        lag(direction) over earlier as previous_direction,
        lag(starts_on) over earlier as previous_period
    from given
    window earlier as (partition by series order by starts_on)
),

placed as (
    select
        *,
        last_value(
            case
                when previous_period is null or direction is distinct from previous_direction
                    then starts_on
            end
            ignore nulls
        ) over (partition by series order by starts_on) as first_period
    from stepped
),

runs as (
    select
        series,
        first_period,
        any_value(direction) as direction,
        max(starts_on) as last_period,
        max(starts_on) filter (where is_complete) as last_finished,
        count(*) filter (where is_complete) as completed,
        count(*) as on_track,
        bool_or(previous_period is null) as at_least,
        count(*) filter (where is_stress) as in_stress,
        count(is_stress) as dated
    from placed
    where direction <> 0
    group by series, first_period
    having bool_and(previous_period is null or previous_direction is not null)
),

whole as (
    select
        series,
        any_value(subject) as subject,
        any_value(measure) as measure,
        any_value(period) as period,
        avg(is_stress::integer) as usual_stress_share,
        max(starts_on) filter (where is_over) as last_period_over,
        count(value) filter (where state = 'complete') as observations,
        min(starts_on) as first_observed,
        max(starts_on) filter (where not is_over) as running_period,
        arg_max_null(value, starts_on) filter (where not is_over) as running_value,
        bool_or(is_estimated) as is_estimated,
        any_value(last_as_of) as last_as_of
    from given
    group by series
)

select
    case
        when whole.measure = 'close' and runs.direction > 0 then 'rise'
        when whole.measure = 'close' then 'fall'
        when runs.direction > 0 then 'inflow'
        else 'outflow'
    end as kind,
    whole.subject,
    whole.measure,
    whole.period,
    runs.first_period,
    runs.last_period,
    runs.last_finished,
    runs.completed,
    runs.on_track,
    coalesce(runs.last_period >= whole.last_period_over, true) as is_current,
    runs.at_least,
    runs.in_stress,
    runs.dated,
    runs.in_stress / nullif(runs.dated, 0) as stress_share,
    whole.usual_stress_share,
    whole.observations,
    whole.first_observed,
    whole.running_period,
    whole.running_value,
    whole.is_estimated,
    whole.last_as_of
from runs
inner join whole on runs.series = whole.series
