-- Every session on which an instrument set or matched its highest close or high.
--
-- Grain   one row per instrument, measure (close or high) and record
-- Method  the value, rounded to the decimals it is quoted in, above every earlier one (equal:
--         matches); the first session is no record
-- Caveat  nominal, in the instrument's currency; a series knows only its own past
--
-- Columns
-- instrument      market symbol
-- measure         close or high
-- session         day of the record
-- value           the record, in the instrument's currency
-- kind            sets or matches
-- previous_value  the record before
-- previous_at     day of the record before
-- observations    sessions looked at, this one included

with

quoted as (
    select
        bars.instrument,
        bars.session,
        round(bars.close, instruments.quote_decimals::integer) as close,
        round(bars.high, instruments.quote_decimals::integer) as high
    from bars
    inner join instruments on bars.instrument = instruments.instrument
),

measured as (
    unpivot quoted on close, high into name measure value price
),

compared as (
    select
        instrument,
        measure,
        session,
        price,
        count(*) over earlier as observed_before,
        max(price) over earlier as highest_before
    from measured
    window earlier as (
        partition by instrument, measure
        order by session
        rows between unbounded preceding and 1 preceding
    )
),

records as (
    select
        *,
        case when price = highest_before then 'matches' else 'sets' end as kind,
        max(case when price = highest_before then null else session end) over (
            partition by instrument, measure
            order by session
            rows between unbounded preceding and 1 preceding
        ) as set_before
    from compared
    where highest_before is null or price >= highest_before
)

select
    instrument,
    measure,
    session,
    price as value,
    kind,
    highest_before as previous_value,
    set_before as previous_at,
    observed_before + 1 as observations
from records
where observed_before > 0
