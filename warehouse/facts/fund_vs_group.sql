-- How a fund's flow in dollars compares with those of the funds of another group (claim C11).
--
-- Grain   one row per fund that is in a group, window and other group: the ISO week, such as
--         usd_week:gold_physical, and the last 5 sessions, such as usd_5_sessions:gold_physical
-- Method  value: net flow in the ISO week of the fund's latest market day, or over the 5 sessions
--         up to that day. Ranked among itself and the funds that are in the other group on that
--         day, the largest inflow first, all of them over the same days; a running week has only
--         the rank it would have if it ended now
-- Caveat  not stated where the flow of one of them cannot be told, or not over the same days. The
--         last 5 sessions are a window chosen afterwards

with

flows as (
    select
        subject as fund,
        'usd_week' as period,
        week as starts_on,
        case when complete then week + 6 else last_as_of end as ends_on,
        last_as_of,
        sessions,
        complete,
        net_flow_usd as net_flow
    from weekly_net_flows
    where state in ('complete', 'running')
    union all
    select
        subject as fund,
        'usd_5_sessions' as period,
        from_as_of as starts_on,
        as_of as ends_on,
        case when days_back = 0 then as_of end as last_as_of,
        sessions,
        true as complete,
        net_flow_usd as net_flow
    from rolling_net_flows
    where sessions = 5 and not has_hole
),

latest as (
    select * from flows
    where last_as_of between starts_on and ends_on and net_flow is not null
),

pairs as (
    select
        latest.*,
        fund_groups.fund_group,
        fund_groups.fund as member,
        bool_or(fund_groups.fund = latest.fund) over funds as is_in_a_group,
        bool_or(fund_groups.fund = latest.fund) over groups_of_funds as is_in_this_group
    from latest
    inner join fund_groups
        on latest.last_as_of >= fund_groups.member_from
        and latest.last_as_of <= coalesce(fund_groups.member_until, date 'infinity')
    window
        funds as (partition by latest.fund, latest.period),
        groups_of_funds as (partition by latest.fund, latest.period, fund_groups.fund_group)
),

others as (
    select
        pairs.*,
        compared.net_flow as other_flow,
        format('{} {:,}', pairs.member, round(compared.net_flow)::bigint) as other_named,
        pairs.member || ': ' || funds.caveat as other_caveat
    from pairs
    left join flows as compared
        on pairs.member = compared.fund
        and pairs.period = compared.period
        and pairs.starts_on = compared.starts_on
        and pairs.ends_on = compared.ends_on
    left join funds on pairs.member = funds.fund
    where pairs.is_in_a_group and not pairs.is_in_this_group
),

counted_funds as (
    select
        fund,
        period,
        fund_group,
        any_value(starts_on) as starts_on,
        any_value(last_as_of) as as_of,
        any_value(sessions) as sessions,
        bool_and(complete) as complete,
        any_value(net_flow) as net_flow,
        count(*) as funds,
        count(*) filter (where other_flow > net_flow) as above,
        count(*) filter (where other_flow < net_flow) as below,
        string_agg(other_named, '; ' order by other_flow desc, member asc) as named,
        list(other_caveat order by member) as caveats
    from others
    group by fund, period, fund_group
    having count(*) = count(other_flow)
),

told as (
    select
        counted_funds.*,
        case
            when counted_funds.net_flow > 0
                then 'took in ' || quantity(counted_funds.net_flow, 'usd')
            when counted_funds.net_flow < 0
                then 'had a net outflow of ' || quantity(-counted_funds.net_flow, 'usd')
            else 'had no net flow'
        end as flow,
        case
            when counted_funds.period = 'usd_week'
                then format(
                    'in {} (from {}, {}{})',
                    strftime(counted_funds.starts_on, '%G-W%V'),
                    counted_funds.starts_on::varchar,
                    counted(counted_funds.sessions, 'session'),
                    case when counted_funds.complete then '' else ', running' end
                )
            else format(
                'over the last {} ({} to {})',
                counted(counted_funds.sessions, 'session'),
                counted_funds.starts_on::varchar,
                counted_funds.as_of::varchar
            )
        end as window_named,
        case when counted_funds.net_flow > 0 then 'more than' else 'above' end as more_than,
        case when counted_funds.net_flow > 0 then 'less than' else 'below' end as less_than
    from counted_funds
)

select
    'fund_vs_group' as fact,
    fund as subject,
    period || ':' || fund_group as measure,
    as_of,
    net_flow as value,
    'USD' as unit,
    format(
        '{} {} {}, {} of {} ({}).',
        fund,
        flow,
        window_named,
        case
            when below = funds then more_than || ' every fund'
            when above = funds then less_than || ' every fund'
            when above = 0 then 'at least as much as every fund'
            when below = 0 then 'at most as much as every fund'
            else format('{} {} of the {} funds', more_than, below, funds)
        end,
        fund_group,
        named
    ) as statement,
    list_concat(
        flow_labels('usd', false),
        present(
            list_concat(
                [case period when 'usd_5_sessions' then 'window chosen afterwards' end],
                caveats
            )
        )
    ) as labels,
    case when complete then 1 + above end as rank,
    case when not complete then 1 + above end as rank_if_counted,
    1 + funds as of,
    complete,
    1 + funds as observations,
    case period
        when 'usd_week' then 'weekly_net_flows' else 'rolling_net_flows'
    end as view
from told
