-- What each instrument has returned in each calendar year, the running one to date.
--
-- Grain   one row per instrument and calendar year with a bar
-- Method  last close of the year over the last close of the year before, less 1. A year is complete
--         when its last session, or a later one, has been observed. Null where either close is more
--         than 7 days older than the end of its year, which for the running year is no end
-- Caveat  nominal, in the instrument's currency. The running year is a year to date: it is not
--         ranked with complete ones
--
-- Columns
-- instrument    market symbol
-- year          calendar year
-- base_session  last session of the year before; null if that year's end is not known
-- base_close    close on it, in the instrument's currency
-- session       last session of the year so far
-- close         close on it, in the instrument's currency
-- price_return  change between the two closes, a fraction; null if it cannot be told
-- total_return  the same of closes adjusted for distributions, which reinvests them; null for an
--               index, whose source reinvests nothing
-- complete      whether the year is over

with

ends as (
    select
        instrument,
        year(session) as year,
        max(session) as session,
        arg_max(close, session) as close,
        arg_max_null(adj_close, session) as adj_close
    from bars
    group by instrument, year(session)
),

years as (
    select
        ends.*,
        ends.year < year(coalesce(latest.next_session, latest.session)) as is_over,
        make_date(ends.year, 12, 31) - ends.session <= 7 as reaches_end,
        instruments.kind
    from ends
    inner join latest_sessions as latest on ends.instrument = latest.instrument
    inner join instruments on ends.instrument = instruments.instrument
)

select
    years.instrument,
    years.year,
    base.session as base_session,
    base.close as base_close,
    years.session,
    years.close,
    case
        when years.reaches_end or not years.is_over then years.close / base.close - 1
    end as price_return,
    case
        when years.kind <> 'index' and (years.reaches_end or not years.is_over)
            then years.adj_close / base.adj_close - 1
    end as total_return,
    years.is_over as complete
from years
left join years as base
    on years.instrument = base.instrument
    and years.year = base.year + 1
    and base.reaches_end
