-- Between the first session expected of an instrument or a fund and the last one stored, none is
-- missing: a hole hides records, and a change over it falls on one day.
--
-- Severity  warning
-- Method    open gaps of the primary source before its last stored session: those after it are
--           late, and the next run asks for them
-- Note      sessions that the source is known to have none of are in gaps, and told of no more

with

last_stored as (
    select
        dataset,
        subject,
        source,
        max(as_of) as as_of
    from stored_days
    group by dataset, subject, source
)

select
    gaps.dataset,
    gaps.subject,
    gaps.source,
    count(*) as missing
from gaps
inner join last_stored
    on gaps.dataset = last_stored.dataset
    and gaps.subject = last_stored.subject
    and gaps.source = last_stored.source
    and gaps.as_of < last_stored.as_of
where gaps.is_open and gaps.priority = 1 and gaps.dataset in ('quotes', 'valuations')
group by gaps.dataset, gaps.subject, gaps.source
