-- Who states each series, under which id, in order of preference.
--
-- Grain   one row per series and source
-- Method  the list in reference/series.csv, taken apart
-- Caveat  a fallback is used only where the sources before it have nothing
--
-- Columns
-- series    series
-- dataset   rates or monthly_averages
-- source    who states it
-- symbol    the source's own name of the series
-- priority  1 is the primary source

with

listed as (
    select
        series,
        dataset,
        unnest(string_split(sources, ' ')) as listing,
        generate_subscripts(string_split(sources, ' '), 1) as priority
    from series
)

select
    series,
    dataset,
    split_part(listing, ':', 1) as source,
    substr(listing, strpos(listing, ':') + 1) as symbol,
    priority
from listed
