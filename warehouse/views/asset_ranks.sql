-- How assets of all kinds rank by market cap, as their source ranks them and by our own count.
--
-- Grain   one row per asset, day and source
-- Method  our ranks count the assets of the same list with a larger market cap; ties share a rank.
--         Without funds: an exchange-traded fund holds what is ranked already
-- Caveat  only what the source lists is ranked. A metal's market cap is its estimate: price times
--         all metal ever mined
--
-- Columns
-- asset               the source's id of the asset
-- as_of               UTC day of the list
-- source              who states it
-- name                name, as served
-- kind                company, metal, coin or fund; null: not known
-- market_cap          USD
-- price               USD per share, ounce or coin
-- stated_rank         the source's rank
-- rank                our rank among all that is listed
-- rank_without_funds  our rank among all but funds; null for a fund
-- listed              assets on the list

select
    asset,
    as_of,
    source,
    name,
    kind,
    market_cap,
    price,
    rank as stated_rank,
    rank() over (partition by source, as_of order by market_cap desc) as rank,
    case
        when coalesce(kind, '') != 'fund' then rank() over (
            partition by source, as_of, coalesce(kind, '') = 'fund' order by market_cap desc
        )
    end as rank_without_funds,
    count(*) over (partition by source, as_of) as listed
from asset_caps
