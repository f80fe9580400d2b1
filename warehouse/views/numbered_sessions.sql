-- Sessions counted along their calendar.
--
-- Grain   one row per calendar and session
-- Method  row number by day
-- Caveat  ignores as_of and known_at, as calendars do
--
-- Columns
-- calendar      exchange calendar
-- session       trading day
-- closes_at     close, UTC
-- ordinal       how many sessions the calendar has had, this one included
-- next_session  the session after it; of the last one known, a week later

select
    calendar,
    session,
    closes_at,
    row_number() over days as ordinal,
    lead(session, 1, session + 7) over days as next_session
from sessions
window days as (partition by calendar order by session)
