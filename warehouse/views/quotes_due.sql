-- What the next run asks for: each instrument's bars, with the days to ask for.
--
-- Grain   one row per instrument and source: fallbacks are asked, too, to fill gaps and to compare
-- Method  from the first expected session that is neither stored nor confirmed to be missing, but
--         always the last five sessions again, since sources revise. After a new split, dividend
--         or a revision of what was final, the whole history again
-- Caveat  a session is confirmed to be missing when an answer two days or more after it was due
--         had bars before and after it, or when two such answers lacked it: one may be a hiccup
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
-- missing      expected sessions that are not stored and not confirmed to be missing
-- is_rewrite   whether the source has rewritten its past since it was last asked for all of it

with

expected as (
    select
        instruments.instrument,
        instrument_sources.source,
        instrument_sources.symbol,
        instrument_sources.priority,
        instruments.currency,
        sessions.session,
        sessions.closes_at + to_hours(instruments.publication_lag_hours) as due_at
    from instruments
    inner join instrument_sources on instruments.instrument = instrument_sources.instrument
    inner join sessions
        on instruments.calendar = sessions.calendar
        and instruments.first_session <= sessions.session
    cross join clock
    where sessions.closes_at + to_hours(instruments.publication_lag_hours) <= clock.now
),

spans as (
    select
        instrument,
        source,
        symbol,
        priority,
        currency,
        min(session) as first_session,
        list_min(max(session, 5)) as fifth_last,
        max(session) as last_session
    from expected
    group by instrument, source, symbol, priority, currency
),

answers as (
    select
        subject as instrument,
        source,
        asked_from,
        asked_to,
        first_as_of,
        last_as_of,
        known_at
    from loads
    where relation = 'bars'
),

absent as (
    select
        expected.instrument,
        expected.source,
        expected.session,
        expected.due_at
    from expected
    anti join bars_by_source as stored
        on expected.instrument = stored.instrument
        and expected.source = stored.source
        and expected.session = stored.session
),

confirmed as (
    select
        absent.instrument,
        absent.source,
        absent.session
    from absent
    inner join answers
        on absent.instrument = answers.instrument
        and absent.source = answers.source
        and absent.session between answers.asked_from and answers.asked_to
        and answers.known_at >= absent.due_at + interval 2 day
    group by absent.instrument, absent.source, absent.session
    having
        count(*) >= 2
        or bool_or(absent.session between answers.first_as_of and answers.last_as_of)
),

missing as (
    select
        absent.instrument,
        absent.source,
        min(absent.session) as first_missing,
        count(*) as sessions
    from absent
    anti join confirmed
        on absent.instrument = confirmed.instrument
        and absent.source = confirmed.source
        and absent.session = confirmed.session
    group by absent.instrument, absent.source
),

asked_in_full as (
    select
        answers.instrument,
        answers.source,
        max(answers.known_at) as known_at
    from answers
    inner join spans
        on answers.instrument = spans.instrument
        and answers.source = spans.source
        and answers.asked_from <= spans.first_session
    group by answers.instrument, answers.source
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
    spans.currency,
    case
        when rewritten.instrument is not null then spans.first_session
        else least(missing.first_missing, spans.fifth_last)
    end as asked_from,
    spans.last_session as asked_to,
    coalesce(missing.sessions, 0) as missing,
    rewritten.instrument is not null as is_rewrite
from spans
left join missing
    on spans.instrument = missing.instrument and spans.source = missing.source
left join rewritten
    on spans.instrument = rewritten.instrument and spans.source = rewritten.source
