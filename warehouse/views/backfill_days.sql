-- What a backfill may ask for: every market day that is missing, and that may still be had.
--
-- Grain   one row per dataset, subject, source and market day
-- Method  the gaps of bars, valuations, holdings, rates and monthly averages, also those out of
--         reach of one answer; and of a fund's holdings the sessions before the first snapshot
--         stored. Left out is what the source has none of: as gaps says, and of those sessions what
--         two answers lacked that came two days or more after it was due
-- Caveat  some sources serve the last day only, whatever is asked for
--
-- Columns
-- dataset   what is recorded: quotes, valuations, holdings, rates or monthly_averages
-- subject   instrument, fund or series
-- source    who should state it
-- symbol    the source's own name of it
-- name      the name that an answer on a fund must bear
-- currency  currency of an instrument's prices
-- as_of     market day

with

expected_holdings as (
    select
        subject,
        source,
        min(as_of) as first_day
    from expected_days
    where dataset = 'holdings'
    group by subject, source
),

earlier as (
    select
        fund_sources.dataset,
        fund_sources.fund as subject,
        fund_sources.source,
        fund_sources.symbol,
        sessions.session as as_of,
        sessions.closes_at + to_hours(funds.publication_lag_hours) as due_at
    from expected_holdings
    inner join fund_sources
        on expected_holdings.subject = fund_sources.fund
        and expected_holdings.source = fund_sources.source
        and fund_sources.dataset = 'holdings'
    inner join funds on fund_sources.fund = funds.fund
    inner join sessions
        on funds.calendar = sessions.calendar
        and coalesce(funds.first_session, funds.launched_on) <= sessions.session
        and expected_holdings.first_day > sessions.session
),

empty as (
    select
        earlier.subject,
        earlier.source,
        earlier.as_of
    from earlier
    inner join loads
        on earlier.dataset = loads.dataset
        and earlier.subject = loads.subject
        and earlier.source = loads.source
        and earlier.as_of = loads.asked_from
        and earlier.as_of = loads.asked_to
    where loads.known_at >= earlier.due_at + interval 2 day
    group by earlier.subject, earlier.source, earlier.as_of
    having count(*) >= 2
),

missing as (
    select
        dataset,
        subject,
        source,
        symbol,
        as_of
    from gaps
    where
        dataset in ('quotes', 'valuations', 'holdings', 'rates', 'monthly_averages')
        and reason not in ('provider has none', 'lost')
    union all
    select
        earlier.dataset,
        earlier.subject,
        earlier.source,
        earlier.symbol,
        earlier.as_of
    from earlier
    anti join empty
        on earlier.subject = empty.subject
        and earlier.source = empty.source
        and earlier.as_of = empty.as_of
)

select
    missing.dataset,
    missing.subject,
    missing.source,
    missing.symbol,
    case when missing.dataset in ('valuations', 'holdings') then funds.name end as name,
    case when missing.dataset = 'quotes' then instruments.currency end as currency,
    missing.as_of
from missing
left join funds on missing.subject = funds.fund
left join instruments on missing.subject = instruments.instrument
