-- Who serves each page, under which id, in order of preference.
--
-- Grain   one row per page and source
-- Method  the list in reference/pages.csv, taken apart
-- Caveat  every source of a page is asked: what one has not, another may
--
-- Columns
-- page      page
-- dataset   its table
-- source    who serves it
-- symbol    the source's own name of the page
-- priority  1 is the primary source

with

listed as (
    select
        page,
        dataset,
        unnest(string_split(sources, ' ')) as listing,
        generate_subscripts(string_split(sources, ' '), 1) as priority
    from pages
)

select
    page,
    dataset,
    split_part(listing, ':', 1) as source,
    substr(listing, strpos(listing, ':') + 1) as symbol,
    priority
from listed
