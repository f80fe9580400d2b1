-- How an asset's return in the calendar year compares with those of other assets (claim C13).
--
-- Grain   one row per asset and measure (price_return or total_return), for the last session of any
--         of them
-- Method  value: change, a fraction, of its benchmark instrument's close in US dollars since the
--         last close of the year before, and its rank among the assets. total_return compares
--         closes adjusted for distributions, apart from plain ones. `previous_value` is the close
--         of the year before, USD
-- Caveat  not stated where either close is over 5 days stale, nor of one asset alone. Assets close
--         on different days, so each sentence names its own. No index has a total return

with

ranked as (
    select
        *,
        max(session) over (partition by measure) as as_of
    from asset_league
    qualify not is_stale and of > 1
),

others as (
    select
        asset,
        measure,
        rank,
        change,
        format('{} ({}, {})', name, instrument, percentage(change)) as named
    from ranked
),

placed as (
    select
        ranked.asset,
        ranked.measure,
        count(*) filter (where others.rank = ranked.rank) > 0 as is_shared,
        count(*) filter (where others.rank > ranked.rank) = 0 as is_last,
        arg_max(others.named, row(-others.rank, others.asset)) filter (
            where others.rank > ranked.rank
        ) as next_below,
        arg_max(others.named, row(others.rank, others.asset)) filter (
            where others.rank < ranked.rank
        ) as next_above
    from ranked
    inner join others on ranked.measure = others.measure and ranked.asset <> others.asset
    group by ranked.asset, ranked.measure
),

told as (
    select
        ranked.*,
        instruments.caveat,
        instruments.quote_decimals,
        ranked.measure = 'total_return' as is_total,
        min(ranked.session) over (partition by ranked.measure) as first_close,
        max(ranked.session) over (partition by ranked.measure) as last_close,
        case when placed.is_shared then 'joint ' else '' end
        || case
            when placed.is_last and ranked.rank > 1 then 'worst'
            else nth(ranked.rank, 'best')
        end as place,
        coalesce(
            ', behind ' || placed.next_above, ', ahead of ' || placed.next_below, ''
        ) as beside
    from ranked
    inner join placed on ranked.asset = placed.asset and ranked.measure = placed.measure
    inner join instruments on ranked.instrument = instruments.instrument
)

select
    'league' as fact,
    asset as subject,
    measure,
    as_of,
    change as value,
    'fraction' as unit,
    format(
        '{} ({}) has returned {} in USD{} since {} ({}{} to {} on {}), the {} of {} assets{}.',
        name,
        instrument,
        percentage(change),
        case when is_total then ', distributions reinvested,' else '' end,
        base_session::varchar,
        case when is_total then 'adjusted: ' else '' end,
        format('{:,.' || quote_decimals || 'f}', base_value),
        format('{:,.' || quote_decimals || 'f}', value),
        session::varchar,
        place,
        of,
        beside
    ) as statement,
    present(
        [
            caveat,
            'nominal',
            case
                when is_total
                    then 'total return: distributions reinvested, as adjusted by the source'
                when coalesce(caveat, '') like '%dividends%' then null  -- its closes hold them
                else 'price return'
            end,
            case
                when first_close < last_close
                    then format('last closes from {} to {}', first_close, last_close)
            end
        ]
    ) as labels,
    rank,
    of,
    base_session as since,
    base_value as previous_value,
    base_session as previous_at,
    true as complete,
    of as observations,
    base_session as first_observed,
    'asset_league' as view
from told
