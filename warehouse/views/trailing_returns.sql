-- What each instrument has returned over 12 months, to each session and to each month's end.
--
-- Grain   one row per instrument, measure and session
-- Method  trailing_12_months: the close over the last one on or before the same day a year earlier,
--         at most 7 days older, less 1. month_end_12_months: the last close of a complete month
--         over the last one of the same month a year earlier, less 1; each at most 7 days older
--         than the end of its month
-- Caveat  windows overlap: one crash a year ago raises every window that begins in it
--
-- Columns
-- instrument    market symbol
-- measure       trailing_12_months or month_end_12_months
-- session       last session of the window
-- close         close on it, in the instrument's currency
-- base_session  session that the return is counted from; null if there is none near enough
-- base_close    close on it, in the instrument's currency
-- price_return  change between the two closes, a fraction; null if it cannot be told

with

closes as (
    select
        instrument,
        session,
        close,
        (session - interval 1 year)::date as year_before
    from bars
),

months as (
    select
        closes.instrument,
        date_trunc('month', closes.session)::date as month,
        max(closes.session) as session,
        arg_max(closes.close, closes.session) as close
    from closes
    group by closes.instrument, date_trunc('month', closes.session)
),

month_ends as (
    select
        months.*,
        last_day(months.month) - months.session <= 7 as reaches_end
    from months
    inner join latest_sessions as latest on months.instrument = latest.instrument
    where months.month < date_trunc('month', coalesce(latest.next_session, latest.session))
)

select
    closes.instrument,
    'trailing_12_months' as measure,
    closes.session,
    closes.close,
    case when closes.year_before - base.session <= 7 then base.session end as base_session,
    case when closes.year_before - base.session <= 7 then base.close end as base_close,
    case
        when closes.year_before - base.session <= 7 then closes.close / base.close - 1
    end as price_return
from closes
asof left join closes as base
    on closes.instrument = base.instrument and closes.year_before >= base.session
union all
select
    month_ends.instrument,
    'month_end_12_months' as measure,
    month_ends.session,
    month_ends.close,
    base.session as base_session,
    base.close as base_close,
    case when month_ends.reaches_end then month_ends.close / base.close - 1 end as price_return
from month_ends
left join month_ends as base
    on month_ends.instrument = base.instrument
    and month_ends.month = base.month + interval 1 year
    and base.reaches_end
