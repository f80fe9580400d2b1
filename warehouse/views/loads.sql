-- The ledger: what each captured payload brought to each table.
--
-- Grain   one row per capture and table
-- Method  written in the transaction that wrote the rows
-- Caveat  obeys known_at, but not as_of
--
-- Columns
-- relation     table
-- source       who served it
-- dataset      which of its datasets
-- subject      instrument, fund or reference table
-- capture      the payload
-- known_at     when it reached us, UTC
-- asked_from   first market day that was asked for; null: all there is
-- asked_to     last market day that was asked for
-- first_as_of  first market day of its good rows
-- last_as_of   last market day of its good rows
-- seen         rows in the payload
-- new          rows not known before
-- revised      rows that changed what was believed
-- unchanged    rows that said what was believed
-- stale        rows older than what was believed
-- gone         believed rows that a snapshot no longer had
-- rejected     rows that broke a promise
-- is_late      whether a later answer on the same days had been loaded before

select
    relation,
    source,
    dataset,
    subject,
    capture,
    known_at,
    asked_from,
    asked_to,
    first_as_of,
    last_as_of,
    seen,
    new,
    revised,
    unchanged,
    stale,
    gone,
    rejected,
    is_late
from ops.loads
where known_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
