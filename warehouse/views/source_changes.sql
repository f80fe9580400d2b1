-- What sources changed in the columns of their payloads: added, dropped, renamed.
--
-- Grain   one row per payload whose columns differ from those of the payload before it, of the
--         same question
-- Method  columns as served: a header's names, the paths in a document; compared in the order in
--         which the payloads reached us, in whatever order they were loaded
-- Caveat  obeys known_at, not as_of; refused payloads count, as far as they could be read; answers
--         without rows, events of a chart and calendars do not
--
-- Columns
-- source      who served it
-- dataset     which of its datasets
-- subject     instrument, fund or reference table
-- known_at    when the payload reached us that first was different, UTC
-- added       columns that the payload before did not have
-- gone        columns that only the payload before had
-- is_refused  whether the payload was refused
-- capture     the payload

with payloads as (
    select
        *,
        lag(columns) over questions as columns_before
    from ops.source_shapes
    where known_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
    window questions as (partition by scope order by known_at, capture)
)

select
    source,
    dataset,
    subject,
    known_at,
    list_filter(columns, lambda name: not list_contains(columns_before, name)) as added,
    list_filter(columns_before, lambda name: not list_contains(columns, name)) as gone,
    is_refused,
    capture
from payloads
where columns <> columns_before
