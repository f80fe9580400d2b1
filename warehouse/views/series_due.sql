-- What the next run asks for: each series, with the day up to which it should be known.
--
-- Grain   one row per series and source
-- Method  rates whenever a day is due, since they are revised in place; a monthly average only
--         while its last month due is not stored: it is published once
-- Caveat  sources serve the whole history at once, so holes are not asked for by themselves
--
-- Columns
-- series      series
-- dataset     rates or monthly_averages
-- source      who is asked
-- symbol      the source's own name of the series
-- last_due    last day, or last day of the last month, that should be known
-- last_as_of  last day that is stored

with

published as (
    select
        series.series,
        series.dataset,
        (clock.now at time zone 'UTC')::date - series.publication_lag_days::integer as last_day
    from series
    cross join clock
),

due as (
    select
        series,
        dataset,
        case dataset
            when 'rates' then last_day
            else date_trunc('month', last_day + 1)::date - 1
        end as last_due
    from published
),

stored as (
    select
        series,
        source,
        max(as_of) as last_as_of
    from rates_by_source
    group by series, source
    union all
    select
        series,
        source,
        max(as_of) as last_as_of
    from monthly_averages
    group by series, source
)

select
    due.series,
    due.dataset,
    series_sources.source,
    series_sources.symbol,
    due.last_due,
    stored.last_as_of
from due
inner join series on due.series = series.series and due.last_due >= series.first_as_of
inner join series_sources on due.series = series_sources.series
left join stored
    on due.series = stored.series and series_sources.source = stored.source
where due.dataset = 'rates' or stored.last_as_of is null or stored.last_as_of < due.last_due
