-- What the next run asks for: each fund's holdings, by session.
--
-- Grain   one row per fund, session and source
-- Method  sessions with an open gap, and while the market is open the last two again, since issuers
--         revise
-- Caveat  sessions before the first one stored are asked for by a backfill only: one request a fund
--         and day
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

wanted as (
    select
        subject as fund,
        source,
        symbol,
        as_of,
        false as is_stored
    from gaps
    where dataset = 'holdings' and is_open
    union
    select
        expected_days.subject as fund,
        expected_days.source,
        expected_days.symbol,
        unnest(max(expected_days.as_of, 2)) as as_of,
        true as is_stored
    from expected_days
    inner join funds on expected_days.subject = funds.fund
    inner join open_calendars on funds.calendar = open_calendars.calendar
    where expected_days.dataset = 'holdings'
    group by expected_days.subject, expected_days.source, expected_days.symbol
)

select
    wanted.fund,
    'holdings' as dataset,
    wanted.source,
    wanted.symbol,
    funds.name,
    wanted.as_of,
    bool_and(wanted.is_stored) as is_stored
from wanted
inner join funds on wanted.fund = funds.fund
group by wanted.fund, wanted.source, wanted.symbol, funds.name, wanted.as_of
