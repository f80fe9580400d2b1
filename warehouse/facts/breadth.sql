-- How many of the 20 largest coins fell within 24 hours, stablecoins and copies apart (claim C3).
--
-- Grain   one row per reading (exclude_then_top20, top20_then_exclude) and whose changes they are:
--         our own, or the source's (suffix _reported), for the latest snapshot
-- Method  value: share of the counted coins that fell. exclude_then_top20 leaves out stablecoins,
--         wrapped and staked copies and counts the 20 largest of the rest; top20_then_exclude takes
--         the 20 largest and counts those that are none of these
-- Caveat  a change that is zero or not known counts as neither. Not stated on a snapshot of fewer
--         coins than the reading needs, nor where no change is known

with

listed as (
    select
        as_of,
        source,
        observed_at,
        rank,
        is_categorised,
        unnest(
            [
                'exclude_then_top20',
                'top20_then_exclude',
                'exclude_then_top20_reported',
                'top20_then_exclude_reported'
            ]
        ) as measure,
        unnest([true, false, true, false]) as is_excluded_first,
        unnest([false, false, true, true]) as is_reported,
        unnest(
            [
                in_exclude_then_top20,
                in_top20_then_exclude,
                in_exclude_then_top20,
                in_top20_then_exclude
            ]
        ) as is_counted,
        unnest([change_24h, change_24h, reported_change_24h, reported_change_24h]) as change
    from top_20
),

counted as (
    select
        measure,
        is_excluded_first,
        is_reported,
        as_of,
        source,
        observed_at,
        bool_and(is_categorised) as is_categorised,
        count(*) filter (where rank <= 20) as taken,
        count(*) filter (where is_counted) as coins,
        count(*) filter (where is_counted and change < 0) as falls,
        count(*) filter (where is_counted and change > 0) as rises,
        count(*) filter (where is_counted and change is null) as not_known
    from listed
    group by measure, is_excluded_first, is_reported, as_of, source, observed_at
)

select
    'breadth' as fact,
    'top_20' as subject,
    measure,
    as_of,
    falls / coins as value,
    'share of coins' as unit,
    format(
        '{}{} fell, {} rose and {} did neither in the 24 hours to {} UTC, {}.',
        case
            when is_excluded_first
                then
                    'Of the 20 largest coins that are neither stablecoins nor wrapped or staked '
                    || 'copies, '
            else format(
                'Of the 20 largest coins, {} neither stablecoins nor wrapped or staked copies; '
                || 'of these, ',
                case when coins = 1 then '1 is' else coins || ' are' end
            )
        end,
        falls,
        rises,
        coins - falls - rises,
        strftime(observed_at, '%Y-%m-%d %H:%M'),
        case
            when is_reported then format('by {}''s own figures', source)
            else 'by our own observations'
        end
    ) as statement,
    present(
        [
            case
                when is_categorised then 'stablecoins by reference list and by ' || source
                else 'stablecoins by reference list alone'
            end,
            case
                when not_known > 0
                    then counted(not_known, 'change') || ' not known, counted as neither'
            end
        ]
    ) as labels,
    coins as of,
    true as complete,
    coins as observations,
    'top_20' as view
from counted
where
    not_known < coins
    and case when is_excluded_first then coins = 20 else taken = 20 end
