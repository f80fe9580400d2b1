-- Where an asset ranks by market cap among assets of all kinds, and what it is worth (claim C4).
--
-- Grain   one row per asset and measure, of the latest list: rank and rank_without_funds, of the
--         assets in reference/assets.csv and the ten largest; notional, of the metals there, at
--         their latest close
-- Method  value: our rank on the source's list, and the one before it; notional: the benchmark
--         instrument's close times the estimated metal ever mined, USD
-- Caveat  only what the source lists is ranked, which is not stated on a list of fewer than ten. An
--         asset of another id there than in assets.csv is not found

with

ranks as (
    select * from asset_ranks
),

listed as (
    select
        asset,
        as_of,
        source,
        name,
        kind,
        market_cap,
        stated_rank,
        lag(as_of) over of_asset as previous_at,
        max(as_of) over (partition by source) as last_as_of,
        min(as_of) over of_asset as first_observed,
        unnest(['rank', 'rank_without_funds']) as measure,
        unnest([rank, rank_without_funds]) as place,
        unnest([lag(rank) over of_asset, lag(rank_without_funds) over of_asset]) as previous_place
    from ranks
    window of_asset as (partition by source, asset order by as_of)
),

latest as (
    select
        *,
        count(*) over (partition by measure) as listed,
        count(*) over (partition by measure, place) > 1 as is_shared
    from listed
    where as_of = last_as_of and place is not null
    qualify dense_rank() over (order by as_of desc, source asc) = 1
),

ranked as (
    select
        latest.*,
        case when latest.is_shared then 'joint ' else '' end
        || nth(latest.place, 'largest') as nth_largest,
        case
            when latest.measure = 'rank' then counted(latest.listed, 'asset') || ' of all kinds'
            else counted(latest.listed, 'asset') || ' other than funds'
        end as field
    from latest
    left join assets on latest.asset = assets.asset
    where latest.listed >= 10 and (latest.place <= 10 or assets.asset is not null)
),

metals as (
    select
        assets.asset,
        any_value(assets.name) as name,
        any_value(assets.instrument) as instrument,
        any_value(assets.stock_ounces) as stock_ounces,
        any_value(assets.stock_stated_by) as stock_stated_by,
        any_value(instruments.caveat) as caveat,
        any_value(instruments.quote_decimals) as quote_decimals,
        max(bars.session, 2) as sessions,
        max_by(bars.close, bars.session, 2) as closes,
        min(bars.session) as first_observed,
        count(*) as observations
    from assets
    inner join instruments
        on assets.instrument = instruments.instrument and instruments.currency = 'USD'
    inner join bars on assets.instrument = bars.instrument and bars.close is not null
    where assets.stock_ounces is not null
    group by assets.asset
)

select
    'asset_rank' as fact,
    asset as subject,
    measure,
    as_of,
    place as value,
    'rank' as unit,
    format(
        '{} was the {} of the {} that {} listed on {}, by a market cap of {} USD{}.',
        name,
        nth_largest,
        field,
        source,
        as_of::varchar,
        in_words(market_cap),
        case
            when previous_place is null then ''
            when previous_place = place then format(', as on {}', previous_at::varchar)
            else format(
                '; on {} it was the {}', previous_at::varchar, nth(previous_place, 'largest')
            )
        end
    ) as statement,
    present(
        [
            case kind
                when 'metal' then 'market cap estimated: price times all metal ever mined'
            end,
            case
                when measure = 'rank' and stated_rank != place
                    then format('{} itself ranks it {}', source, stated_rank)
            end
        ]
    ) as labels,
    place as rank,
    listed as of,
    previous_place::double as previous_value,
    case when previous_place is not null then previous_at end as previous_at,
    true as complete,
    listed as observations,
    first_observed,
    'asset_ranks' as view
from ranked
union all
select
    'asset_rank' as fact,
    asset as subject,
    'notional' as measure,
    sessions[1] as as_of,
    closes[1] * stock_ounces as value,
    'USD' as unit,
    format(
        'All {} ever mined, an estimated {} troy ounces, came to {} USD at the close of {} on {}: '
        || '{} USD an ounce.',
        lower(name),
        in_words(stock_ounces),
        in_words(closes[1] * stock_ounces),
        instrument,
        sessions[1]::varchar,
        format('{:,.' || quote_decimals || 'f}', closes[1])
    ) as statement,
    present(
        [
            'notional: price x estimated metal ever mined',
            'stock: ' || stock_stated_by,
            caveat
        ]
    ) as labels,
    null::bigint as rank,
    null::bigint as of,
    closes[2] * stock_ounces as previous_value,
    sessions[2] as previous_at,
    true as complete,
    observations,
    first_observed,
    'bars' as view
from metals
