-- Sessions counted along their calendar, with the week and month each lies in.
--
-- Grain   one row per calendar and session
-- Method  row number by day
-- Caveat  ignores as_of and known_at, as calendars do
--
-- Columns
-- calendar   exchange calendar
-- session    trading day
-- closes_at  close, UTC
-- ordinal    how many sessions the calendar has had, this one included

select
    calendar,
    session,
    closes_at,
    row_number() over (partition by calendar order by session) as ordinal
from sessions
