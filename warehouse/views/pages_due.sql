-- What the next run asks for: the pages that are served whole, and never again as they were.
--
-- Grain   one row per page and source
-- Method  a page is due 50 minutes after it was last recorded, or on the next UTC day, as
--         reference/pages.csv says
-- Caveat  what was not asked for in its hour or on its day is lost
--
-- Columns
-- page            page
-- dataset         its table
-- source          who is asked
-- symbol          the source's own name of the page
-- last_loaded_at  when it was last recorded, UTC

with

recorded as (
    select
        subject as page,
        source,
        dataset,
        max(known_at) as last_loaded_at
    from loads
    group by subject, source, dataset
)

select
    page_sources.page,
    page_sources.dataset,
    page_sources.source,
    page_sources.symbol,
    recorded.last_loaded_at
from page_sources
inner join pages on page_sources.page = pages.page
cross join clock
left join recorded
    on page_sources.page = recorded.page
    and page_sources.source = recorded.source
    and page_sources.dataset = recorded.dataset
where
    recorded.last_loaded_at is null
    or case pages.every
        when 'hour' then recorded.last_loaded_at <= clock.now - interval 50 minute
        else
            (recorded.last_loaded_at at time zone 'UTC')::date
            < (clock.now at time zone 'UTC')::date
    end
