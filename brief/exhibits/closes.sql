-- The closes of an instrument over five years, and which of them were records.
--
-- Grain  one row per session

select
    bars.session,
    bars.close,
    record_highs.kind as record
from bars
left join record_highs
    on bars.instrument = record_highs.instrument
    and bars.session = record_highs.session
    and record_highs.measure = 'close'
where
    bars.instrument = {instrument}
    and bars.session > (
        select max(latest.session) - interval 5 years
        from bars as latest
        where latest.instrument = {instrument}
    )
order by bars.session
