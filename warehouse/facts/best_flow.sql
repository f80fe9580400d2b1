-- Since when there has been no day, week or month with an inflow, or outflow, as large.
--
-- Grain   one row per subject, measure (shares, ounces or usd) and period (day, week or month), as
--         in ounces_month
-- Method  value: net flow of the latest period. Ranked among all complete ones of the subject's
--         history, the largest inflow first: the largest outflow has the last rank, and the
--         sentence counts outflows from there. A running period has only the rank it would have if
--         it ended now. `since` is the latest one before it that is at least as large in the same
--         direction, else the first; null without a flow
-- Caveat  not stated before ten such periods are complete, nor for one that cannot be told

select
    'best_flow' as fact,
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
where measure <> 'percent' and period in ('day', 'week', 'month')
