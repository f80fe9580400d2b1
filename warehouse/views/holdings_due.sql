-- What the next run asks for: each fund's holdings of the last sessions that are due.
--
-- Grain   one row per fund, session and source
-- Method  of the last five sessions those not stored, and the last two again, since issuers revise
-- Caveat  older holdings are asked for by a backfill only: one request a fund and day
--
-- Columns
-- fund       ticker
-- dataset    holdings
-- source     who is asked
-- symbol     the source's own id of the fund
-- name       name that the answer must bear
-- as_of      session to ask for
-- is_stored  whether the session is stored already

with

expected as (
    select
        funds.fund,
        funds.name,
        fund_sources.source,
        fund_sources.symbol,
        sessions.session,
        row_number() over (
            partition by funds.fund, fund_sources.source order by sessions.session desc
        ) as sessions_back
    from funds
    inner join fund_sources
        on funds.fund = fund_sources.fund
        and fund_sources.dataset = 'holdings'
    inner join sessions
        on funds.calendar = sessions.calendar
        and coalesce(funds.first_session, funds.launched_on) <= sessions.session
    cross join clock
    where sessions.closes_at + to_hours(funds.publication_lag_hours) <= clock.now
),

stored as (
    select distinct
        fund,
        source,
        as_of
    from holdings
)

select
    expected.fund,
    'holdings' as dataset,
    expected.source,
    expected.symbol,
    expected.name,
    expected.session as as_of,
    stored.fund is not null as is_stored
from expected
left join stored
    on expected.fund = stored.fund
    and expected.source = stored.source
    and expected.session = stored.as_of
where expected.sessions_back <= 2 or (expected.sessions_back <= 5 and stored.fund is null)
