-- What each instrument traded at in each session, as its best source states it.
--
-- Grain   one row per instrument and session
-- Method  the primary source's row, else that of the first fallback which has the session
-- Caveat  instruments are never mixed: spot, front future and fund price are series of their own
--
-- Columns
-- instrument  market symbol
-- session     trading day, in the exchange's own time zone
-- source      who states this row
-- open        first price, in `currency`
-- high        highest price, in `currency`
-- low         lowest price, in `currency`
-- close       last price, in `currency`, adjusted for splits only
-- adj_close   close adjusted for splits and distributions, as known when captured
-- volume      units traded, as the source counts them
-- currency    currency of the prices
-- is_final    whether the source had stopped revising
-- correction  what a person has corrected or confirmed in this row, and why; null: nothing

with

preferred as (
    select
        bars_by_source.*,
        instrument_sources.priority
    from bars_by_source
    inner join instrument_sources
        on bars_by_source.instrument = instrument_sources.instrument
        and bars_by_source.source = instrument_sources.source
),

fallback as (
    select *
    from preferred
    where priority > 1
)

select
    instrument,
    session,
    source,
    open,
    high,
    low,
    close,
    adj_close,
    volume,
    currency,
    is_final,
    correction
from preferred
where priority = 1
union all
select
    fallback.instrument,
    fallback.session,
    fallback.source,
    fallback.open,
    fallback.high,
    fallback.low,
    fallback.close,
    fallback.adj_close,
    fallback.volume,
    fallback.currency,
    fallback.is_final,
    fallback.correction
from fallback
anti join preferred as better
    on fallback.instrument = better.instrument
    and fallback.session = better.session
    and fallback.priority > better.priority
