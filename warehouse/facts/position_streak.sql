-- Which position a fund has added to in the most snapshots in a row.
--
-- Grain   one row per fund, for the latest snapshot of its holdings
-- Method  value: the longest streak of additions that the latest snapshot goes on with; of several
--         as long the sentence names the largest position by weight. `since` is the first snapshot
--         that added
-- Caveat  not stated before a streak of three snapshots. A snapshot that is missing breaks nothing;
--         creations of the fund's own shares add to all its positions, and a split of a security
--         looks like an addition

with

snapshots as (
    select
        fund,
        max(as_of) as as_of,
        min(as_of) as first_observed,
        count(*) as observations
    from holding_snapshots
    group by fund
),

held as (
    select
        snapshots.*,
        steps.security,
        steps.weight_after,
        count(*) over (partition by snapshots.fund) as positions
    from position_history as steps
    inner join snapshots on steps.fund = snapshots.fund and steps.as_of = snapshots.as_of
    where coalesce(steps.kind, 'unknown') <> 'gone'
),

longest as (
    select
        held.*,
        streaks.streak,
        streaks.first_as_of,
        streaks.at_least
    from held
    inner join position_streaks as streaks
        on held.fund = streaks.fund
        and held.as_of = streaks.as_of
        and held.security = streaks.security
    where streaks.kind = 'added' and streaks.streak >= 3
    qualify streaks.streak = max(streaks.streak) over (partition by held.fund)
),

largest as (
    select
        *,
        count(*) over (partition by fund) as as_long
    from longest
    qualify
        row_number() over (
            partition by fund order by weight_after desc nulls last, security asc
        ) = 1
)

select
    'position_streak' as fact,
    fund as subject,
    'added_to' as measure,
    as_of,
    streak as value,
    'snapshots' as unit,
    format(
        '{} has added to its position in {}{} in each of its last {} snapshots ({} to {}): '
        || 'its longest current streak of additions.',
        fund,
        security,
        case
            when as_long > 1
                then format(
                    ', and to {} of its {} positions,',
                    counted(as_long - 1, 'other'), positions
                )
            else ''
        end,
        streak,
        first_as_of::varchar,
        as_of::varchar
    ) as statement,
    present(
        [
            'quantities as published, not adjusted for splits',
            'creations of the fund''s shares add to every position',
            case when at_least then 'reaches back to the first snapshot known' end
        ]
    ) as labels,
    first_as_of as since,
    observations,
    first_observed,
    'position_streaks' as view
from largest
