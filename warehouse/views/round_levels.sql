-- Every round level that an instrument's close has risen to, and when it first did.
--
-- Grain   one row per instrument and round level above its first close
-- Method  round levels have two significant digits: 63, 4,200, 92,000 (finer than the decimals the
--         instrument is quoted in there are none). Reached at the first close at or above it,
--         rounded to these decimals; one close may reach several
-- Caveat  first in the series, which knows only its own past; nominal, in the instrument's currency
--
-- Columns
-- instrument      market symbol
-- level           the round level, in the instrument's currency
-- session         first session that closed at or above it
-- close           that close, in the instrument's currency
-- previous_close  record close before it, in the instrument's currency
-- decimals        decimals that the level needs to be written

with

quoted as (
    select
        bars.instrument,
        bars.session,
        instruments.quote_decimals as decimals,
        round(bars.close * power(10, instruments.quote_decimals)) as ticks
    from bars
    inner join instruments on bars.instrument = instruments.instrument
),

subjects as (
    select
        *,
        { 'instrument': instrument, 'decimals': decimals } as quotation
    from quoted
),

reached as (
    select
        subject.instrument,
        subject.decimals,
        as_of as session,
        amount as ticks,
        previous_amount as previous_ticks
    from records(subjects, quotation, session, ticks)
    where kind = 'sets'
),

scaled as (
    select
        *,
        greatest(floor(log10(ticks)) - 1, 0)::bigint as scale,
        greatest(floor(log10(greatest(previous_ticks, 1))) - 1, 0)::bigint as previous_scale
    from reached
),

-- The levels are numbered from the lowest on: m ticks, m from 1 to 99, then m from 10 to 99 at each
-- scale of ten.
numbered as (
    select
        *,
        unnest(generate_series(
            90 * previous_scale + floor(previous_ticks / power(10, previous_scale))::bigint + 1,
            90 * scale + floor(ticks / power(10, scale))::bigint
        )) as number
    from scaled
),

levels as (
    select
        *,
        greatest((number - 10) // 90, 0) as level_scale
    from numbered
)

select
    instrument,
    (number - 90 * level_scale) * power(10, level_scale) / power(10, decimals) as level,
    session,
    ticks / power(10, decimals) as close,
    previous_ticks / power(10, decimals) as previous_close,
    greatest(decimals - level_scale, 0) as decimals
from levels
