-- What each fund closed at over its NAV, where both are struck at the same time.
--
-- Grain   one row per fund and market day with a close and a NAV, in one currency
-- Method  close / NAV - 1
-- Caveat  funds that hold metal, and others whose caveat says so, strike their NAV at another hour:
--         close over NAV would be no premium, so they are left out
--
-- Columns
-- fund      ticker
-- as_of     market day
-- close     last price
-- nav       net asset value per share
-- premium   close over NAV, less 1, a fraction; below zero a discount
-- currency  currency of both

select
    valuations.fund,
    valuations.as_of,
    bars.close,
    valuations.nav,
    bars.close / valuations.nav - 1 as premium,
    bars.currency
from fund_valuations as valuations
inner join funds on valuations.fund = funds.fund
inner join bars
    on valuations.fund = bars.instrument
    and valuations.as_of = bars.session
    and valuations.currency = bars.currency
where
    valuations.nav > 0
    and funds.metal is null
    and not coalesce(starts_with(funds.caveat, 'NAV is struck'), false)
