-- How large the latest week's inflow, or outflow, is among those of its ISO year (claim C7).
--
-- Grain   one row per subject and measure (shares, ounces, usd or percent), for its latest week
-- Method  value: net flow of the latest ISO week visible; percent is a fraction of the shares
--         before the week. Ranked among the complete weeks of its ISO year, the largest inflow
--         first: the largest outflow has the last rank, and the sentence counts outflows from
--         there. A running week has no rank, only the one it would have if it ended now. `since` is
--         the latest week before it, of any year, at least as large in the same direction. Marked
--         sensitive where the rank in shares or dollars would be another by order date, with every
--         week of the year known by order date too
-- Caveat  not stated before four weeks of the ISO year are complete, nor for a week that cannot be
--         told, nor for the subject's first. Ranks differ by unit, so the sentence names its unit.
--         Of a year that is not known in full the sentence speaks of the weeks that are

with

weeks as (
    select * from weekly_ranks
),

latest as (
    select
        *,
        nullif(sign(net_flow), 0) as direction,
        case when complete then rank else rank_if_counted end as rank_so_far
    from weeks
    where
        week = date_trunc('week', last_as_of)
        and state in ('complete', 'running')
        and net_flow is not null
        and of >= 4
),

compared as (
    select
        latest.subject,
        latest.measure,
        1 + count(*) filter (
            where earlier.iso_year = latest.iso_year
            and latest.direction * earlier.net_flow > abs(latest.net_flow)
        ) as nth,
        bool_or(
            earlier.iso_year = latest.iso_year and earlier.net_flow = latest.net_flow
        ) as is_shared,
        max(earlier.week) filter (
            where latest.direction * earlier.net_flow >= abs(latest.net_flow)
        ) as previous_at,
        arg_max(earlier.net_flow, earlier.week) filter (
            where latest.direction * earlier.net_flow >= abs(latest.net_flow)
        ) as previous_value,
        count(*) as earlier_weeks,
        min(earlier.week) as first_week
    from latest
    inner join weeks as earlier
        on latest.subject = earlier.subject
        and latest.measure = earlier.measure
        and latest.week > earlier.week
    where earlier.complete and earlier.net_flow is not null
    group by latest.subject, latest.measure
),

by_unit as (
    select
        subject,
        count(distinct rank_so_far) > 1 as differ,
        string_agg(measure || ' ' || rank_so_far, ', ' order by measure) as ranks
    from latest
    group by subject
),

order_weeks as (
    select
        fund,
        date_trunc('week', as_of)::date as week,
        case
            when count(*) = count(net_flow_shares)
                then list_sum(list_sort(list(net_flow_shares)))
        end as shares,
        case
            when count(*) = count(net_flow_usd) then list_sum(list_sort(list(net_flow_usd)))
        end as usd,
        max(as_of) as known_to
    from fund_net_flows_by_order_date
    group by fund, date_trunc('week', as_of)
),

measured as (
    select
        fund,
        week,
        known_to,
        unnest(['shares', 'usd']) as measure,
        unnest([shares, usd]) as net_flow
    from order_weeks
),

by_order_date as (
    select *
    from measured
    where net_flow is not null
),

reranked as (
    select
        latest.subject,
        latest.measure,
        any_value(own.known_to) as known_to,
        1 + count(*) filter (where other.net_flow > own.net_flow) as rank_by_order_date
    from latest
    inner join by_order_date as own
        on latest.subject = own.fund and latest.measure = own.measure and latest.week = own.week
    inner join weeks as ranked
        on latest.subject = ranked.subject
        and latest.measure = ranked.measure
        and latest.iso_year = ranked.iso_year
        and latest.week > ranked.week
    inner join by_order_date as other
        on ranked.subject = other.fund
        and ranked.measure = other.measure
        and ranked.week = other.week
    where ranked.rank is not null
    group by latest.subject, latest.measure, latest.of, latest.complete
    having count(*) = latest.of - latest.complete::integer
),

told as (
    select
        latest.*,
        reranked.rank_by_order_date,
        reranked.known_to,
        compared.nth,
        compared.is_shared,
        compared.previous_at,
        compared.previous_value,
        compared.earlier_weeks,
        compared.first_week,
        by_unit.ranks,
        by_unit.differ,
        week(latest.week) - (not latest.complete)::integer as weeks_over,
        isoyear(latest.week + 7) > latest.iso_year and latest.complete as is_year_over,
        case latest.measure
            when 'usd' then 'USD'
            when 'ounces' then 'troy ounces'
            when 'percent' then 'fraction of prior shares'
            else 'shares'
        end as unit,
        replace(latest.measure, 'usd', 'dollars') as counted_in,
        case when latest.net_flow > 0 then 'inflow' else 'outflow' end as flow,
        case
            when latest.measure = 'percent' and abs(latest.net_flow) < 0.00005
                then 'less than 0.01 % of its prior shares'
            when latest.measure = 'percent'
                then percentage(abs(latest.net_flow)) || ' of its prior shares'
            else quantity(abs(latest.net_flow), latest.measure)
        end as amount,
        format(
            '{} (from {}, {})',
            strftime(latest.week, '%G-W%V'),
            latest.week::varchar,
            counted(latest.sessions, 'session')
        ) as week_named,
        nth(compared.nth, 'largest') as nth_largest
    from latest
    inner join compared
        on latest.subject = compared.subject and latest.measure = compared.measure
    inner join by_unit on latest.subject = by_unit.subject
    left join reranked
        on latest.subject = reranked.subject and latest.measure = reranked.measure
),

worded as (
    select
        *,
        format(
            'the {}{} weekly {} {}',
            case when is_shared then 'joint ' else '' end,
            nth_largest,
            flow,
            case
                when of < weeks_over
                    then format('among the {} complete weeks known of {}', of, iso_year)
                else format(
                    'of {}{} ({} complete weeks)',
                    iso_year, case when is_year_over then '' else ' so far' end, of
                )
            end
        ) as place
    from told
)

select
    'nth_largest_week' as fact,
    subject,
    measure,
    last_as_of as as_of,
    net_flow as value,
    unit,
    case
        when direction is null and complete
            then format(
                '{} had no net flow, counted in {}, in {}.', subject, counted_in, week_named
            )
        when direction is null
            then format(
                '{} has had no net flow, counted in {}, so far in {}.',
                subject, counted_in, week_named
            )
        when complete
            then format(
                '{} had a net {} of {} in {}: counted in {}, {}.',
                subject, flow, amount, week_named, counted_in, place
            )
        else format(
            '{} has had a net {} of {} so far in {}: if the week ended now it would be, '
            || 'counted in {}, {}.',
            subject, flow, amount, week_named, counted_in, place
        )
    end as statement,
    list_concat(
        flow_labels(measure, is_estimated),
        present(
            [
                case
                    when rank_by_order_date <> rank_so_far
                        then format(
                            'sensitive: by order date the rank would be {}, known to {}',
                            rank_by_order_date, known_to::varchar
                        )
                end,
                case when differ then 'ranks by unit: ' || ranks end,
                case
                    when of < weeks_over
                        then
                            format('{} of {} finished weeks of {} ranked', of, weeks_over, iso_year)
                end
            ]
        )
    ) as labels,
    rank,
    rank_if_counted,
    of,
    case when direction is not null then coalesce(previous_at, first_week) end as since,
    previous_value,
    previous_at,
    complete,
    earlier_weeks + complete::integer as observations,
    first_week as first_observed,
    'weekly_ranks' as view
from worded
