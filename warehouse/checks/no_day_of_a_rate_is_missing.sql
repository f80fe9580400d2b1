-- Between two days of a rate, no day of its calendar is missing: a change in the hole would fall on
-- the day after it.
--
-- Severity  warning
-- Method    neighbouring days of one source, of series that name a calendar, and what lies between

with

neighbours as (
    select
        rates.series,
        rates.source,
        series.calendar,
        rates.as_of,
        lead(rates.as_of) over (
            partition by rates.series, rates.source order by rates.as_of
        ) as next_as_of
    from history.rates as rates
    inner join series on rates.series = series.series
    where rates.superseded_at = 'infinity' and series.calendar is not null
),

holes as (
    select *
    from neighbours
    where next_as_of > as_of + 1
)

select
    holes.series,
    holes.source,
    holes.as_of as last_before,
    holes.next_as_of as first_after,
    count(*) as missing
from holes
inner join sessions
    on holes.calendar = sessions.calendar
    and holes.as_of < sessions.session
    and holes.next_as_of > sessions.session
group by holes.series, holes.source, holes.as_of, holes.next_as_of
