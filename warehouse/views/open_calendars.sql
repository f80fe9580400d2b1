-- The calendars whose market is open, or was within the last day: of the others there is no news.
--
-- Grain   one row per calendar
-- Method  a session of it that had begun by the clock, and closed at most 24 hours before it
-- Caveat  none on a holiday's evening, however many values are missing
--
-- Columns
-- calendar      exchange calendar
-- last_session  its last session that has begun

select
    sessions.calendar,
    max(sessions.session) as last_session
from sessions
cross join clock
where
    sessions.opens_at <= clock.now
    and sessions.closes_at > clock.now - interval 24 hour
group by sessions.calendar
