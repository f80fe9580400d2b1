-- The last session of each ISO week of each calendar: a week is over once it has been observed.
--
-- Grain   one row per calendar and ISO week with a session
-- Method  the latest session from Monday to Sunday
-- Caveat  ignores as_of and known_at, as calendars do
--
-- Columns
-- calendar      exchange calendar
-- week          Monday of the ISO week
-- last_session  last trading day of the week

select
    calendar,
    date_trunc('week', session)::date as week,
    max(session) as last_session
from sessions
group by calendar, date_trunc('week', session)
