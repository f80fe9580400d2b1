-- Where two sources of the same value differ by more than a tolerance.
--
-- Grain   one row per relation, subject, market day, measure and other source
-- Method  each further source against the first one that reference data names for the subject, on
--         days that both have. Tolerated are 1 % of a close, 0.1 % of a NAV or a share count,
--         nothing of a rate; of a reported flow 1 % of our own plus 0.1 million USD, its precision
-- Caveat  closes of round-the-clock markets are struck at different prices; share counts of filings
--         are for the day that the filer says, which may be wrong. A flow may be booked a day
--         earlier or later by others
--
-- Columns
-- relation      table
-- subject       instrument, fund or series
-- as_of         market day
-- measure       close, nav, shares_outstanding, value or net_flow_usd
-- source        first source
-- value         what it states
-- other_source  source that differs
-- other_value   what that states
-- difference    other value less value, over the value: a fraction; null where the value is zero

with

compared_instruments as (
    select instrument
    from instrument_sources
    where priority > 1
),

compared_funds as (
    select fund
    from fund_sources
    where dataset = 'valuations' and priority > 1
),

bars_stated as (
    select
        bars_by_source.instrument,
        bars_by_source.session,
        bars_by_source.source,
        bars_by_source.close,
        instrument_sources.priority
    from bars_by_source
    inner join instrument_sources
        on bars_by_source.instrument = instrument_sources.instrument
        and bars_by_source.source = instrument_sources.source
    semi join compared_instruments
        on bars_by_source.instrument = compared_instruments.instrument
),

valuations_stated as (
    select
        valuations.fund,
        valuations.as_of,
        valuations.source,
        valuations.nav,
        valuations.shares_outstanding,
        fund_sources.priority
    from fund_valuations_by_source as valuations
    inner join fund_sources
        on valuations.fund = fund_sources.fund
        and valuations.source = fund_sources.source
        and fund_sources.dataset = 'valuations'
    semi join compared_funds on valuations.fund = compared_funds.fund
),

stated as (
    select
        'bars' as relation,
        instrument as subject,
        session as as_of,
        'close' as measure,
        source,
        close as value,
        priority,
        0.01 as tolerance,
        0 as precision
    from bars_stated
    union all
    select
        'fund_valuations' as relation,
        fund as subject,
        as_of,
        'nav' as measure,
        source,
        nav as value,
        priority,
        0.001 as tolerance,
        0 as precision
    from valuations_stated
    union all
    select
        'fund_valuations' as relation,
        fund as subject,
        as_of,
        'shares_outstanding' as measure,
        source,
        shares_outstanding as value,
        priority,
        0.001 as tolerance,
        0 as precision
    from valuations_stated
    union all
    select
        'rates' as relation,
        rates_by_source.series as subject,
        rates_by_source.as_of,
        'value' as measure,
        rates_by_source.source,
        rates_by_source.value,
        series_sources.priority,
        0 as tolerance,
        1e-9 as precision
    from rates_by_source
    inner join series_sources
        on rates_by_source.series = series_sources.series
        and rates_by_source.source = series_sources.source
    union all
    select
        'reported_flows' as relation,
        fund_net_flows.fund as subject,
        fund_net_flows.as_of,
        'net_flow_usd' as measure,
        'ours' as source,
        fund_net_flows.net_flow_usd as value,
        1 as priority,
        0.01 as tolerance,
        1e5 as precision
    from fund_net_flows
    union all
    select
        'reported_flows' as relation,
        fund as subject,
        as_of,
        'net_flow_usd' as measure,
        source,
        net_flow_usd as value,
        2 as priority,
        0.01 as tolerance,
        1e5 as precision
    from reported_flows
)

select
    ours.relation,
    ours.subject,
    ours.as_of,
    ours.measure,
    ours.source,
    ours.value,
    others.source as other_source,
    others.value as other_value,
    (others.value - ours.value) / nullif(abs(ours.value), 0) as difference
from stated as ours
inner join stated as others
    on ours.relation = others.relation
    and ours.subject = others.subject
    and ours.as_of = others.as_of
    and ours.measure = others.measure
where
    ours.priority = 1
    and others.priority > 1
    and abs(others.value - ours.value) > abs(ours.value) * ours.tolerance + ours.precision
