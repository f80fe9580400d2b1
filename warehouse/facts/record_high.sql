-- Whether an instrument's latest close, or high, is the highest it has had (claim C1).
--
-- Grain   one row per instrument and measure (close or high), for its latest session
-- Method  the latest value against every earlier one, rounded to the decimals it is quoted in.
--         "All-time" only if the series starts before every known earlier peak (known_peaks)
-- Caveat  not stated on fewer than 20 sessions; nominal, in the instrument's currency

with

quoted as (
    select
        bars.instrument,
        bars.session,
        unnest(['close', 'high']) as measure,
        round(
            unnest([bars.close, bars.high]), instruments.quote_decimals::integer
        ) as price
    from bars
    inner join instruments on bars.instrument = instruments.instrument
),

latest as (
    select
        instrument,
        measure,
        arg_max(price, session) as price,
        max(session) as session,
        min(session) as first_session,
        count(*) as observations
    from quoted
    where price is not null
    group by instrument, measure
),

ranked as (
    select
        latest.instrument,
        latest.measure,
        1 + count(*) filter (where quoted.price > latest.price) as rank,
        max(quoted.session) filter (where quoted.price >= latest.price) as last_as_high,
        max(quoted.price) as previous_value,
        arg_min(quoted.session, row(-quoted.price, quoted.session)) as previous_at
    from latest
    inner join quoted
        on latest.instrument = quoted.instrument
        and latest.measure = quoted.measure
        and latest.session > quoted.session
    group by latest.instrument, latest.measure
),

known as (
    select
        instrument,
        min(peaked_on) as first_peak
    from known_peaks
    group by instrument
),

described as (
    select
        latest.*,
        ranked.rank,
        ranked.last_as_high,
        ranked.previous_value,
        ranked.previous_at,
        instruments.name,
        instruments.currency,
        instruments.caveat,
        case when latest.measure = 'close' then 'closed at' else 'traded as high as' end as verb,
        format('{:,.' || instruments.quote_decimals || 'f}', latest.price)
        || ' ' || instruments.currency as priced,
        format('{:,.' || instruments.quote_decimals || 'f}', ranked.previous_value)
        || ' ' || instruments.currency as previously_priced,
        case
            when known.first_peak is not null and latest.first_session < known.first_peak
                then 'an all-time high'
            else 'the highest since the series began on ' || latest.first_session
        end as reach
    from latest
    inner join ranked
        on latest.instrument = ranked.instrument and latest.measure = ranked.measure
    inner join instruments on latest.instrument = instruments.instrument
    left join known on latest.instrument = known.instrument
    where latest.observations >= 20
),

worded as (
    select
        *,
        case
            when price > previous_value
                then format(
                    '{}; the record before was {} on {}',
                    reach, previously_priced, previous_at::varchar
                )
            when price = previous_value
                then format('matching the record of {}, {}', previous_at::varchar, reach)
            else format(
                '{:.2f} % below the record of {} on {}',
                100 * (1 - price / previous_value), previously_priced, previous_at::varchar
            )
        end as compared
    from described
)

select
    'record_high' as fact,
    instrument as subject,
    measure,
    session as as_of,
    price as value,
    currency as unit,
    format(
        '{} ({}) {} {} on {}, {}.', name, instrument, verb, priced, session::varchar, compared
    ) as statement,
    present([caveat, 'nominal']) as labels,
    rank,
    observations as of,
    case when price > previous_value then first_session else last_as_high end as since,
    previous_value,
    previous_at,
    true as complete,
    observations,
    first_session as first_observed,
    'record_highs' as view
from worded
