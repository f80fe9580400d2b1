-- How large the latest net flow is among all of its kind: of the day, week and month, of 5 and 20
-- sessions, of the year to date.
--
-- Grain   one row per subject, measure and period, for the latest one that can be told
-- Method  against every earlier complete period of the same subject, measure and kind, in all its
--         history (measured_flows, flow_windows): the largest inflow ranks first, the largest
--         outflow last, equal ones share a rank. A running period has only the rank it would have
--         if it ended now. In its description it is counted among flows of its own direction
-- Caveat  no row before ten periods are complete, the latest included; of years to date, four
--
-- Columns
-- subject          fund or group
-- measure          shares, ounces, usd, or percent: of the shares before, as a fraction
-- period           day, week, month, 5_sessions, 20_sessions or year_to_date
-- dated            the day, Monday of the ISO week, first day of the month; last day of a window
-- net_flow         net creations, in the measure's unit
-- sessions         market days observed
-- complete         whether the period is over and all of it is known
-- rank             rank among the complete periods, 1 the largest inflow; null if it runs
-- rank_if_counted  rank that a running period would have among them if it ended now
-- of               complete periods
-- previous_value   net flow of the latest earlier one that is at least as large in its direction
-- previous_at      day of that one
-- first_at         first day of the first one
-- is_estimated     whether the net flow is in estimated ounces
-- last_as_of       the subject's latest market day
-- described        how large it is, without the subject

with

flows as (
    select
        subject,
        measure,
        period,
        starts_on,
        starts_on as dated,
        net_flow,
        case period when 'day' then 1 end as sessions,
        complete,
        is_estimated,
        last_as_of
    from measured_flows
    union all
    select
        subject,
        measure,
        period,
        starts_on,
        ends_on as dated,
        net_flow,
        sessions,
        true as complete,
        is_estimated,
        last_as_of
    from flow_windows
),

latest as (
    select
        *,
        nullif(sign(net_flow), 0) as direction
    from flows
    where
        case period
            when 'week' then dated = date_trunc('week', last_as_of)
            when 'month' then dated = date_trunc('month', last_as_of)
            else dated = last_as_of
        end
),

compared as (
    select
        latest.subject,
        latest.measure,
        latest.period,
        1 + count(*) filter (where earlier.net_flow > latest.net_flow) as place,
        1 + count(*) filter (
            where latest.direction * earlier.net_flow > abs(latest.net_flow)
        ) as nth,
        bool_or(earlier.net_flow = latest.net_flow) as is_shared,
        max(earlier.dated) filter (
            where latest.direction * earlier.net_flow >= abs(latest.net_flow)
        ) as previous_at,
        arg_max(earlier.net_flow, earlier.dated) filter (
            where latest.direction * earlier.net_flow >= abs(latest.net_flow)
        ) as previous_value,
        arg_max(earlier.sessions, earlier.dated) filter (
            where latest.direction * earlier.net_flow >= abs(latest.net_flow)
        ) as previous_sessions,
        count(*) as earlier_ones,
        min(earlier.starts_on) as first_at
    from latest
    inner join flows as earlier
        on latest.subject = earlier.subject
        and latest.measure = earlier.measure
        and latest.period = earlier.period
        and latest.dated > earlier.dated
    where earlier.complete
    group by latest.subject, latest.measure, latest.period
),

ranked as (
    select
        latest.* exclude (sessions),
        coalesce(latest.sessions, periods.sessions) as sessions,
        compared.nth,
        compared.is_shared,
        compared.previous_at,
        compared.previous_value,
        compared.previous_sessions,
        compared.first_at,
        case when latest.complete then compared.place end as rank,
        case when not latest.complete then compared.place end as rank_if_counted,
        compared.earlier_ones + latest.complete::integer as of
    from latest
    inner join compared
        on latest.subject = compared.subject
        and latest.measure = compared.measure
        and latest.period = compared.period
    left join net_flows_by_period as periods
        on latest.subject = periods.subject
        and latest.period = periods.period
        and latest.starts_on = periods.starts_on
),

phrased as (
    select
        *,
        case when direction > 0 then 'inflow' else 'outflow' end as flow,
        period_named(period, dated, sessions) as named,
        format(
            '{}{} {} known ({} since {})',
            case when is_shared then 'joint ' else '' end,
            nth(nth, 'largest'),
            case period
                when 'day' then 'daily '
                when 'week' then 'weekly '
                when 'month' then 'monthly '
                when 'year_to_date' then 'year-to-date '
                else format('{}-session ', sessions)
            end
            || case when direction > 0 then 'inflow' else 'outflow' end,
            case period
                when 'day' then counted(of, 'day')
                when 'week' then counted(of, 'complete week')
                when 'month' then counted(of, 'complete month')
                when 'year_to_date' then counted(of, 'year')
                else counted(of, 'window') || ' without overlap'
            end,
            case period
                when 'month' then strftime(first_at, '%B %Y')
                when 'year_to_date' then year(first_at)::varchar
                else strftime(first_at, '%Y-%m-%d')
            end
        ) as place
    from ranked
    where of >= case period when 'year_to_date' then 4 else 10 end
),

worded as (
    select
        *,
        case
            when period in ('week', 'month')
                then format('{}, {}', named, counted(sessions, 'session'))
            else named
        end as at_length,
        case
            when previous_at is null then ''
            else format(
                '; the last at least as large was {} {}',
                flow_quantity(previous_value, measure),
                period_named(period, previous_at, previous_sessions)
            )
        end as last_alike
    from phrased
)

select
    subject,
    measure,
    period,
    dated,
    net_flow,
    sessions,
    complete,
    rank,
    rank_if_counted,
    of,
    previous_value,
    previous_at,
    first_at,
    is_estimated,
    last_as_of,
    case
        when direction is null
            then format(
                '{} no net flow, counted in {}, {}{}',
                case when complete then 'had' else 'has had' end,
                replace(measure, 'usd', 'dollars'),
                case when complete then '' else 'so far ' end,
                at_length
            )
        when complete
            then format(
                'had a net {} of {} {}: the {}{}',
                flow, flow_quantity(net_flow, measure), at_length, place, last_alike
            )
        else format(
            'has had a net {} of {} so far {}: if the {} ended now it would be the {}{}',
            flow, flow_quantity(net_flow, measure), at_length, period, place, last_alike
        )
    end as described
from worded
