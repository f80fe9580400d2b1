-- How many shares each fund had, and how many ounces, day by day, on one share basis.
--
-- Grain   one row per fund, measure (shares or ounces) and market day with a share count
-- Method  shares as counted, times the ratio of every later split that the count is not restated
--         for: what the count of the day before would be, less the net flow, on the basis of the
--         day. Ounces as published, else shares times estimated ounces per share
-- Caveat  a history of mixed basis begins anew where the basis is not known
--
-- Columns
-- fund          ticker
-- measure       shares or ounces
-- as_of         market day
-- amount        shares outstanding on the latest basis, or troy ounces
-- is_estimated  whether they are estimated ounces
-- is_recovered  whether the share count is recovered from net assets and NAV, not published

with

counted as (
    select
        fund,
        as_of,
        shares_outstanding,
        ounces,
        is_recovered,
        lag(shares_outstanding) over (partition by fund order by as_of) as previous_shares
    from fund_valuations
    where shares_outstanding is not null
),

stepped as (
    select
        counted.*,
        flows.mark = 'mixed basis' as is_seam,
        coalesce(
            (counted.shares_outstanding - flows.net_flow_shares)
            / nullif(counted.previous_shares, 0),
            1
        ) as ratio
    from counted
    left join fund_net_flows as flows
        on counted.fund = flows.fund and counted.as_of = flows.as_of
),

rebased as (
    select
        *,
        shares_outstanding * coalesce(
            product(case when abs(ratio - 1) > 1e-6 then ratio else 1 end) over (
                partition by fund
                order by as_of
                rows between 1 following and unbounded following
            ),
            1
        ) as shares,
        max(as_of) filter (where is_seam) over (partition by fund) as seam
    from stepped
),

valued as (
    select
        rebased.fund,
        rebased.as_of,
        rebased.shares,
        rebased.is_recovered,
        metal.is_estimated,
        coalesce(rebased.ounces, rebased.shares * metal.ounces_per_share) as ounces
    from rebased
    left join ounces_per_share as metal
        on rebased.fund = metal.fund and rebased.as_of = metal.as_of
    where rebased.as_of >= coalesce(rebased.seam, rebased.as_of)
)

select
    fund,
    'shares' as measure,
    as_of,
    shares as amount,
    false as is_estimated,
    is_recovered
from valued
union all
select
    fund,
    'ounces' as measure,
    as_of,
    ounces as amount,
    is_estimated,
    false as is_recovered
from valued
where ounces is not null
