-- What was asked of whom in each run, whatever came of it.
--
-- Grain   one row per run and question
-- Method  written at the end of the run's fetching; what was answered is in loads or refusals
-- Caveat  obeys known_at, but not as_of. A run that was killed has left none
--
-- Columns
-- run          the run
-- source       who was asked
-- dataset      which of its datasets
-- subject      instrument, fund, series or page
-- wanted_from  first market day that was wanted: before asked_from if the source reaches no further
-- asked_from   first market day that was asked for; null: all there is
-- asked_to     last market day that was asked for
-- asked_at     when, UTC
-- outcome      answered, unchanged (nothing new since the last answer) or unanswered
-- reason       why it was not answered

select
    run,
    source,
    dataset,
    subject,
    wanted_from,
    asked_from,
    asked_to,
    asked_at,
    outcome,
    reason
from ops.questions
where asked_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
