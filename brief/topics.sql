-- What a brief can be about: assets, groups of funds, funds and instruments.
--
-- Grain   one row per subject and kind
-- Method  a group of funds belongs to the asset that its name begins with (silver_physical); so
--         does an instrument (Silver spot). An asset's price is that of its benchmark instrument
-- Caveat  a group of another name has no price, and an instrument of another name no funds
--
-- Columns
-- subject     what it is asked for by
-- kind        asset, group, fund or instrument
-- name        plain name, as a heading says it
-- asset       its asset, as markets are compared by; null if it has none
-- instrument  market symbol whose price it shows; null if it has none
-- flows       fund or group whose net flows it shows; null if it has none
-- measure     headline measure of these flows: shares, ounces or usd
-- level       what is counted of its funds: shares or ounces

with

members as (
    select
        fund_groups.fund_group,
        bool_and(funds.metal is not null) as is_of_metal
    from fund_groups
    inner join funds on fund_groups.fund = funds.fund
    group by fund_groups.fund_group
),

fund_groups_of_assets as (
    select
        members.fund_group,
        members.is_of_metal,
        assets.asset,
        assets.name,
        assets.instrument,
        row_number() over (
            partition by assets.asset
            order by members.fund_group
        ) as place
    from members
    left join assets on starts_with(members.fund_group, assets.asset || '_')
),

priced as (
    select
        instruments.instrument,
        instruments.name,
        assets.asset
    from instruments
    left join assets
        on instruments.instrument = assets.instrument
        or instruments.name = assets.name
        or starts_with(instruments.name, assets.name || ' ')
    where instruments.kind <> 'fund'
)

select
    assets.asset as subject,
    'asset' as kind,
    assets.name,
    assets.asset,
    assets.instrument,
    held.fund_group as flows,
    case when held.is_of_metal then 'ounces' else 'usd' end as measure,
    case when held.is_of_metal then 'ounces' else 'shares' end as level
from assets
left join fund_groups_of_assets as held on assets.asset = held.asset and held.place = 1
union all
select
    fund_group as subject,
    'group' as kind,
    coalesce(name, fund_group) as name,
    asset,
    instrument,
    fund_group as flows,
    case when is_of_metal then 'ounces' else 'usd' end as measure,
    case when is_of_metal then 'ounces' else 'shares' end as level
from fund_groups_of_assets
union all
select
    funds.fund as subject,
    'fund' as kind,
    funds.name,
    null as asset,
    instruments.instrument,
    funds.fund as flows,
    'shares' as measure,
    'shares' as level
from funds
left join instruments on funds.fund = instruments.instrument
union all
select
    priced.instrument as subject,
    'instrument' as kind,
    priced.name,
    priced.asset,
    priced.instrument,
    held.fund_group as flows,
    case when held.is_of_metal then 'ounces' else 'usd' end as measure,
    case when held.is_of_metal then 'ounces' else 'shares' end as level
from priced
left join fund_groups_of_assets as held on priced.asset = held.asset and held.place = 1
