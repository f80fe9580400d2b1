-- What the next run asks for: each fund's holdings of the last five sessions that are due.
--
-- Grain   one row per fund and session, of its primary source
-- Method  the last five sessions, stored or not, since issuers revise
-- Caveat  older holdings are asked for by a backfill only: one request a fund and day
--
-- Columns
-- fund       ticker
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
        row_number() over (partition by funds.fund order by sessions.session desc) as sessions_back
    from funds
    inner join fund_sources
        on funds.fund = fund_sources.fund
        and fund_sources.dataset = 'holdings'
        and fund_sources.priority = 1
    inner join sessions
        on funds.calendar = sessions.calendar
        and sessions.session >= funds.first_session
    cross join clock
    where sessions.closes_at + to_hours(funds.publication_lag_hours) <= clock.now
)

select
    expected.fund,
    expected.source,
    expected.symbol,
    expected.name,
    expected.session as as_of,
    exists (
        select 1
        from holdings
        where
            holdings.fund = expected.fund
            and holdings.source = expected.source
            and holdings.as_of = expected.session
    ) as is_stored
from expected
where expected.sessions_back <= 5
