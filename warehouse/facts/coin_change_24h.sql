-- How much the price of each large coin changed within 24 hours (claim C12).
--
-- Grain   one row per coin and measure, for the latest snapshot: price, by our own observations,
--         and price_reported, as the source states it; the 20 largest coins, bitcoin and ether
-- Method  value: the change against our own observation nearest to 24 hours before, at most 30
--         minutes off by the source's own clock
-- Caveat  without an observation of the day before, or at a price of 0 (not traded), only the
--         source's own figure is stated

with

latest as (
    select
        latest_coins.coin,
        latest_coins.name,
        latest_coins.as_of,
        latest_coins.source,
        latest_coins.price,
        changes_24h.compared_with,
        case when latest_coins.price > 0 then changes_24h.change_24h end as change_24h,
        changes_24h.reported_change_24h,
        strftime(latest_coins.observed_at, '%Y-%m-%d %H:%M') as at_time,
        strftime(changes_24h.compared_with, '%Y-%m-%d %H:%M') as before
    from latest_coins
    inner join changes_24h
        on latest_coins.coin = changes_24h.subject
        and latest_coins.source = changes_24h.source
        and latest_coins.observed_at = changes_24h.observed_at
        and changes_24h.measure = 'price'
    where latest_coins.rank <= 20 or latest_coins.coin in ('bitcoin', 'ethereum')
),

measured as (
    select
        *,
        unnest([false, true]) as is_reported,
        unnest([change_24h, reported_change_24h]) as change
    from latest
)

select
    'coin_change_24h' as fact,
    coin as subject,
    case when is_reported then 'price_reported' else 'price' end as measure,
    as_of,
    change as value,
    'fraction' as unit,
    case
        when is_reported
            then format(
                'By {}''s own figure {} ({}) {} in the 24 hours to {} UTC; {}.',
                source,
                name,
                coin,
                moved(change),
                at_time,
                coalesce(
                    'by our own observations it ' || moved(change_24h),
                    'our own observations cannot tell'
                )
            )
        else format(
            '{} ({}) {} in 24 hours, from {} USD at {} UTC to {} USD at {} UTC, by our own '
            || 'observations; {}.',
            name,
            coin,
            moved(change),
            significant(price / (1 + change)),
            before,
            significant(price),
            at_time,
            coalesce(
                format('by {}''s own figure it {}', source, moved(reported_change_24h)),
                source || ' states no figure of its own'
            )
        )
    end as statement,
    present([case when is_reported then 'as ' || source || ' states it' end]) as labels,
    case when not is_reported then compared_with::date end as previous_at,
    true as complete,
    case when not is_reported then 2 end as observations,
    'changes_24h' as view
from measured
where change is not null
