-- Every market day that is stored, by source.
--
-- Grain   one row per dataset, subject, source and day
-- Method  what is believed of bars, valuations, holdings, rates and monthly averages; of a page the
--         UTC days on which it was recorded
-- Caveat  a day of holdings counts however many positions it has
--
-- Columns
-- dataset  what is recorded: quotes, valuations, holdings, rates, ...
-- subject  instrument, fund, series or page
-- source   who states it
-- as_of    market day

select
    'quotes' as dataset,
    instrument as subject,
    source,
    session as as_of
from bars_by_source
union all
select
    'valuations' as dataset,
    fund as subject,
    source,
    as_of
from fund_valuations_by_source
union all
select distinct
    'holdings' as dataset,
    fund as subject,
    source,
    as_of
from holdings
union all
select
    'rates' as dataset,
    series as subject,
    source,
    as_of
from rates_by_source
union all
select
    'monthly_averages' as dataset,
    series as subject,
    source,
    as_of
from monthly_averages
union all
select distinct
    loads.dataset,
    loads.subject,
    loads.source,
    (loads.known_at at time zone 'UTC')::date as as_of
from loads
inner join pages on loads.subject = pages.page and loads.dataset = pages.dataset
