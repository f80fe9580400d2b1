-- Who states the valuations and holdings of each fund, under which id, in order of preference.
--
-- Grain   one row per fund, dataset and source
-- Method  the lists in reference/funds.csv, taken apart
-- Caveat  a fallback is used only where the sources before it have nothing
--
-- Columns
-- fund      ticker
-- dataset   valuations or holdings
-- source    who states it
-- symbol    the source's own name of the fund
-- priority  1 is the primary source

with

datasets as (
    select
        fund,
        'valuations' as dataset,
        string_split(sources, ' ') as sources
    from funds
    union all
    select
        fund,
        'holdings' as dataset,
        string_split(holdings_sources, ' ') as sources
    from funds
    where holdings_sources is not null
),

listed as (
    select
        fund,
        dataset,
        unnest(sources) as listing,
        generate_subscripts(sources, 1) as priority
    from datasets
)

select
    fund,
    dataset,
    split_part(listing, ':', 1) as source,
    substr(listing, strpos(listing, ':') + 1) as symbol,
    priority
from listed
