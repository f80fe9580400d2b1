-- What each fund was worth on each day, as its best source states it.
--
-- Grain   one row per fund and market day
-- Method  the primary source's row, else that of the first fallback which has the day
-- Caveat  an issuer restates its whole history after a split
--
-- Columns
-- fund                ticker
-- as_of               market day the valuation is for
-- source              who states this row
-- nav                 net asset value per share, in `currency`
-- shares_outstanding  shares in issue; null where not published
-- net_assets          net assets, in `currency`, where published
-- ounces              troy ounces in the trust, where published
-- currency            currency of NAV and assets

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
)

select
    chosen.fund,
    chosen.as_of,
    chosen.source,
    chosen.nav,
    chosen.shares_outstanding,
    chosen.net_assets,
    chosen.ounces,
    chosen.currency
from preferred as chosen
where
    chosen.priority = 1
    or not exists (
        select 1
        from preferred as better
        where
            better.fund = chosen.fund
            and better.as_of = chosen.as_of
            and better.priority < chosen.priority
    )
