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

with

preferred as (
    select
        bars_by_source.*,
        instrument_sources.priority
    from bars_by_source
    inner join instrument_sources
        on bars_by_source.instrument = instrument_sources.instrument
        and bars_by_source.source = instrument_sources.source
)

select
    chosen.instrument,
    chosen.session,
    chosen.source,
    chosen.open,
    chosen.high,
    chosen.low,
    chosen.close,
    chosen.adj_close,
    chosen.volume,
    chosen.currency,
    chosen.is_final
from preferred as chosen
where
    chosen.priority = 1
    or not exists (
        select 1
        from preferred as better
        where
            better.instrument = chosen.instrument
            and better.session = chosen.session
            and better.priority < chosen.priority
    )
