-- How far one instrument has risen or fallen, measured in another (claim C14).
--
-- Grain   one row per pair and measure (one_year, four_years, window_peak or all_time_peak), for
--         the latest day with a rate
-- Method  value: the latest cross rate over an earlier one, less 1. one_year and four_years: the
--         last rate on or before the same day so many years earlier, at most 7 days older.
--         window_peak: the highest rate from the same day four years earlier on, all_time_peak: the
--         highest of the series, the latest included; of equal ones the first
-- Caveat  not stated before the series reaches back so far, nor on fewer than 20 days. A peak is
--         that of the series, which may have begun after a higher one

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
        arg_max(denominator_as_of, as_of) as denominator_as_of,
        count(*) as observations
    from rates
    group by pair
    having count(*) >= 20
),

years as (
    select
        pair,
        first_as_of,
        unnest(['one_year', 'four_years', 'window_peak']) as measure,
        (as_of - to_years(unnest([1, 4, 4])))::date as starts_on
    from latest
),

peaks as (
    select
        pair,
        measure,
        starts_on
    from years
    where measure = 'window_peak' and first_as_of <= starts_on
    union all
    select
        pair,
        'all_time_peak' as measure,
        first_as_of as starts_on
    from latest
),

highest as (
    select
        peaks.pair,
        peaks.measure,
        peaks.starts_on,
        max(rates.rate) as rate
    from peaks
    inner join rates on peaks.pair = rates.pair and peaks.starts_on <= rates.as_of
    group by peaks.pair, peaks.measure, peaks.starts_on
),

earlier as (
    select
        years.pair,
        years.measure,
        years.starts_on,
        rates.as_of,
        rates.rate,
        rates.denominator_as_of
    from years
    asof inner join rates on years.pair = rates.pair and years.starts_on >= rates.as_of
    where years.measure != 'window_peak' and years.starts_on - rates.as_of <= 7
    union all
    select
        highest.pair,
        highest.measure,
        highest.starts_on,
        min(rates.as_of) as as_of,
        highest.rate,
        min(rates.denominator_as_of) as denominator_as_of
    from highest
    inner join rates
        on highest.pair = rates.pair
        and highest.starts_on <= rates.as_of
        and highest.rate = rates.rate
    group by highest.pair, highest.measure, highest.starts_on, highest.rate
),

told as (
    select
        latest.*,
        earlier.measure,
        earlier.starts_on,
        earlier.as_of as previous_at,
        earlier.rate as previous_rate,
        earlier.denominator_as_of as previous_denominator_as_of,
        named_pairs.name,
        named_pairs.denominator,
        named_pairs.caveats,
        latest.rate / earlier.rate - 1 as change,
        case earlier.measure
            when 'one_year' then 'one year'
            when 'four_years' then 'four years'
            when 'window_peak' then 'the last four years'
            else 'its whole series'
        end as reach
    from latest
    inner join earlier on latest.pair = earlier.pair
    inner join named_pairs on latest.pair = named_pairs.pair
),

worded as (
    select
        *,
        case
            when abs(change) < 0.00005 then 'less than 0.01 %' else percentage(abs(change))
        end as size,
        format(
            'from {} on {} to {} on {}',
            significant(previous_rate),
            previous_at::varchar,
            significant(rate),
            as_of::varchar
        ) as from_to
    from told
)

select
    'cross_rate_change' as fact,
    pair as subject,
    measure,
    as_of,
    change as value,
    'fraction' as unit,
    case
        when measure in ('one_year', 'four_years') and change = 0
            then format('{} did not change in {}: {}.', name, reach, from_to)
        when measure in ('one_year', 'four_years')
            then format(
                '{} {} {} in {}: {}.',
                name,
                case when change > 0 then 'rose' else 'fell' end,
                size,
                reach,
                from_to
            )
        when change = 0
            then format(
                '{} was {} on {}, the peak of {} (since {}).',
                name, significant(rate), as_of::varchar, reach, starts_on::varchar
            )
        else format(
            '{} fell {} from the peak of {} (since {}): {}.',
            name, size, reach, starts_on::varchar, from_to
        )
    end as statement,
    list_concat(
        caveats,
        present(
            [
                case
                    when previous_denominator_as_of < previous_at
                        then format(
                            '{} on {} as of {}',
                            denominator,
                            previous_at::varchar,
                            previous_denominator_as_of::varchar
                        )
                end,
                case
                    when denominator_as_of < as_of and previous_at < as_of
                        then format(
                            '{} on {} as of {}',
                            denominator, as_of::varchar, denominator_as_of::varchar
                        )
                end
            ]
        )
    ) as labels,
    starts_on as since,
    previous_rate as previous_value,
    previous_at,
    true as complete,
    observations,
    first_as_of as first_observed,
    'cross_rates' as view
from worded
