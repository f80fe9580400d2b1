-- What one instrument costs in another, and how high that is (claim C20).
--
-- Grain   one row per pair and measure (rate, percentile_10_years or percentile_all_history), for
--         the latest day with a rate
-- Method  the latest cross rate. Measure rate: the highest or the lowest since the last earlier day
--         at least as high or as low, whichever reaches back farther. Percentiles: the share of the
--         window's days, the latest included, that were at or below it; the 10 years begin on the
--         same day ten years earlier
-- Caveat  the rate is not stated on fewer than 20 days, a percentile on fewer than 252, that of 10
--         years not before the series reaches back so far. A market that never closes has its
--         weekends counted, at the other's Friday close

with

rates as (
    select
        pair,
        as_of,
        rate,
        denominator_as_of
    from cross_rates
),

latest as (
    select
        pair,
        max(as_of) as as_of,
        min(as_of) as first_as_of,
        arg_max(rate, as_of) as rate,
        arg_max(denominator_as_of, as_of) as denominator_as_of
    from rates
    group by pair
),

windows as (
    select
        pair,
        'all_history' as reach,
        first_as_of as starts_on
    from latest
    union all
    select
        pair,
        '10_years' as reach,
        (as_of - interval 10 year)::date as starts_on
    from latest
    where first_as_of <= as_of - interval 10 year
),

placed as (
    select
        windows.pair,
        windows.reach,
        windows.starts_on,
        count(*) as observations,
        count(*) filter (where rates.rate > latest.rate) as above,
        min(rates.rate) as lowest,
        max(rates.rate) as highest,
        max(rates.as_of) filter (
            where rates.as_of < latest.as_of and rates.rate <= latest.rate
        ) as as_low_at,
        max(rates.as_of) filter (
            where rates.as_of < latest.as_of and rates.rate >= latest.rate
        ) as as_high_at
    from windows
    inner join latest on windows.pair = latest.pair
    inner join rates on windows.pair = rates.pair and windows.starts_on <= rates.as_of
    group by windows.pair, windows.reach, windows.starts_on
),

measured as (
    select
        *,
        unnest(
            case
                when reach = 'all_history' then ['rate', 'percentile_all_history']
                else ['percentile_10_years']
            end
        ) as measure,
        1 - above / observations as share_at_or_below,
        case
            when as_low_at is not null and as_high_at is not null
                then least(as_low_at, as_high_at)
        end as previous_at,
        case
            when as_low_at = as_high_at then 'unchanged'
            when coalesce(as_low_at < as_high_at, as_low_at is null) then 'the lowest'
            else 'the highest'
        end as extreme
    from placed
),

compared as (
    select
        measured.pair,
        min(rates.as_of) filter (where rates.rate = measured.lowest) as lowest_at,
        min(rates.as_of) filter (where rates.rate = measured.highest) as highest_at,
        any_value(rates.rate) filter (where rates.as_of = measured.previous_at) as previous_rate
    from measured
    inner join rates on measured.pair = rates.pair
    where measured.measure = 'rate'
    group by measured.pair
),

told as (
    select
        measured.*,
        latest.as_of,
        latest.first_as_of,
        latest.rate,
        latest.denominator_as_of,
        compared.lowest_at,
        compared.highest_at,
        compared.previous_rate,
        named_pairs.denominator,
        named_pairs.unit,
        named_pairs.caveats,
        format(
            '{} was {} on {}',
            named_pairs.name, significant(latest.rate), latest.as_of::varchar
        ) as rate_told
    from measured
    inner join latest on measured.pair = latest.pair
    inner join compared on measured.pair = compared.pair
    inner join named_pairs on measured.pair = named_pairs.pair
    where measured.observations >= case measured.measure when 'rate' then 20 else 252 end
)

select
    'cross_rate' as fact,
    pair as subject,
    measure,
    as_of,
    case measure when 'rate' then rate else share_at_or_below end as value,
    case measure when 'rate' then unit else 'share of days' end as unit,
    case measure
        when 'rate'
            then format(
                '{}, {} since {}; its range since {} is {} ({}) to {} ({}).',
                rate_told,
                extreme,
                coalesce(
                    format('{} ({})', previous_at::varchar, significant(previous_rate)),
                    'the series began'
                ),
                first_as_of::varchar,
                significant(lowest),
                lowest_at::varchar,
                significant(highest),
                highest_at::varchar
            )
        else format(
            '{}, at least as high as on {} of the {} {}.',
            rate_told,
            percentage(share_at_or_below),
            counted(observations, 'day'),
            case measure
                when 'percentile_10_years'
                    then format('of the last 10 years (since {})', starts_on::varchar)
                else format('since {}', starts_on::varchar)
            end
        )
    end as statement,
    list_concat(
        caveats,
        present(
            [
                case measure
                    when 'percentile_all_history'
                        then format('window: all history, from {}', starts_on::varchar)
                    when 'percentile_10_years'
                        then format('window: 10 years, from {}', starts_on::varchar)
                end,
                case
                    when denominator_as_of < as_of
                        then format('{} as of {}', denominator, denominator_as_of::varchar)
                end
            ]
        )
    ) as labels,
    1 + above as rank,
    observations as of,
    case measure when 'rate' then coalesce(previous_at, first_as_of) else starts_on end as since,
    case measure when 'rate' then previous_rate end as previous_value,
    case measure when 'rate' then previous_at end as previous_at,
    true as complete,
    observations,
    first_as_of as first_observed,
    'cross_rates' as view
from told
