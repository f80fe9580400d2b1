-- How usual the latest day's flow is among those of the 252 sessions before.
--
-- Grain   one row per subject and measure (shares_day, ounces_day or usd_day)
-- Method  value: share of the 252 days before with a net flow at or below the day's. The sentence
--         adds its robust z, the distance from their median (previous_value) over 1.4826 median
--         absolute deviations
-- Caveat  not stated with fewer than 252 days before, nor for a day that cannot be told

select
    'flow_percentile' as fact,
    subject,
    measure || '_day' as measure,
    as_of,
    percentile as value,
    'share of days' as unit,
    format(
        '{} had {} on {}: at or above the flow of {} of the 252 sessions before ({} to {}), {}.',
        subject,
        case
            when net_flow = 0
                then 'no net flow, counted in ' || replace(measure, 'usd', 'dollars') || ','
            else format(
                'a net {} of {}',
                case when net_flow > 0 then 'inflow' else 'outflow' end,
                flow_quantity(net_flow, measure)
            )
        end,
        as_of::varchar,
        percentage(percentile, decimals := 1),
        from_as_of::varchar,
        to_as_of::varchar,
        case
            when robust_z is null then 'without a robust z, for more than half of them are equal'
            else format('with a robust z of {:+.2f}', round(robust_z, 2) + 0.0::double)
        end
    ) as statement,
    list_append(
        flow_labels(measure, is_estimated),
        format('window: 252 sessions, {} to {}', from_as_of::varchar, to_as_of::varchar)
    ) as labels,
    from_as_of as since,
    median as previous_value,
    true as complete,
    252 as observations,
    from_as_of as first_observed,
    'flow_scores' as view
from flow_scores
