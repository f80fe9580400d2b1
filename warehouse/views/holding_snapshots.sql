-- Each day for which a fund's holdings are known, and which source states them.
--
-- Grain   one row per fund and market day
-- Method  the first source in the fund's order of preference that has the day states all of it:
--         holdings of two sources are never mixed
-- Caveat  the snapshot before may be any number of sessions older
--
-- Columns
-- fund            ticker
-- as_of           market day
-- source          who states the holdings
-- previous_as_of  market day of the snapshot before; null: there is none
-- nth             1 is the fund's first snapshot
-- is_latest       whether it is the fund's last one

with

preferred as (
    select
        holdings.fund,
        holdings.as_of,
        arg_min(holdings.source, fund_sources.priority) as source
    from holdings
    inner join fund_sources
        on holdings.fund = fund_sources.fund
        and holdings.source = fund_sources.source
        and fund_sources.dataset = 'holdings'
    group by holdings.fund, holdings.as_of
)

select
    fund,
    as_of,
    source,
    lag(as_of) over days as previous_as_of,
    row_number() over days as nth,
    lead(as_of) over days is null as is_latest
from preferred
window days as (partition by fund order by as_of)
