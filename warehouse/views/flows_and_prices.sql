-- What flowed into each fund over 5 and 20 sessions, beside what its price did.
--
-- Grain   one row per fund that is an instrument, too, and length (5 or 20 sessions), for its
--         latest market day
-- Method  net flow as in rolling_net_flows, over sessions without a hole; the close of the last day
--         against that of the day before the first
-- Caveat  the price is that of the exchange, without distributions. No row where the flow is not
--         known, or one of the two days has no close
--
-- Columns
-- fund             ticker
-- sessions         length: 5 or 20 sessions
-- base_as_of       day before the first
-- as_of            last day
-- net_flow_shares  net creations, shares
-- base_close       close on the day before the first, in `currency`
-- close            close on the last day
-- currency         currency of both
-- price_change     change between the two, a fraction
-- is_opposite      whether flow and price went opposite ways

with

days as (
    select
        subject,
        as_of,
        previous_as_of
    from subject_days
    where not is_group
),

closes as (
    select
        instrument,
        session,
        close,
        currency
    from bars
),

latest as (
    select *
    from rolling_net_flows
    where days_back = 0 and sessions in (5, 20) and not is_group
)

select
    latest.subject as fund,
    latest.sessions,
    days.previous_as_of as base_as_of,
    latest.as_of,
    latest.net_flow_shares,
    before.close as base_close,
    after.close,
    after.currency,
    after.close / nullif(before.close, 0) - 1 as price_change,
    sign(latest.net_flow_shares) * sign(after.close - before.close) < 0 as is_opposite
from latest
inner join days on latest.subject = days.subject and latest.from_as_of = days.as_of
inner join closes as before
    on latest.subject = before.instrument and days.previous_as_of = before.session
inner join closes as after
    on latest.subject = after.instrument
    and latest.as_of = after.session
    and before.currency = after.currency
where not latest.has_hole and latest.net_flow_shares is not null
