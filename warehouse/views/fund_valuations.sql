-- What each fund was worth on each day, as its best source states it.
--
-- Grain   one row per fund and market day
-- Method  the primary source's row, else that of the first fallback which has the day, if it is a
--         session: filings are dated on Sundays, too, and would make flows out of their own delay
-- Caveat  an issuer restates its whole history after a split. A row is one source's whole: what it
--         leaves null is not filled from another
--
-- Columns
-- fund                ticker
-- as_of               market day the valuation is for
-- source              who states this row
-- nav                 net asset value per share, in `currency`; null where not published
-- shares_outstanding  shares in issue; null where not published
-- net_assets          net assets, in `currency`, where published
-- ounces              troy ounces in the trust, where published
-- currency            currency of NAV and assets
-- is_recovered        whether the share count is recovered from net assets and NAV, not published
-- correction          what a person has corrected or confirmed in this row, and why; null: nothing

with

preferred as (
    select
        fund_valuations_by_source.*,
        fund_sources.priority
    from fund_valuations_by_source
    inner join fund_sources
        on fund_valuations_by_source.fund = fund_sources.fund
        and fund_valuations_by_source.source = fund_sources.source
        and fund_sources.dataset = 'valuations'
),

fallback as (
    select preferred.*
    from preferred
    inner join funds on preferred.fund = funds.fund
    semi join sessions
        on funds.calendar = sessions.calendar and preferred.as_of = sessions.session
    where preferred.priority > 1
)

select
    fund,
    as_of,
    source,
    nav,
    shares_outstanding,
    net_assets,
    ounces,
    currency,
    is_recovered,
    correction
from preferred
where priority = 1
union all
select
    fallback.fund,
    fallback.as_of,
    fallback.source,
    fallback.nav,
    fallback.shares_outstanding,
    fallback.net_assets,
    fallback.ounces,
    fallback.currency,
    fallback.is_recovered,
    fallback.correction
from fallback
anti join preferred as better
    on fallback.fund = better.fund
    and fallback.as_of = better.as_of
    and fallback.priority > better.priority
