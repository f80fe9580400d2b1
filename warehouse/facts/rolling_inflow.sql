-- What a fund or group has taken in over its last 4, 5 and 20 sessions (claim C6).
--
-- Grain   one row per subject and measure, such as ounces_4_sessions, for its latest market day
-- Method  value: net flow of the window that ends on the latest market day. Ranked, the largest
--         inflow first, among the windows counted back from it within 252 market days, which do not
--         overlap; the sentence counts outflows from the other end. `since` is the end of the
--         latest earlier window that does not overlap with it and is at least as large in the same
--         direction, else of the first; the sentence says so where one that overlaps is larger
-- Caveat  not stated with fewer than 4 windows to rank, nor where the latest cannot be told

with

measures as (
    select unnest(['shares', 'ounces', 'usd']) as measure
),

windows as (
    select
        rolling_net_flows.*,
        measures.measure,
        {
            'subject': rolling_net_flows.subject,
            'sessions': rolling_net_flows.sessions,
            'measure': measures.measure
        } as field,
        case measures.measure
            when 'shares' then rolling_net_flows.net_flow_shares
            when 'ounces' then rolling_net_flows.net_flow_ounces
            else rolling_net_flows.net_flow_usd
        end as net_flow
    from rolling_net_flows
    cross join measures
),

latest as (
    select
        *,
        nullif(sign(net_flow), 0) as direction
    from windows
    where days_back = 0 and net_flow is not null
),

compared as (
    select
        latest.field,
        earlier.as_of,
        earlier.from_as_of,
        earlier.net_flow,
        earlier.days_back,
        earlier.days_back >= latest.sessions as is_apart,
        sign(latest.direction * earlier.net_flow - abs(latest.net_flow)) as larger
    from latest
    inner join windows as earlier
        on latest.subject = earlier.subject
        and latest.sessions = earlier.sessions
        and latest.measure = earlier.measure
    where earlier.net_flow is not null
),

alike as (
    select
        field,
        max(as_of) filter (where larger >= 0 and is_apart) as previous_at,
        arg_max(net_flow, as_of) filter (where larger >= 0 and is_apart) as previous_value,
        min(days_back) filter (where larger >= 0 and is_apart) as previous_back,
        coalesce(bool_or(larger > 0 and not is_apart), false) as is_topped,
        1 + count(*) filter (where is_apart) as observations,
        min(as_of) as first_window,
        min(from_as_of) as first_day
    from compared
    group by field
),

apart as (
    select
        field,
        as_of,
        net_flow
    from windows
    where days_back % sessions = 0 and days_back + sessions <= 252
),

inflows as (
    select * from nth_largest(apart, field, as_of, net_flow)
),

outflows as (
    select * from nth_largest(apart, field, as_of, -net_flow)
),

told as (
    select
        latest.*,
        alike.previous_at,
        alike.previous_value,
        alike.is_topped,
        alike.observations,
        alike.first_window,
        alike.first_day,
        alike.previous_back = latest.sessions as is_just_before,
        inflows.rank,
        inflows.of,
        inflows.is_shared,
        case when latest.direction > 0 then inflows.rank else outflows.rank end as nth,
        flow_quantity(latest.net_flow, latest.measure) as amount,
        flow_quantity(alike.previous_value, latest.measure) as previous_amount
    from latest
    inner join alike on latest.field = alike.field
    inner join inflows on latest.field = inflows.subject and latest.as_of = inflows.as_of
    inner join outflows on latest.field = outflows.subject and latest.as_of = outflows.as_of
    where inflows.of >= 4
),

worded as (
    select
        *,
        format(
            'over the last {} {} ({} to {})',
            sessions,
            case when has_hole then 'days observed' else 'sessions' end,
            from_as_of::varchar,
            as_of::varchar
        ) as window_named,
        format(
            'the most in {} sessions{} since ',
            sessions, case when is_topped then ' that do not overlap with them' else '' end
        ) as the_most_since,
        format(
            'the {}{} of the {} windows that do not overlap in the last 252 sessions',
            case when is_shared then 'joint ' else '' end,
            nth(nth, 'largest ' || case when direction > 0 then 'inflow' else 'outflow' end),
            of
        ) as place
    from told
)

select
    'rolling_inflow' as fact,
    subject,
    format('{}_{}_sessions', measure, sessions) as measure,
    as_of,
    net_flow as value,
    flow_unit(measure) as unit,
    case
        when direction is null
            then format(
                '{} had no net flow, counted in {}, {}.',
                subject, replace(measure, 'usd', 'dollars'), window_named
            )
        else format(
            '{} {} {} {}, {}, {}.',
            subject,
            case when direction > 0 then 'took in' else 'had a net outflow of' end,
            amount,
            window_named,
            case
                when previous_at is null
                    then the_most_since || 'the series began on ' || first_day
                when is_just_before
                    then format('no more than the {} of the {} before', previous_amount, sessions)
                else format(
                    '{}those to {} ({})', the_most_since, previous_at::varchar, previous_amount
                )
            end,
            place
        )
    end as statement,
    list_concat(
        flow_labels(measure, is_estimated and measure = 'ounces'),
        present(
            [
                case
                    when is_group
                        then 'coverage ' || percentage(floor(100 * coverage) / 100, decimals := 0)
                end,
                case when has_hole then 'spans a hole in the observations' end
            ]
        )
    ) as labels,
    rank,
    of,
    case when direction is not null then coalesce(previous_at, first_window) end as since,
    previous_value,
    previous_at,
    true as complete,
    observations,
    first_window as first_observed,
    'rolling_net_flows' as view
from worded
