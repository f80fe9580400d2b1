-- How large the latest flow is against the shares there were before, and how it ranks.
--
-- Grain   one row per fund and period (percent_day, percent_week or percent_month)
-- Method  value: net creations over the shares before, a fraction. Ranked among all complete days,
--         weeks or months of the fund's history, the largest inflow first; a running one has only
--         the rank it would have if it ended now. `since` is the latest one before it that is at
--         least as large in the same direction, else the first; null without a flow
-- Caveat  not stated before ten such periods are complete, nor for one that cannot be told

select
    'flow_rate' as fact,
    subject,
    measure || '_' || period as measure,
    last_as_of as as_of,
    net_flow as value,
    flow_unit(measure) as unit,
    format('{} {}.', subject, described) as statement,
    flow_labels(measure, is_estimated) as labels,
    rank,
    rank_if_counted,
    of,
    case when net_flow <> 0 then coalesce(previous_at, first_at) end as since,
    previous_value,
    previous_at,
    complete,
    of as observations,
    first_at as first_observed,
    'flow_ranks' as view
from flow_ranks
where measure = 'percent'
