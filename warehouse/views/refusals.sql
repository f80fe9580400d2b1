-- Payloads that were not what was asked for: the capture is kept, nothing of it was stored.
--
-- Grain   one row per refused payload and release that tried it
-- Method  the ledger of refusals; the next good answer to the same question closes it
-- Caveat  obeys known_at, but not as_of
--
-- Columns
-- source       who served it
-- dataset      which of its datasets
-- scope        what was asked
-- capture      the payload
-- refused_at   when it reached us, UTC
-- reason       what it was, and what was wanted
-- resolved_at  when a good answer came, UTC; null while open

select
    source,
    dataset,
    scope,
    capture,
    refused_at,
    reason,
    case
        when resolved_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
            then resolved_at
    end as resolved_at
from ops.refusals
where refused_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
