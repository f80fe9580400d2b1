-- Each close and high against the highest of the 252 sessions before it.
--
-- Grain   one row per instrument, measure (close or high) and session that has one
-- Method  values rounded to the decimals they are quoted in. The highest of the 252 before is dated
--         to the first session that reached it, and has stood for the sessions since. Above it, the
--         value is a breakout if it has stood at least 20 sessions, otherwise a new high
-- Caveat  sessions are those observed. Null with fewer than 252 sessions before. A price of more
--         than 70 trillion of its smallest steps is passed over
--
-- Columns
-- instrument        market symbol
-- measure           close or high
-- session           trading day
-- value             close or high, in the instrument's currency
-- previous_high     highest of the 252 sessions before, in the instrument's currency
-- previous_high_at  first of these sessions that reached it
-- base_length       sessions that it had stood, this one included
-- kind              breakout or new_high; null: not above it
-- change            value over the highest before it, less 1, a fraction
-- observations      sessions so far, this one included

with

quoted as (
    select
        bars.instrument,
        bars.session,
        unnest(['close', 'high']) as measure,
        unnest([bars.close, bars.high]) as price,
        power(10, instruments.quote_decimals) as ticks_per_unit
    from bars
    inner join instruments on bars.instrument = instruments.instrument
),

-- One number holds a price and, in its last 17 bits, the session: of two equal prices the earlier
-- one is larger.
packed as (
    select
        instrument,
        session,
        measure,
        ticks_per_unit,
        try_cast(round(price * ticks_per_unit) * (1 << 17) as bigint)
        + (date '2199-12-31' - session) as price_and_session
    from quoted
    where price is not null
),

windowed as (
    select
        *,
        row_number() over (partition by instrument, measure order by session) as observations,
        max(price_and_session) over (
            partition by instrument, measure order by session
            rows between 252 preceding and 1 preceding
        ) as highest_before
    from packed
    where price_and_session is not null
),

compared as (
    select
        *,
        price_and_session >> 17 as ticks,
        case when observations > 252 then highest_before >> 17 end as high_ticks,
        case
            when observations > 252
                then date '2199-12-31' - (highest_before & ((1 << 17) - 1))::integer
        end as high_at
    from windowed
),

dated as (
    select
        compared.*,
        compared.observations - earlier.observations as base_length
    from compared
    left join compared as earlier
        on compared.instrument = earlier.instrument
        and compared.measure = earlier.measure
        and compared.high_at = earlier.session
)

select
    instrument,
    measure,
    session,
    ticks / ticks_per_unit as value,
    high_ticks / ticks_per_unit as previous_high,
    high_at as previous_high_at,
    base_length,
    case
        when ticks > high_ticks and base_length >= 20 then 'breakout'
        when ticks > high_ticks then 'new_high'
    end as kind,
    ticks / nullif(high_ticks, 0) - 1 as change,
    observations
from dated
