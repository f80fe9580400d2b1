-- What the next run asks for: each fund's valuations.
--
-- Grain   one row per fund and source: fallbacks are asked, too, to fill gaps and to compare
-- Method  every fund with a session that is due; issuers serve the whole history at once. While the
--         market is closed there is no question where nothing is missing, nor where a fallback's
--         answer lacked it
-- Caveat  gaps says which sessions a source has none of: they do not count as missing
--
-- Columns
-- fund      ticker
-- dataset   valuations
-- source    who is asked
-- symbol    the source's own id of the fund
-- name      name that the answer must bear
-- priority  1 is the primary source
-- missing   sessions with an open gap
-- last_due  last session that is due

with

spans as (
    select
        subject as fund,
        source,
        symbol,
        priority,
        max(as_of) as last_due
    from expected_days
    where dataset = 'valuations'
    group by subject, source, symbol, priority
),

missing as (
    select
        subject as fund,
        source,
        count(*) as sessions,
        bool_or(priority = 1 or reason <> 'awaited') as is_urgent
    from gaps
    where dataset = 'valuations' and is_open
    group by subject, source
)

select
    spans.fund,
    'valuations' as dataset,
    spans.source,
    spans.symbol,
    funds.name,
    spans.priority,
    coalesce(missing.sessions, 0) as missing,
    spans.last_due
from spans
inner join funds on spans.fund = funds.fund
left join open_calendars on funds.calendar = open_calendars.calendar
left join missing
    on spans.fund = missing.fund and spans.source = missing.source
where open_calendars.calendar is not null or missing.is_urgent
