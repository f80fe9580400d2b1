-- The moment that decides what is running, due or late; no view asks the machine's clock.
--
-- Grain   one row per warehouse
-- Method  known_at if set, else the end of the as_of day if set, else the start of the last run
-- Caveat  null before the first run
--
-- Columns
-- now  the moment, UTC

select
    coalesce(
        getvariable('known_at')::timestamptz,
        (getvariable('as_of')::date + interval 1 day)::timestamp at time zone 'UTC',
        about.last_run_at
    ) as now
from about
