-- How much all coins together changed in market cap within 24 hours (claim C2).
--
-- Grain   one row per measure, for the latest observation: market_cap, by our own observations, and
--         market_cap_reported, as the source states it
-- Method  value: the change against our own observation nearest to 24 hours before, at most 30
--         minutes off by the source's own clock
-- Caveat  composition changes: coins enter and leave the whole. Without an observation of the day
--         before, only the source's own figure is stated

with

changes as (
    select *
    from changes_24h
    where subject = 'crypto' and measure = 'market_cap'
),

latest as (
    select
        *,
        strftime(observed_at, '%Y-%m-%d %H:%M') as at_time,
        strftime(compared_with, '%Y-%m-%d %H:%M') as before
    from changes
    order by observed_at desc, source asc
    limit 1
),

measured as (
    select
        *,
        unnest([false, true]) as is_reported,
        unnest([change_24h, reported_change_24h]) as change
    from latest
)

select
    'market_change_24h' as fact,
    subject,
    case when is_reported then 'market_cap_reported' else 'market_cap' end as measure,
    as_of,
    change as value,
    'fraction' as unit,
    case
        when is_reported
            then format(
                'By {}''s own figure the crypto market cap {} in the 24 hours to {} UTC; {}.',
                source,
                moved(change),
                at_time,
                coalesce(
                    'by our own observations it ' || moved(change_24h),
                    'our own observations cannot tell'
                )
            )
        else format(
            'The crypto market cap {} in 24 hours, from {} USD at {} UTC to {} USD at {} UTC, by '
            || 'our own observations; {}.',
            moved(change),
            in_words(value / (1 + change)),
            before,
            in_words(value),
            at_time,
            coalesce(
                format('by {}''s own figure it {}', source, moved(reported_change_24h)),
                source || ' states no figure of its own'
            )
        )
    end as statement,
    present(
        [
            'composition changes',
            case when is_reported then 'as ' || source || ' states it' end
        ]
    ) as labels,
    case when not is_reported then compared_with::date end as previous_at,
    true as complete,
    case when not is_reported then 2 end as observations,
    'changes_24h' as view
from measured
where change is not null
