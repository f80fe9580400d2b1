-- The gaps as ranges: runs of consecutive expected days that are missing for one reason.
--
-- Grain   one row per dataset, subject, source, reason and run of days
-- Method  days are consecutive if none that is expected lies between them
-- Caveat  as gaps; with reasons that take turns, a long gap is several ranges
--
-- Columns
-- dataset    what is recorded: quotes, valuations, holdings, rates, ...
-- subject    instrument, fund, series or page
-- source     who should state it
-- symbol     the source's own name of it
-- priority   1 is the primary source
-- first_day  first market day of the range
-- last_day   last market day of the range
-- days       how many are missing
-- due_at     when the source should have had the first of them, UTC
-- reason     why they are missing, as in gaps
-- detail     why the last question was not answered, or its answer refused or rejected
-- is_open    whether the next run asks for them

with

numbered as (
    select
        dataset,
        subject,
        source,
        as_of,
        row_number() over (partition by dataset, subject, source order by as_of) as number
    from expected_days
),

placed as (
    select
        gaps.*,
        numbered.number - row_number() over reasons as island
    from gaps
    inner join numbered
        on gaps.dataset = numbered.dataset
        and gaps.subject = numbered.subject
        and gaps.source = numbered.source
        and gaps.as_of = numbered.as_of
    window reasons as (
        partition by gaps.dataset, gaps.subject, gaps.source, gaps.reason, gaps.detail
        order by gaps.as_of
    )
)

select
    dataset,
    subject,
    source,
    symbol,
    priority,
    min(as_of) as first_day,
    max(as_of) as last_day,
    count(*) as days,
    min(due_at) as due_at,
    reason,
    detail,
    is_open
from placed
group by dataset, subject, source, symbol, priority, reason, detail, is_open, island
