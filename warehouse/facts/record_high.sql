-- Whether the latest close, high or observed price is the highest there has been (claims C1, C21).
--
-- Grain   one row per instrument and measure (close or high), for its latest session; one per large
--         coin that is a bet of its own (measure intraday), for its latest observation
-- Method  the latest value against every earlier one, rounded to the decimals it is quoted in.
--         "All-time" only if the series starts before every known earlier peak (known_peaks). What
--         was observed within a day carries its moment, and the region in whose session it was
-- Caveat  not stated on fewer than 20 sessions, or observations; nominal, in the instrument's
--         currency. A coin is observed at intervals: its record may have been set between two

with

large as (
    select
        coin,
        name,
        source
    from latest_coins
    where kind is null and (rank <= 20 or coin in ('bitcoin', 'ethereum'))
),

quoted as (
    select
        bars.instrument as subject,
        bars.session::timestamp as period,
        unnest(['close', 'high']) as measure,
        round(
            unnest([bars.close, bars.high]), instruments.quote_decimals::integer
        ) as price
    from bars
    inner join instruments on bars.instrument = instruments.instrument
    union all
    select
        coins.coin as subject,
        coins.observed_at at time zone 'UTC' as period,
        'intraday' as measure,
        coins.price
    from coins
    inner join large on coins.coin = large.coin and coins.source = large.source
    where coins.price > 0
),

latest as (
    select
        subject,
        measure,
        arg_max(price, period) as price,
        max(period) as period,
        min(period) as first_period,
        count(*) as observations
    from quoted
    where price is not null
    group by subject, measure
),

ranked as (
    select
        latest.subject,
        latest.measure,
        any_value(latest.price) as price,
        any_value(latest.period) as period,
        any_value(latest.first_period) as first_period,
        any_value(latest.observations) as observations,
        1 + count(*) filter (where quoted.price > latest.price) as rank,
        max(quoted.period) filter (where quoted.price >= latest.price) as last_as_high,
        max(quoted.price) as previous_value,
        arg_min(quoted.period, row(-quoted.price, quoted.period)) as previous_at
    from latest
    inner join quoted
        on latest.subject = quoted.subject
        and latest.measure = quoted.measure
        and latest.period > quoted.period
    where latest.observations >= 20
    group by latest.subject, latest.measure
),

known as (
    select
        instrument,
        min(peaked_on) as first_peak
    from known_peaks
    group by instrument
),

instruments_described as (
    select
        ranked.*,
        instruments.name,
        case instruments.kind when 'index' then 'index points' else instruments.currency end
            as unit,
        instruments.caveat,
        case when ranked.measure = 'close' then 'closed at' else 'traded as high as' end as verb,
        case instruments.kind when 'index' then '' else ' ' || instruments.currency end as in_unit,
        format('{:,.' || instruments.quote_decimals || 'f}', ranked.price) || in_unit as priced,
        format('{:,.' || instruments.quote_decimals || 'f}', ranked.previous_value)
        || in_unit as previously_priced,
        1 - ranked.price / ranked.previous_value as below,
        case
            when known.first_peak is not null and ranked.first_period < known.first_peak
                then 'an all-time high'
            else 'the highest since the series began on ' || ranked.first_period::date
        end as reach
    from ranked
    inner join instruments on ranked.subject = instruments.instrument
    left join known on ranked.subject = known.instrument
    where ranked.measure != 'intraday'
),

instruments_worded as (
    select
        *,
        format(
            '{} ({}) {} {} on {}, {}.',
            name,
            subject,
            verb,
            priced,
            period::date::varchar,
            case
                when price > previous_value
                    then format(
                        '{}; the record before was {} on {}',
                        reach, previously_priced, previous_at::date::varchar
                    )
                when price = previous_value
                    then format(
                        'matching the record of {}, {}', previous_at::date::varchar, reach
                    )
                else format(
                    '{} below the record of {} on {}',
                    case
                        when below < 0.00005 then 'less than 0.01 %' else percentage(below)
                    end,
                    previously_priced,
                    previous_at::date::varchar
                )
            end
        ) as statement,
        present([caveat, 'nominal']) as labels
    from instruments_described
),

coins_described as (
    select
        ranked.*,
        large.name,
        format(
            '{} UTC ({} session)',
            strftime(ranked.period, '%Y-%m-%d %H:%M'),
            region_session(ranked.period)
        ) as at_time,
        format(
            '{} UTC ({} session)',
            strftime(ranked.previous_at, '%Y-%m-%d %H:%M'),
            region_session(ranked.previous_at)
        ) as previous_time,
        strftime(ranked.first_period, '%Y-%m-%d %H:%M UTC') as first_time,
        1 - ranked.price / ranked.previous_value as below
    from ranked
    inner join large on ranked.subject = large.coin
    where ranked.measure = 'intraday'
),

coins_worded as (
    select
        *,
        format(
            '{} ({}) stood at {} USD at {}, {} of {} since {}{}.',
            name,
            subject,
            significant(price),
            at_time,
            case
                when below < 0 then 'the highest'
                when below = 0 then 'matching the highest'
                when below < 0.00005 then 'less than 0.01 % below the highest'
                else percentage(below) || ' below the highest'
            end,
            counted(observations, 'observation'),
            first_time,
            case
                when below < 0
                    then format(
                        '; the highest before was {} USD at {}',
                        significant(previous_value),
                        previous_time
                    )
                when below = 0 then ', that of ' || previous_time
                else format(', {} USD at {}', significant(previous_value), previous_time)
            end
        ) as statement,
        [
            'observed at intervals: the record may have been set between two of them',
            'since ' || first_time,
            'sessions in UTC: Asia from 00:00, Europe 08:00, America 13:30, late 22:00',
            'nominal'
        ] as labels
    from coins_described
),

worded as (
    select
        subject,
        measure,
        period,
        price,
        unit,
        statement,
        labels,
        rank,
        observations,
        first_period,
        last_as_high,
        previous_value,
        previous_at,
        'record_highs' as view
    from instruments_worded
    union all
    select
        subject,
        measure,
        period,
        price,
        'USD' as unit,
        statement,
        labels,
        rank,
        observations,
        first_period,
        last_as_high,
        previous_value,
        previous_at,
        'intraday_records' as view
    from coins_worded
)

select
    'record_high' as fact,
    subject,
    measure,
    period::date as as_of,
    price as value,
    unit,
    statement,
    labels,
    rank,
    observations as of,
    case when price > previous_value then first_period else last_as_high end::date as since,
    previous_value,
    previous_at::date as previous_at,
    true as complete,
    observations,
    first_period::date as first_observed,
    view
from worded
