-- Net creations of each fund by the day of their orders, where it is known how long these take.
--
-- Grain   one row per fund and market day with a net flow (fund_net_flows) while its order lag is
--         established (fund_terms)
-- Method  the order date is the book date, or the session before it where orders are booked a
--         session late; priced at the NAV of the order date
-- Caveat  a change over a hole in the observations bears the order date of the day they resume.
--         Dollars are null where NAV is in another currency, or a split lies between the two dates
--
-- Columns
-- fund             ticker
-- as_of            order date
-- net_flow_shares  net creations, shares
-- net_flow_usd     net creations at the NAV of the order date, USD
-- book_date        market day that the issuer's count is for

with

days_after as (
    select
        calendar,
        session,
        unnest(generate_series(session + 1, next_session, interval 1 day))::date as day
    from numbered_sessions
),

terms as (
    select
        fund,
        effective_from,
        order_lag_sessions,
        lead(effective_from, 1, date 'infinity') over (
            partition by fund order by effective_from
        ) as effective_until
    from fund_terms
),

booked as (
    select
        flows.fund,
        flows.as_of as book_date,
        flows.net_flow_shares,
        flows.calendar,
        terms.order_lag_sessions
    from fund_net_flows as flows
    inner join terms
        on flows.fund = terms.fund
        and flows.as_of >= terms.effective_from
        and flows.as_of < terms.effective_until
    where terms.order_lag_sessions is not null
),

ordered as (
    select
        booked.*,
        case booked.order_lag_sessions
            when 0 then booked.book_date else days_after.session
        end as order_date
    from booked
    left join days_after
        on booked.calendar = days_after.calendar and booked.book_date = days_after.day
),

splits as (
    select distinct
        ordered.fund,
        ordered.book_date
    from ordered
    inner join corporate_actions as actions
        on ordered.fund = actions.instrument
        and ordered.order_date < actions.ex_date
        and ordered.book_date >= actions.ex_date
    where actions.kind = 'split'
)

select
    ordered.fund,
    ordered.order_date as as_of,
    ordered.net_flow_shares,
    case
        when valuations.currency = 'USD' and splits.fund is null
            then ordered.net_flow_shares * valuations.nav
    end as net_flow_usd,
    ordered.book_date
from ordered
left join fund_valuations as valuations
    on ordered.fund = valuations.fund and ordered.order_date = valuations.as_of
left join splits
    on ordered.fund = splits.fund and ordered.book_date = splits.book_date
where ordered.order_date is not null
