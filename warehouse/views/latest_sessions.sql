-- How far each instrument's bars reach, and when it trades next.
--
-- Grain   one row per instrument that has bars
-- Method  the first and last session with a bar; the next one by its exchange's calendar
-- Caveat  a period is over when the next session lies in a later one, not when a weekday has passed
--
-- Columns
-- instrument     market symbol
-- first_session  first session with a bar
-- session        last session with a bar
-- next_session   session that follows it; null if the calendar does not reach so far

with

spans as (
    select
        instrument,
        min(session) as first_session,
        max(session) as session
    from bars
    group by instrument
),

placed as (
    select
        spans.*,
        instruments.calendar
    from spans
    inner join instruments on spans.instrument = instruments.instrument
)

select
    placed.instrument,
    placed.first_session,
    placed.session,
    min(sessions.session) as next_session
from placed
left join sessions
    on placed.calendar = sessions.calendar
    and placed.session < sessions.session
group by placed.instrument, placed.first_session, placed.session
