-- Rows that broke a promise of their table, as served.
--
-- Grain   one row per rejected row, however often it is served again
-- Method  the quarantine; a good row of the same key, or a fixed parser, closes it
-- Caveat  obeys known_at, but not as_of
--
-- Columns
-- relation     table the row was meant for
-- source       who served it
-- dataset      which of its datasets
-- scope        what was asked
-- capture      payload it came in
-- position     row in the payload, from 0
-- key          its key, JSON
-- row          the row as served, JSON
-- failures     every promise it broke, "column: check"
-- rejected_at  when it was first rejected, UTC
-- resolved_at  when it was closed, UTC; null while open

select
    relation,
    source,
    dataset,
    scope,
    capture,
    position,
    key,
    row,
    failures,
    rejected_at,
    case
        when resolved_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
            then resolved_at
    end as resolved_at
from ops.rejections
where rejected_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
