-- What the next run asks for: each instrument's bars, with the days to ask for.
--
-- Grain   one row per instrument and source: fallbacks are asked, too, to fill gaps and to compare
-- Method  from the first open gap on, but always the last five sessions again, since sources
--         revise. After a new split, dividend or a revision of what was final, all of it again.
--         While the market is closed there is no question where nothing is missing, nor where a
--         fallback's answer lacked it
-- Caveat  gaps says which sessions a source has none of: they are not asked for again
--
-- Columns
-- instrument   market symbol
-- dataset      quotes
-- source       who is asked
-- symbol       the source's own name of the instrument
-- priority     1 is the primary source
-- currency     currency of its prices
-- asked_from   first day to ask for
-- asked_to     last day to ask for
-- missing      sessions with an open gap
-- is_rewrite   whether the source has rewritten its past since it was last asked for all of it

with

spans as (
    select
        subject as instrument,
        source,
        symbol,
        priority,
        min(as_of) as first_session,
        list_min(max(as_of, 5)) as fifth_last,
        max(as_of) as last_session
    from expected_days
    where dataset = 'quotes'
    group by subject, source, symbol, priority
),

missing as (
    select
        subject as instrument,
        source,
        min(as_of) as first_missing,
        count(*) as sessions,
        bool_or(priority = 1 or reason <> 'awaited') as is_urgent
    from gaps
    where dataset = 'quotes' and is_open
    group by subject, source
),

asked_in_full as (
    select
        spans.instrument,
        spans.source,
        max(loads.known_at) as known_at
    from spans
    inner join loads
        on spans.instrument = loads.subject
        and spans.source = loads.source
        and loads.relation = 'bars'
        and spans.first_session >= loads.asked_from
    group by spans.instrument, spans.source
),

rewritten as (
    select
        asked_in_full.instrument,
        asked_in_full.source
    from asked_in_full
    inner join history.corporate_actions as actions
        on asked_in_full.instrument = actions.instrument
        and asked_in_full.source = actions.source
        and asked_in_full.known_at < actions.known_at
    where actions.known_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
    union
    select
        asked_in_full.instrument,
        asked_in_full.source
    from asked_in_full
    inner join history.bars as revised
        on asked_in_full.instrument = revised.instrument
        and asked_in_full.source = revised.source
        and asked_in_full.known_at < revised.superseded_at
    where
        revised.is_final
        and revised.superseded_at < 'infinity'
        and revised.superseded_at
        <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
)

select
    spans.instrument,
    'quotes' as dataset,
    spans.source,
    spans.symbol,
    spans.priority,
    instruments.currency,
    case
        when rewritten.instrument is not null then spans.first_session
        else least(missing.first_missing, spans.fifth_last)
    end as asked_from,
    spans.last_session as asked_to,
    coalesce(missing.sessions, 0) as missing,
    rewritten.instrument is not null as is_rewrite
from spans
inner join instruments on spans.instrument = instruments.instrument
left join open_calendars on instruments.calendar = open_calendars.calendar
left join missing
    on spans.instrument = missing.instrument and spans.source = missing.source
left join rewritten
    on spans.instrument = rewritten.instrument and spans.source = rewritten.source
where
    open_calendars.calendar is not null
    or missing.is_urgent
    or rewritten.instrument is not null
