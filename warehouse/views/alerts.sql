-- What was to be told to a person: news, late datasets, failing checks, changes of sources.
--
-- Grain   one row per alert, raised once however many runs find the same
-- Method  raised at the end of a run, before its copy is published: records, streaks and weeks out
--         of what was newly stated; a dataset by its gaps; a check once until it has passed again;
--         a change of a source's columns once
-- Caveat  obeys known_at, but not as_of. What was sent after a run is in the next published copy
--
-- Columns
-- alert      what makes it the same: kind, subject, and the day, month, week or run it began with
-- kind       record, streak, week, late, check or drift
-- subject    instrument, fund or group; source/dataset; check
-- message    what is told, one sentence
-- raised_at  when, UTC
-- over_at    when the dataset was late no more, or the check passed again, UTC; null: not yet, or
--            news, which is not over
-- sent_at    when the last address was told, UTC; null: not yet, or there is none

select
    alert,
    kind,
    subject,
    message,
    raised_at,
    case
        when over_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
            then over_at
    end as over_at,
    case
        when sent_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
            then sent_at
    end as sent_at
from ops.alerts
where raised_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
