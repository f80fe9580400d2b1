-- What changed within 24 hours: each coin's price, and the market cap of all coins together.
--
-- Grain   one row per subject and observation
-- Method  against our own observation of the same source nearest to 24 hours before, at most 30
--         minutes off; the source's own figure stands beside it
-- Caveat  composition changes: coins enter and leave the whole. Without an observation of the day
--         before, our own change is not known
--
-- Columns
-- subject             coin by the source's id; crypto is all of them
-- observed_at         moment of the observation, UTC
-- source              who states it
-- as_of               UTC day of the observation
-- measure             price or market_cap
-- value               price or market cap, USD
-- compared_with       moment that it is compared with, UTC; null: none is near enough
-- change_24h          change since then, a fraction
-- reported_change_24h  change in 24 hours as the source states it, a fraction

with

moments as (
    select distinct
        'coins' as relation,
        source,
        observed_at
    from coins
    union all
    select
        'coin_market' as relation,
        source,
        observed_at
    from coin_market
),

compared as (
    select
        later.relation,
        later.source,
        later.observed_at,
        arg_min(
            earlier.observed_at,
            (abs(epoch(later.observed_at - earlier.observed_at) - 86400), earlier.observed_at)
        ) as compared_with
    from moments as later
    inner join moments as earlier
        on later.relation = earlier.relation
        and later.source = earlier.source
        and earlier.observed_at
        between later.observed_at - interval '1470 minutes'
        and later.observed_at - interval '1410 minutes'
    group by later.relation, later.source, later.observed_at
)

select
    coins.coin as subject,
    coins.observed_at,
    coins.source,
    coins.as_of,
    'price' as measure,
    coins.price as value,
    compared.compared_with,
    coins.price / nullif(earlier.price, 0) - 1 as change_24h,
    coins.change_24h as reported_change_24h
from coins
left join compared
    on compared.relation = 'coins'
    and coins.source = compared.source
    and coins.observed_at = compared.observed_at
left join coins as earlier
    on coins.coin = earlier.coin
    and coins.source = earlier.source
    and compared.compared_with = earlier.observed_at
union all
select
    'crypto' as subject,
    coin_market.observed_at,
    coin_market.source,
    coin_market.as_of,
    'market_cap' as measure,
    coin_market.market_cap as value,
    compared.compared_with,
    coin_market.market_cap / earlier.market_cap - 1 as change_24h,
    coin_market.change_24h as reported_change_24h
from coin_market
left join compared
    on compared.relation = 'coin_market'
    and coin_market.source = compared.source
    and coin_market.observed_at = compared.observed_at
left join coin_market as earlier
    on coin_market.source = earlier.source and compared.compared_with = earlier.observed_at
