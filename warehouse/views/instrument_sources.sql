-- Who states the bars of each instrument, under which symbol, in order of preference.
--
-- Grain   one row per instrument and source
-- Method  the list in reference/instruments.csv, taken apart
-- Caveat  a fallback is used only where the sources before it have nothing
--
-- Columns
-- instrument  market symbol
-- source      who states it
-- symbol      the source's own name of the instrument
-- priority    1 is the primary source

with

listed as (
    select
        instrument,
        unnest(string_split(sources, ' ')) as listing,
        generate_subscripts(string_split(sources, ' '), 1) as priority
    from instruments
)

select
    instrument,
    split_part(listing, ':', 1) as source,
    substr(listing, strpos(listing, ':') + 1) as symbol,
    priority
from listed
