-- How each monthly average price compares with that of the same month a year earlier.
--
-- Grain   one row per series and month
-- Method  the average over that of 12 months before, less 1; each as its best source states it
-- Caveat  an average of a month is no close: its changes are smaller than those between closes
--
-- Columns
-- series        series
-- month         first day of the month
-- as_of         last day of the month
-- average       average price of the month, in `unit`
-- unit          unit of the averages
-- base_as_of    last day of the month 12 months before; null if it is not known
-- base_average  average price of that month, in `unit`
-- change        change between the two, a fraction; null if it cannot be told

with

preferred as (
    select monthly_averages.*
    from monthly_averages
    inner join series_sources
        on monthly_averages.series = series_sources.series
        and monthly_averages.source = series_sources.source
    qualify series_sources.priority = min(series_sources.priority) over (
        partition by monthly_averages.series, monthly_averages.month
    )
)

select
    preferred.series,
    preferred.month,
    preferred.as_of,
    preferred.average,
    preferred.unit,
    base.as_of as base_as_of,
    base.average as base_average,
    preferred.average / base.average - 1 as change
from preferred
left join preferred as base
    on preferred.series = base.series
    and preferred.unit = base.unit
    and preferred.month = base.month + interval 1 year
