-- The ten largest assets of all kinds by market cap, and the subject where it is below them.
--
-- Grain  one row per asset

select
    rank,
    name,
    kind,
    market_cap,
    as_of,
    source,
    name ilike {name} as is_subject
from asset_ranks
where
    as_of = (select max(latest.as_of) from asset_ranks as latest)
    and (rank <= 10 or name ilike {name})
order by rank, name
