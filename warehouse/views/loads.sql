-- The ledger: what each captured payload brought to each table.
--
-- Grain   one row per capture and table
-- Method  written in the transaction that wrote the rows
-- Caveat  obeys neither as_of nor known_at
--
-- Columns
-- relation   table
-- source     who served it
-- dataset    which of its datasets
-- subject    instrument, fund or reference table
-- capture    the payload
-- known_at   when it reached us, UTC
-- seen       rows in the payload
-- new        rows not known before
-- revised    rows that changed what was believed
-- unchanged  rows that said what was believed
-- stale      rows older than what was believed
-- gone       believed rows that a snapshot no longer had
-- rejected   rows that broke a promise

select
    relation,
    source,
    dataset,
    subject,
    capture,
    known_at,
    seen,
    new,
    revised,
    unchanged,
    stale,
    gone,
    rejected
from ops.loads
