-- How much each two funds have in common, by their latest snapshots.
--
-- Grain   one row per ordered pair of funds
-- Method  overlap of holders; by weight it is the sum of the smaller of the two weights of every
--         common security: 1 between two funds of the same securities and weights, but for cash.
--         Which they are: common_positions(holders, fund, security, weight)
-- Caveat  the two snapshots may be of different days. Weights are as published, mostly rounded; a
--         security that the two name by different tickers is not seen as common
--
-- Columns
-- fund                ticker
-- other_fund          ticker of the other one
-- as_of               market day of the fund's latest snapshot
-- other_as_of         market day of the other one's
-- common              securities that both hold
-- positions           securities that the fund holds
-- other_positions     securities that the other one holds
-- share_of_positions  share of the fund's securities that the other one holds, too, a fraction
-- overlap             sum of the smaller weights, a fraction of net assets; null if a weight is not
--                     known

with

latest as (
    select
        fund,
        as_of
    from holding_snapshots
    where is_latest
),

compared as (
    select * from overlap(holders, fund, security, weight)
)

select
    compared.subject as fund,
    compared.other as other_fund,
    latest.as_of,
    other_latest.as_of as other_as_of,
    compared.common,
    compared.positions,
    compared.other_positions,
    compared.share_of_positions,
    compared.overlap
from compared
inner join latest on compared.subject = latest.fund
inner join latest as other_latest on compared.other = other_latest.fund
