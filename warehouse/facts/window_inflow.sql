-- How the flow of the last 5 or 20 sessions, or of the year to date, ranks among windows as long.
--
-- Grain   one row per subject, measure (shares, ounces or usd) and window (5_sessions, 20_sessions
--         or year_to_date), as in ounces_5_sessions
-- Method  value: net flow of the window that ends on the latest market day. Ranked among windows
--         that do not overlap, counted back from it; the year to date among the same number of
--         sessions at the start of earlier years. `since` is the last day of the latest one
--         before it that is at least as large in the same direction, else the first day of all;
--         null without a flow
-- Caveat  not stated on fewer than ten windows, or three earlier years, nor where the latest one
--         cannot be told

select
    'window_inflow' as fact,
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
where period in ('5_sessions', '20_sessions', 'year_to_date')
