-- How assets compare since the end of last year, by price.
--
-- Grain  one row per asset

select
    rank,
    asset,
    name,
    instrument,
    base_session,
    session,
    change
from asset_league
where measure = 'price_return' and change is not null
order by rank, name
