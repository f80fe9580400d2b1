-- Shares, dollars and ounces that creations and redemptions moved in or out of each fund.
--
-- Grain   one row per fund and market day with a share count, from its second on (from its first,
--         if that is the count of the launch: seed shares are creations)
-- Method  change of shares outstanding since the previous count, on one share basis, at the NAV of
--         the day. A split is not a flow: the previous count is multiplied by its ratio where the
--         two NAVs lie nearer to the ratio than to 1, so where the issuer has not restated it
-- Caveat  notional at NAV: creations are in kind. Days are those the issuer's count is for (book
--         date). A change over a hole in the observations falls on the day they resume
--
-- Columns
-- fund                  ticker
-- as_of                 market day
-- previous_as_of        market day of the previous count; null for seed shares
-- net_flow_shares       net creations, shares; null where the share basis is mixed
-- net_flow_usd          net creations at NAV, USD; null where NAV is in another currency
-- net_flow_ounces       net creations, troy ounces; null where the fund holds no metal
-- net_assets            assets at the close, in the fund's currency
-- spans_sessions        sessions since the previous count; more than 1 is a hole
-- mark                  seed shares, mixed basis, or null
-- ounces_are_estimated  whether ounces per share are estimated
-- calendar              exchange calendar that sets the fund's sessions
-- launched_on           day of the fund's launch
-- flow_rate             net creations over the shares before, on one share basis, a fraction; null
--                       where these are not known or none

with

numbered_days as (
    select
        calendar,
        ordinal,
        unnest(generate_series(session, next_session - 1, interval 1 day))::date as day
    from numbered_sessions
),

counted as (
    select
        valuations.fund,
        valuations.as_of,
        valuations.nav,
        valuations.shares_outstanding,
        valuations.currency,
        funds.calendar,
        funds.launched_on,
        numbered_days.ordinal,
        coalesce(
            valuations.net_assets, valuations.nav * valuations.shares_outstanding
        ) as net_assets,
        lag(valuations.as_of) over counts as previous_as_of,
        lag(valuations.nav) over counts as previous_nav,
        lag(valuations.shares_outstanding) over counts as previous_shares,
        lag(numbered_days.ordinal) over counts as previous_ordinal
    from fund_valuations as valuations
    inner join funds on valuations.fund = funds.fund
    left join numbered_days
        on funds.calendar = numbered_days.calendar and valuations.as_of = numbered_days.day
    where valuations.shares_outstanding is not null
    window counts as (partition by valuations.fund order by valuations.as_of)
),

splits as (
    select
        instrument as fund,
        ex_date,
        min(ratio) as ratio
    from corporate_actions
    where kind = 'split'
    group by instrument, ex_date
),

launches as (
    select
        funds.fund,
        min(sessions.session) filter (where sessions.session >= funds.launched_on) as first_session
    from funds
    inner join sessions on funds.calendar = sessions.calendar
    group by funds.fund, funds.launched_on
    having min(sessions.session) <= funds.launched_on
),

steps as (
    select
        counted.fund,
        counted.as_of,
        splits.ratio,
        splits.ex_date > counted.previous_as_of and splits.ex_date <= counted.as_of as is_spanned,
        ln(counted.previous_nav / counted.nav) as nav_step
    from counted
    inner join splits on counted.fund = splits.fund
    where counted.previous_as_of is not null
),

judged as (
    select
        fund,
        as_of,
        any_value(nav_step) as nav_step,
        coalesce(product(ratio) filter (where is_spanned), 1) as split_ratio,
        bool_or(
            not is_spanned
            and least(abs(nav_step - ln(ratio)), abs(nav_step + ln(ratio))) < abs(nav_step)
        ) as is_seam
    from steps
    group by fund, as_of
),

net_creations as (
    select
        counted.*,
        case
            when counted.previous_as_of is null then counted.shares_outstanding
            when judged.is_seam or (judged.nav_step is null and judged.split_ratio != 1) then null
            when abs(judged.nav_step - ln(judged.split_ratio)) < abs(judged.nav_step)
                then counted.shares_outstanding - counted.previous_shares * judged.split_ratio
            else counted.shares_outstanding - counted.previous_shares
        end as net_flow_shares,
        case
            when counted.previous_as_of is null then 'seed shares'
            when judged.is_seam or (judged.nav_step is null and judged.split_ratio != 1)
                then 'mixed basis'
        end as mark
    from counted
    left join judged on counted.fund = judged.fund and counted.as_of = judged.as_of
    left join launches on counted.fund = launches.fund
    where
        counted.previous_as_of is not null
        or counted.as_of = counted.launched_on
        or counted.as_of between counted.launched_on and launches.first_session
)

select
    net_creations.fund,
    net_creations.as_of,
    net_creations.previous_as_of,
    net_creations.net_flow_shares,
    case
        when net_creations.currency = 'USD' then net_creations.net_flow_shares * net_creations.nav
    end as net_flow_usd,
    net_creations.net_flow_shares * metal.ounces_per_share as net_flow_ounces,
    net_creations.net_assets,
    greatest(
        1, coalesce(net_creations.ordinal - net_creations.previous_ordinal, 1)
    ) as spans_sessions,
    net_creations.mark,
    metal.is_estimated as ounces_are_estimated,
    net_creations.calendar,
    net_creations.launched_on,
    net_creations.net_flow_shares / nullif(
        net_creations.shares_outstanding - net_creations.net_flow_shares, 0
    ) as flow_rate
from net_creations
left join ounces_per_share as metal
    on net_creations.fund = metal.fund and net_creations.as_of = metal.as_of
