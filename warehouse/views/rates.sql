-- What each rate was on each day, as its best source states it.
--
-- Grain   one row per series and day
-- Method  the primary source's row, else that of the first fallback which has the day
-- Caveat  from 2017 on, a change of the Federal Reserve's target carries the day after its
--         announcement
--
-- Columns
-- series      series
-- as_of       day the rate was in force
-- source      who states this row
-- value       percent a year
-- correction  what a person has corrected or confirmed in this row, and why; null: nothing

with

preferred as (
    select
        rates_by_source.*,
        series_sources.priority
    from rates_by_source
    inner join series_sources
        on rates_by_source.series = series_sources.series
        and rates_by_source.source = series_sources.source
)

select
    series,
    as_of,
    source,
    value,
    correction
from preferred
qualify priority = min(priority) over (partition by series, as_of)
