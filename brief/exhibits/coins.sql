-- What the 20 largest coins changed in 24 hours, without stablecoins, wrapped and staked copies.
--
-- Grain  one row per coin

select
    rank_without_copies as rank,
    name,
    change_24h,
    reported_change_24h,
    market_cap
from top_20
where in_exclude_then_top20
order by rank_without_copies
