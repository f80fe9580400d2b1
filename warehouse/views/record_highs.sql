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

measured as (
    select
        bars.instrument,
        bars.session,
        unnest(['close', 'high']) as measure,
        round(
            unnest([bars.close, bars.high]), instruments.quote_decimals::integer
        ) as price
    from bars
    inner join instruments on bars.instrument = instruments.instrument
)

select
    subject.instrument,
    subject.measure,
    as_of as session,
    amount as value,
    kind,
    previous_amount as previous_value,
    previous_as_of as previous_at,
    observations
from records(
    measured, { 'instrument': instrument, 'measure': measure }, session, price
)
