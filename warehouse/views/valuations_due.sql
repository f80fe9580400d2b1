-- What the next run asks for: each fund's valuations.
--
-- Grain   one row per fund and source: fallbacks are asked, too, to fill gaps and to compare
-- Method  every fund with a session that is due; issuers serve the whole history at once
-- Caveat  what is missing counts sessions since the fund's first one, up to the last one due; of a
--         fund without a first session (there is no history of it) the last one due alone counts
--
-- Columns
-- fund      ticker
-- dataset   valuations
-- source    who is asked
-- symbol    the source's own id of the fund
-- name      name that the answer must bear
-- priority  1 is the primary source
-- missing   expected sessions that are not stored
-- last_due  last session that is due

with

expected as (
    select
        funds.fund,
        funds.name,
        fund_sources.source,
        fund_sources.symbol,
        fund_sources.priority,
        sessions.session
    from funds
    inner join fund_sources
        on funds.fund = fund_sources.fund
        and fund_sources.dataset = 'valuations'
    inner join sessions
        on funds.calendar = sessions.calendar
        and coalesce(funds.first_session, funds.launched_on) <= sessions.session
    cross join clock
    where sessions.closes_at + to_hours(funds.publication_lag_hours) <= clock.now
    qualify
        funds.first_session is not null
        or sessions.session = max(sessions.session) over (partition by funds.fund)
)

select
    expected.fund,
    'valuations' as dataset,
    expected.source,
    expected.symbol,
    expected.name,
    expected.priority,
    count(*) filter (where stored.fund is null) as missing,
    max(expected.session) as last_due
from expected
left join fund_valuations_by_source as stored
    on expected.fund = stored.fund
    and expected.source = stored.source
    and expected.session = stored.as_of
group by
    expected.fund, expected.source, expected.symbol, expected.name, expected.priority
