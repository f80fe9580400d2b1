-- How many positions a fund has opened, and closed, since the snapshot before.
--
-- Grain   one row per fund, for the latest snapshot of its holdings
-- Method  value: securities that the latest snapshot has and the one before, `since`, has not; the
--         sentence names the largest three by weight. Closed are those of the one before that the
--         latest has not
-- Caveat  not stated before there are two snapshots. A changed ticker looks like one position
--         closed and one opened

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

compared as (
    select
        snapshots.fund,
        snapshots.as_of,
        snapshots.first_observed,
        snapshots.observations,
        steps.previous_as_of,
        count(*) filter (where steps.kind = 'new') as opened,
        count(*) filter (where steps.kind = 'gone') as closed,
        count(*) - closed as positions,
        list(
            steps.security order by steps.weight_after desc nulls last, steps.security asc
        ) filter (where steps.kind = 'new') as names
    from position_history as steps
    inner join snapshots on steps.fund = snapshots.fund and steps.as_of = snapshots.as_of
    group by
        snapshots.fund,
        snapshots.as_of,
        snapshots.first_observed,
        snapshots.observations,
        steps.previous_as_of
),

worded as (
    select
        *,
        array_to_string(names[:3], ', ')
        || case when opened > 3 then ' and ' || counted(opened - 3, 'other') else '' end as named
    from compared
)

select
    'new_positions' as fact,
    fund as subject,
    'opened' as measure,
    as_of,
    opened as value,
    'positions' as unit,
    format(
        '{} opened {} and closed {} between its snapshots of {} and {}; it holds {}.',
        fund,
        case
            when opened = 0 then 'no position'
            else format('{} ({})', counted(opened, 'position'), named)
        end,
        case when closed = 0 then 'none' else closed::varchar end,
        previous_as_of::varchar,
        as_of::varchar,
        counted(positions, 'position')
    ) as statement,
    present(
        [
            case
                when opened > 0 and closed > 0
                    then 'a changed ticker counts as one opened and one closed'
            end
        ]
    ) as labels,
    previous_as_of as since,
    observations,
    first_observed,
    'holding_changes' as view
from worded
