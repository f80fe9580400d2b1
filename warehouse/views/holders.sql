-- Who holds each security: the funds whose latest snapshot has it.
--
-- Grain   one row per security and fund
-- Method  securities are matched as in positions, by ticker without its punctuation, else by name;
--         cash and derivatives are left out
-- Caveat  latest snapshots may be of different days: see as_of. A ticker is unique in one country
--         only; funds state market values in currencies of their own
--
-- Columns
-- security      what is held, as in positions
-- fund          ticker of the fund that holds it
-- holders       funds that hold the security
-- as_of         market day of the fund's latest snapshot
-- name          name of the security, as served
-- asset_class   kind of asset, as served
-- quantity      units held: shares, coins, par
-- weight        share of the fund's net assets, a fraction
-- market_value  value in `currency`; null where not published
-- currency      currency of the market value
-- source        who states this row

with

latest as (
    select
        fund,
        as_of
    from holding_snapshots
    where is_latest
)

select
    positions.security,
    positions.fund,
    count(*) over (partition by positions.security) as holders,
    positions.as_of,
    positions.name,
    positions.asset_class,
    positions.quantity,
    positions.weight,
    positions.market_value,
    positions.currency,
    positions.source
from positions
inner join latest on positions.fund = latest.fund and positions.as_of = latest.as_of
where not positions.is_cash
