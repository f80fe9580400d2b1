-- How assets compare in the latest calendar year: one benchmark instrument for each, in US dollars.
--
-- Grain   one row per asset and measure
-- Method  price_return: the last close over the last one of the year before, less 1. total_return:
--         the same of closes adjusted for distributions. The year is that of the latest close of
--         any benchmark; an asset without a close in it, or in the one before, is left out. Not
--         ranked where either value is over 5 days older than its day
-- Caveat  only what closes in US dollars. No total return of an index: its source reinvests
--         nothing. Markets close on different days: each asset has its own last session
--
-- Columns
-- asset         what is compared
-- measure       price_return or total_return
-- name          plain name of the asset
-- instrument    its benchmark instrument
-- base_session  last session of the year before
-- base_value    close, or adjusted close, on it, USD
-- session       last session
-- value         close, or adjusted close, on it, USD
-- change        change between the two, a fraction; null if either is stale
-- is_stale      whether either is over 5 days older than its day
-- rank          rank among the assets, 1 the largest change; ties share a rank; null if stale
-- of            assets that are ranked

with

benchmarks as (
    select
        assets.asset,
        assets.name,
        assets.instrument,
        instruments.kind
    from assets
    inner join instruments on assets.instrument = instruments.instrument
    where instruments.currency = 'USD'
),

closes as (
    select
        benchmarks.asset,
        unnest(['price_return', 'total_return']) as measure,
        bars.session,
        unnest([bars.close, case when benchmarks.kind <> 'index' then bars.adj_close end]) as value
    from bars
    inner join benchmarks on bars.instrument = benchmarks.instrument
),

base as (
    select make_date(year(max(session)) - 1, 12, 31) as base_day
    from closes
),

compared as (
    select closes.*
    from closes
    cross join base
    where closes.value is not null and closes.session > base.base_day - 366
    window assets as (partition by closes.asset, closes.measure)
    qualify
        max(closes.session) over assets > base.base_day
        and min(closes.session) over assets <= base.base_day
),

priced as (
    select * from compared
    where measure = 'price_return'
),

adjusted as (
    select * from compared
    where measure = 'total_return'
),

measured as (
    select
        *,
        'price_return' as measure
    from league(priced, asset, session, value, (select base_day from base))
    union all
    select
        *,
        'total_return' as measure
    from league(adjusted, asset, session, value, (select base_day from base))
)

select
    measured.subject as asset,
    measured.measure,
    benchmarks.name,
    benchmarks.instrument,
    measured.base_as_of as base_session,
    measured.base_amount as base_value,
    measured.as_of as session,
    measured.amount as value,
    measured.change,
    measured.is_stale,
    measured.rank,
    measured.of
from measured
inner join benchmarks on measured.subject = benchmarks.asset
