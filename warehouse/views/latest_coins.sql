-- The latest snapshot of coins: which of them are bets of their own, and how they rank.
--
-- Grain   one row per coin of the latest snapshot whose market cap is known
-- Method  ranked by market cap; of equal ones the first is the one its source ranks first. Copies
--         are told by the reference list `stablecoins`, stablecoins also by the source's latest
--         category of that name
-- Caveat  only what is on the source's list is ranked. Of two sources' snapshots of one moment the
--         first by name is taken
--
-- Columns
-- coin                the source's id of the coin
-- symbol              ticker, as served
-- name                name, as served
-- observed_at         moment of the snapshot, UTC
-- source              who states it
-- as_of               UTC day of the snapshot
-- kind                stablecoin, wrapped or staked; null: a bet of its own
-- rank                place by market cap among all coins
-- rank_without_copies  place among the bets of their own; null for a copy
-- price               USD
-- market_cap          USD
-- is_categorised      whether the source's list of stablecoins is known

with

observed as (
    select * from coins
),

latest as (
    select
        source,
        observed_at
    from observed
    order by observed_at desc, source asc
    limit 1
),

categorised as (
    select
        coin,
        source
    from coin_categories
    where category = 'stablecoins'
    qualify as_of = max(as_of) over (partition by source)
),

lists as (
    select distinct source
    from categorised
),

told as (
    select
        observed.coin,
        observed.symbol,
        observed.name,
        observed.observed_at,
        observed.source,
        observed.as_of,
        observed.rank as stated_rank,
        observed.price,
        observed.market_cap,
        coalesce(
            stablecoins.kind, case when categorised.coin is not null then 'stablecoin' end
        ) as kind,
        lists.source is not null as is_categorised
    from observed
    inner join latest
        on observed.source = latest.source and observed.observed_at = latest.observed_at
    left join stablecoins on observed.coin = stablecoins.coin
    left join categorised
        on observed.coin = categorised.coin and observed.source = categorised.source
    left join lists on observed.source = lists.source
    where observed.market_cap is not null
)

select
    coin,
    symbol,
    name,
    observed_at,
    source,
    as_of,
    kind,
    row_number() over by_size as rank,
    case
        when kind is null
            then row_number() over (
                partition by kind is null
                order by market_cap desc, stated_rank asc nulls last, coin asc
            )
    end as rank_without_copies,
    price,
    market_cap,
    is_categorised
from told
window by_size as (order by market_cap desc, stated_rank asc nulls last, coin asc)
