-- How the week's, or month's, net flow so far compares with the whole one before (claim C8).
--
-- Grain   one row per subject and measure (shares, ounces or usd) and period (week or month), such
--         as ounces_month, for its latest market day
-- Method  value: net flow of the running period, or of the latest if it is complete, over that of
--         the whole one before, which is previous_value, in the measure's unit; null unless that
--         one is above zero. Both amounts are in the sentence
-- Caveat  not stated where either cannot be told, nor where the one before is the subject's first.
--         A period that runs is compared with one that has more sessions

with

latest as (
    select *
    from periods_to_date
    where
        starts_on = date_trunc(period, last_as_of)
        and net_flow is not null
        and previous_net_flow is not null
),

phrased as (
    select
        *,
        (starts_on - case period when 'week' then interval 7 day else interval 1 month end)::date
            as previous_at,
        case
            when net_flow > 0 then 'a net inflow of ' || flow_quantity(net_flow, measure)
            when net_flow < 0 then 'a net outflow of ' || flow_quantity(net_flow, measure)
            else format('no net flow, counted in {},', replace(measure, 'usd', 'dollars'))
        end as flow,
        case
            when previous_net_flow > 0
                then 'a net inflow of ' || flow_quantity(previous_net_flow, measure)
            when previous_net_flow < 0
                then 'a net outflow of ' || flow_quantity(previous_net_flow, measure)
            else 'no net flow'
        end as previous_flow
    from latest
)

select
    'period_vs_previous' as fact,
    subject,
    measure || '_' || period as measure,
    last_as_of as as_of,
    ratio as value,
    'ratio; previous_value in ' || flow_unit(measure) as unit,
    format(
        '{} {} {} {}, {}, against {} {} as a whole: {}.',
        subject,
        case when complete then 'had' else 'has had' end,
        flow || case when complete then '' else ' so far' end,
        period_named(period, starts_on, sessions),
        counted(sessions, 'session'),
        previous_flow,
        period_named(period, previous_at, sessions),
        case
            when ratio is null then 'no ratio, for that was no inflow'
            else format('a ratio of {:,.3f}', round(ratio, 3) + 0.0::double)
        end
    ) as statement,
    flow_labels(measure, is_estimated) as labels,
    previous_net_flow as previous_value,
    previous_at,
    complete,
    'periods_to_date' as view
from phrased
