-- The 20 largest coins, read in two ways, with what each changed within 24 hours.
--
-- Grain   one row per coin that is among the 20 largest, or among the 20 largest without copies
-- Method  stablecoins, wrapped and staked copies are taken out, then the 20 largest counted
--         (exclude_then_top20); or the 20 largest taken, then the copies dropped
--         (top20_then_exclude)
-- Caveat  of the latest snapshot; without an observation of the day before, or at a price of 0 (not
--         traded), our own change is not known
--
-- Columns
-- coin                   the source's id of the coin
-- name                   name, as served
-- observed_at            moment of the snapshot, UTC
-- source                 who states it
-- as_of                  UTC day of the snapshot
-- kind                   stablecoin, wrapped or staked; null: a bet of its own
-- rank                   place by market cap among all coins
-- rank_without_copies    place among the bets of their own; null for a copy
-- market_cap             USD
-- compared_with          moment that it is compared with, UTC; null: none is near enough
-- change_24h             change of price since then, a fraction
-- reported_change_24h    change in 24 hours as the source states it, a fraction
-- in_exclude_then_top20  whether the first reading counts it
-- in_top20_then_exclude  whether the second reading counts it
-- is_categorised         whether the source's list of stablecoins is known

select
    latest_coins.coin,
    latest_coins.name,
    latest_coins.observed_at,
    latest_coins.source,
    latest_coins.as_of,
    latest_coins.kind,
    latest_coins.rank,
    latest_coins.rank_without_copies,
    latest_coins.market_cap,
    changes_24h.compared_with,
    case when latest_coins.price > 0 then changes_24h.change_24h end as change_24h,
    changes_24h.reported_change_24h,
    coalesce(latest_coins.rank_without_copies <= 20, false) as in_exclude_then_top20,
    latest_coins.rank <= 20 and latest_coins.kind is null as in_top20_then_exclude,
    latest_coins.is_categorised
from latest_coins
left join changes_24h
    on latest_coins.coin = changes_24h.subject
    and latest_coins.source = changes_24h.source
    and latest_coins.observed_at = changes_24h.observed_at
    and changes_24h.measure = 'price'
where latest_coins.rank <= 20 or latest_coins.rank_without_copies <= 20
