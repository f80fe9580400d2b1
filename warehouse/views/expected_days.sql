-- Every market day that a source should have stated by now, of all that is recorded.
--
-- Grain   one row per dataset, subject, source and day
-- Method  sessions of the subject's calendar since its first one, due its publication lag after
--         the close; of a fund's holdings those since the first snapshot stored, and the last
--         five; of a series the days of its calendar, or the ends of months; of a page each UTC
--         day since it was first recorded
-- Caveat  what is due is told from the clock. Of a fund without a first session (there is no
--         history of it) the last one due alone is expected
--
-- Columns
-- dataset      what is recorded: quotes, valuations, holdings, rates, ...
-- subject      instrument, fund, series or page
-- source       who states it
-- symbol       the source's own name of it
-- priority     1 is the primary source
-- as_of        market day
-- due_at       when the source should have it, UTC
-- is_fleeting  whether a source serves it on its day only: what was missed is lost

with

snapshots as (
    select
        fund,
        source,
        min(as_of) as first_day
    from holdings
    group by fund, source
),

markets as (
    select
        'quotes' as dataset,
        instruments.instrument as subject,
        instrument_sources.source,
        instrument_sources.symbol,
        instrument_sources.priority,
        instruments.calendar,
        instruments.first_session as begins_on,
        instruments.first_session as first_day,
        1 as at_least,
        instruments.publication_lag_hours as lag_hours
    from instruments
    inner join instrument_sources on instruments.instrument = instrument_sources.instrument
    union all
    select
        fund_sources.dataset,
        funds.fund as subject,
        fund_sources.source,
        fund_sources.symbol,
        fund_sources.priority,
        funds.calendar,
        coalesce(funds.first_session, funds.launched_on) as begins_on,
        case fund_sources.dataset
            when 'valuations' then funds.first_session
            else snapshots.first_day
        end as first_day,
        case fund_sources.dataset when 'valuations' then 1 else 5 end as at_least,
        funds.publication_lag_hours as lag_hours
    from funds
    inner join fund_sources on funds.fund = fund_sources.fund
    left join snapshots
        on fund_sources.fund = snapshots.fund and fund_sources.source = snapshots.source
),

lags as (
    select distinct
        calendar,
        lag_hours
    from markets
),

-- Once for all subjects of a calendar: to add hours to an instant is dear.
due_sessions as (
    select
        lags.calendar,
        lags.lag_hours,
        sessions.session as as_of,
        sessions.closes_at + to_hours(lags.lag_hours) as due_at
    from lags
    inner join sessions on lags.calendar = sessions.calendar
),

closed as (
    select
        markets.*,
        due_sessions.as_of,
        due_sessions.due_at
    from markets
    inner join due_sessions
        on markets.calendar = due_sessions.calendar
        and markets.lag_hours = due_sessions.lag_hours
        and markets.begins_on <= due_sessions.as_of
    cross join clock
    where due_sessions.due_at <= clock.now
),

latest as (
    select
        dataset,
        subject,
        source,
        list_min(max(as_of, at_least)) as nth_last
    from closed
    group by dataset, subject, source
),

days as (
    select
        series.series,
        sessions.session as as_of
    from series
    inner join sessions
        on series.calendar = sessions.calendar
        and series.first_as_of <= sessions.session
    union all
    select
        series.series,
        last_day(unnest(generate_series(
            date_trunc('month', series.first_as_of), clock.now, interval 1 month
        ))::date) as as_of
    from series
    cross join clock
    where series.calendar is null
),

recorded as (
    select
        subject,
        source,
        dataset,
        min(known_at) as first_known_at
    from loads
    group by subject, source, dataset
),

visits as (
    select
        pages.dataset,
        pages.page as subject,
        page_sources.source,
        page_sources.symbol,
        page_sources.priority,
        unnest(generate_series(
            (recorded.first_known_at at time zone 'UTC')::date,
            (clock.now at time zone 'UTC')::date,
            interval 1 day
        ))::date as as_of
    from pages
    inner join page_sources on pages.page = page_sources.page
    inner join recorded
        on pages.page = recorded.subject
        and page_sources.source = recorded.source
        and pages.dataset = recorded.dataset
    cross join clock
),

expected as (
    select
        closed.dataset,
        closed.subject,
        closed.source,
        closed.symbol,
        closed.priority,
        closed.as_of,
        closed.due_at,
        false as is_fleeting
    from closed
    inner join latest
        on closed.dataset = latest.dataset
        and closed.subject = latest.subject
        and closed.source = latest.source
        and closed.as_of >= least(closed.first_day, latest.nth_last)
    union all
    select
        series.dataset,
        series.series as subject,
        series_sources.source,
        series_sources.symbol,
        series_sources.priority,
        days.as_of,
        (days.as_of + series.publication_lag_days::integer)::timestamp at time zone 'UTC' as due_at,
        false as is_fleeting
    from series
    inner join series_sources on series.series = series_sources.series
    inner join days on series.series = days.series
    union all
    select
        dataset,
        subject,
        source,
        symbol,
        priority,
        as_of,
        (as_of + 1)::timestamp at time zone 'UTC' as due_at,
        true as is_fleeting
    from visits
)

select expected.*
from expected
cross join clock
where expected.due_at <= clock.now
