-- Troy ounces behind one share of a metal fund.
--
-- Grain   one row per fund and market day with a share count
-- Method  published ounces / shares of the same day; where the issuer publishes none, ounces per
--         share at launch (after splits) less the sponsor's fee, accrued daily since the launch
-- Caveat  an estimate is good to 0.1 %; fees waived or paid late are not in it
--
-- Columns
-- fund              ticker
-- as_of             market day
-- ounces_per_share  troy ounces per share
-- is_estimated      true where the issuer publishes no ounces

with

spells as (
    select
        fund,
        effective_from,
        fee,
        coalesce(
            lead(effective_from) over (partition by fund order by effective_from),
            date 'infinity'
        ) as effective_until
    from fund_terms
),

valued as (
    select
        valuations.fund,
        valuations.as_of,
        valuations.shares_outstanding,
        valuations.ounces,
        funds.launched_on,
        funds.ounces_per_share_at_launch
    from fund_valuations as valuations
    inner join funds on valuations.fund = funds.fund
    where funds.metal is not null and valuations.shares_outstanding > 0
),

accrued as (
    select
        valued.fund,
        valued.as_of,
        list_sum(list_sort(list(
            spells.fee
            * greatest(
                0,
                least(spells.effective_until, valued.as_of)
                - greatest(spells.effective_from, valued.launched_on)
            )
        ))) / 365 as fees
    from valued
    inner join spells on valued.fund = spells.fund and valued.as_of >= spells.effective_from
    group by valued.fund, valued.as_of
)

select
    valued.fund,
    valued.as_of,
    coalesce(
        valued.ounces / valued.shares_outstanding,
        valued.ounces_per_share_at_launch * exp(-accrued.fees)
    ) as ounces_per_share,
    valued.ounces is null as is_estimated
from valued
left join accrued on valued.fund = accrued.fund and valued.as_of = accrued.as_of
