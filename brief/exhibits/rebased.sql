-- The benchmark of each asset since the end of last year, when each was worth 100.
--
-- Grain  one row per asset and session

select
    asset_league.asset,
    asset_league.name,
    bars.session,
    bars.close / asset_league.base_value * 100 as rebased
from asset_league
inner join bars
    on asset_league.instrument = bars.instrument
    and asset_league.base_session <= bars.session
where asset_league.measure = 'price_return' and asset_league.change is not null
order by asset_league.rank, bars.session
