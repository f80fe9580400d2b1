-- Whether a pair's weekly rate is above its 50-week average (claim C15).
--
-- Grain   one row per pair and measure (with_running_week or complete_weeks), for the latest day
--         with a rate
-- Method  value: the last rate of the latest week, or of the latest complete one; previous_value:
--         the mean of it and of the 49 weekly ones before. since is the first week, its Monday, of
--         those in a row on this side of the mean
-- Caveat  not stated on fewer than 50 weeks, nor where one of the last 50 has no rate. Where no
--         week is running both measures are of the same one

with

weeks as (
    select * from weekly_ratios
),

latest as (
    select
        pair,
        max(last_as_of) as as_of,
        min(week) as first_observed,
        unnest(['with_running_week', 'complete_weeks']) as measure,
        unnest([max(week), max(week) filter (where complete)]) as week
    from weeks
    group by pair
),

told as (
    select
        weeks.*,
        latest.measure,
        latest.as_of,
        latest.first_observed,
        named_pairs.name,
        named_pairs.unit,
        named_pairs.caveats,
        weeks.ratio / weeks.mean - 1 as distance,
        weeks.weeks_on_side = weeks.observations - 49 as is_at_least,
        strftime(weeks.week, '%G-W%V') as week_named,
        strftime(weeks.side_since, '%G-W%V') as side_since_named,
        case when weeks.ratio > weeks.mean then 'above' else 'below' end as side
    from latest
    inner join weeks on latest.pair = weeks.pair and latest.week = weeks.week
    inner join named_pairs on latest.pair = named_pairs.pair
    where weeks.first_week = weeks.week - 49 * 7
),

worded as (
    select
        *,
        case
            when distance = 0 then 'exactly on'
            when abs(distance) < 0.00005 then 'less than 0.01 % ' || side
            else percentage(abs(distance)) || ' ' || side
        end as place,
        case
            when weeks_on_side = 0 then ''
            when weeks_on_side = 1
                then format(
                    ', and {} it for {}1 week',
                    side,
                    case when is_at_least then 'at least ' else '' end
                )
            else format(
                ', and {} it for {}{} weeks in a row, since {}',
                side,
                case when is_at_least then 'at least ' else '' end,
                weeks_on_side,
                side_since_named
            )
        end as so_long
    from told
)

select
    'ratio_to_sma' as fact,
    pair as subject,
    measure,
    as_of,
    ratio as value,
    unit,
    format(
        '{} was {} on {} ({}, {}): {} {}, the mean of the last 50 weeks (this one included){}.',
        name,
        significant(ratio),
        last_as_of::varchar,
        week_named,
        case when complete then 'complete' else 'still running' end,
        place,
        significant(mean),
        so_long
    ) as statement,
    list_concat(
        caveats,
        present(
            [
                case
                    when measure = 'complete_weeks' then 'complete weeks only'
                    when not complete then 'the running week included'
                end,
                'window: 50 weeks from ' || strftime(first_week, '%G-W%V')
            ]
        )
    ) as labels,
    side_since as since,
    mean as previous_value,
    complete,
    observations,
    first_observed,
    'weekly_ratios' as view
from worded
