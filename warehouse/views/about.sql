-- What this warehouse is: where its data come from, and how far it knows.
--
-- Grain   one row per warehouse
-- Method  origin and release as written at its birth; the last run and load up to known_at
-- Caveat  a warehouse of synthetic origin says nothing about real markets
--
-- Columns
-- origin          live, history (replayed captures) or synthetic (invented)
-- created_at      birth of the warehouse, UTC
-- release         release of silverstreak that created it
-- last_run_at     start of the last run that began, UTC
-- first_known_at  moment of the first load, whatever known_at is: before it nothing was known, UTC
-- last_known_at   moment of the last load, UTC

select
    origin.origin,
    origin.created_at,
    origin.release,
    (
        select max(runs.started_at)
        from ops.runs as runs
        where
            runs.started_at
            <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
    ) as last_run_at,
    (select min(loads.known_at) from ops.loads as loads) as first_known_at,
    (select max(loads.known_at) from loads) as last_known_at
from ops.origin as origin
