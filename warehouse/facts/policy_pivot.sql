-- How the Federal Reserve last moved the upper bound of its target range (claim C17).
--
-- Grain   one row per target, of which there is one (DFEDTARU), for its latest day
-- Method  value: the level, percent; previous_value: the one before the last change. A pivot
--         reverses the direction; a resumption follows at least three meetings without a change
-- Caveat  not stated before a first change is known. `since` is the day the change carries, from
--         2017 on the one after its announcement

with

observed as (
    select
        max(as_of) as as_of,
        min(as_of) as first_observed,
        count(*) as observations
    from rates
    where series = 'DFEDTARU'
),

latest as (
    select *
    from policy_changes
    order by as_of desc
    limit 1
),

worded as (
    select
        latest.*,
        observed.as_of as last_as_of,
        observed.first_observed,
        observed.observations,
        case
            when latest.previous_as_of is null
                then format('the first move since {}', observed.first_observed::varchar)
            when latest.kind = 'pivot'
                then format(
                    'a pivot, for the move before, on {}, was a {}',
                    latest.previous_as_of::varchar,
                    case latest.direction when 'cut' then 'hike' else 'cut' end
                )
            else format(
                '{}{} in a row since {}{}',
                case latest.kind
                    when 'resumption'
                        then format(
                            'a resumption after {} without a change, ',
                            counted(latest.meetings_between, 'meeting')
                        )
                    when 'continuation' then 'a continuation, '
                    else ''
                end,
                counted(latest.moves_in_direction, latest.direction),
                case when latest.is_turn_known then 'the pivot of ' else '' end,
                latest.turn_date::varchar
            )
        end as placed
    from latest
    cross join observed
)

select
    'policy_pivot' as fact,
    'DFEDTARU' as subject,
    'upper_bound' as measure,
    worded.last_as_of as as_of,
    worded.level as value,
    'percent' as unit,
    format(
        'The Federal Reserve last moved the upper bound of its target range on {}{}: a {} of '
        || '{:.2f} percentage points, from {:.2f} % to {:.2f} %; {}.',
        worded.as_of::varchar,
        coalesce(format(' (announced on {})', worded.announced_at::varchar), ''),
        worded.direction,
        abs(worded.change),
        worded.previous_level,
        worded.level,
        worded.placed
    ) as statement,
    present(
        [
            series.caveat,
            case when worded.kind is null then 'what it follows cannot be told' end
        ]
    ) as labels,
    worded.as_of as since,
    worded.previous_level as previous_value,
    worded.previous_as_of as previous_at,
    true as complete,
    worded.observations,
    worded.first_observed,
    'policy_changes' as view
from worded
left join series on series.series = 'DFEDTARU'
