-- What moved each fund's net assets in a week, month or year: creations, or price.
--
-- Grain   one row per fund, period (week, month or year) and its first day, the running one too
-- Method  net assets on the period's last market day less those on the last one before it, which is
--         net flow (the sum of its days, sorted first, so that it is the same to the last digit in
--         whatever order they are read) plus price effect, by definition: what is not flow. Net
--         assets as published, else shares times NAV
-- Caveat  the price effect holds fees and distributions, too. In USD only; null where net assets or
--         a day's flow are not known, or a hole of more than five sessions lies before the period
--
-- Columns
-- fund          ticker
-- period        week, month or year
-- starts_on     Monday of the ISO week, first day of the month or year
-- base_as_of    last market day before the period
-- base_assets   net assets then, USD
-- as_of         last market day of the period
-- net_assets    net assets then, USD
-- change        change between the two, USD
-- net_flow_usd  net creations at NAV, USD
-- price_effect  change less net flow, USD
-- sessions      market days observed
-- complete      whether the period is over
-- last_as_of    the fund's latest market day

with

days as (
    select * from fund_net_flows
),

periods as (
    select unnest(['week', 'month', 'year']) as period
),

summed as (
    select
        days.fund,
        periods.period,
        date_trunc(periods.period, days.as_of)::date as starts_on,
        max(days.as_of) as as_of,
        arg_max_null(days.net_assets, days.as_of) as net_assets,
        arg_min(days.spans_sessions, days.as_of) as spans_sessions,
        case
            when count(*) = count(days.net_flow_usd)
                then list_sum(list_sort(list(days.net_flow_usd)))
        end as net_flow_usd,
        count(*) as sessions
    from days
    cross join periods
    group by days.fund, periods.period, date_trunc(periods.period, days.as_of)
),

based as (
    select
        *,
        lag(as_of) over earlier as base_as_of,
        lag(net_assets) over earlier as base_assets
    from summed
    window earlier as (partition by fund, period order by starts_on)
),

ends as (
    select
        fund,
        any_value(calendar) as calendar,
        max(as_of) as last_as_of
    from days
    group by fund
),

following as (
    select
        ends.fund,
        ends.last_as_of,
        min(sessions.session) as next_session
    from ends
    left join sessions
        on ends.calendar = sessions.calendar and ends.last_as_of < sessions.session
    group by ends.fund, ends.last_as_of
),

told as (
    select
        based.*,
        following.last_as_of,
        based.as_of < following.last_as_of
        or coalesce(
            date_trunc(based.period, following.next_session) > based.starts_on, false
        ) as complete,
        case
            when based.spans_sessions <= 6 and based.net_flow_usd is not null
                then based.net_assets - based.base_assets
        end as change
    from based
    inner join following on based.fund = following.fund
    where based.base_as_of is not null
)

select
    fund,
    period,
    starts_on,
    base_as_of,
    base_assets,
    as_of,
    net_assets,
    change,
    net_flow_usd,
    change - net_flow_usd as price_effect,
    sessions,
    complete,
    last_as_of
from told
