-- How far below its record close so far each instrument has closed, and for how long.
--
-- Grain   one row per instrument and session
-- Method  closes rounded to the decimals they are quoted in; the record is the highest so far, the
--         session's own included, dated to the first session that reached it
-- Caveat  nominal, in the instrument's currency; a series knows only its own past. 52 weeks are 364
--         days: null before the series is as old
--
-- Columns
-- instrument             market symbol
-- session                trading day
-- close                  last price, in the instrument's currency
-- record                 highest close so far, in the instrument's currency
-- record_at              session that set it
-- sessions_since_record  sessions since then; 0 on the day of a record
-- drawdown               close over the record, less 1, a fraction; 0 at the record
-- high_52_weeks          highest close of the last 364 days and this one, in its currency
-- from_52_week_high      close over that, less 1, a fraction; 0 at the high
-- observations           sessions so far, this one included

with

quoted as (
    select
        bars.instrument,
        bars.session,
        round(bars.close, instruments.quote_decimals::integer) as close
    from bars
    inner join instruments on bars.instrument = instruments.instrument
),

compared as (
    select
        *,
        row_number() over so_far as observations,
        first_value(session) over so_far as first_session,
        max(close) over so_far as record,
        max(close) over (
            partition by instrument order by session
            range between interval 364 day preceding and current row
        ) as highest
    from quoted
    window so_far as (
        partition by instrument order by session
        rows between unbounded preceding and current row
    )
),

drawn as (
    select
        *,
        close / nullif(record, 0) - 1 as drawdown,
        first_value(session) over since_record as record_at,
        row_number() over since_record - 1 as sessions_since_record,
        case when first_session <= session - 364 then highest end as high_52_weeks
    from compared
    window since_record as (partition by instrument, record order by session)
)

select
    instrument,
    session,
    close,
    record,
    record_at,
    sessions_since_record,
    drawdown,
    high_52_weeks,
    close / nullif(high_52_weeks, 0) - 1 as from_52_week_high,
    observations
from drawn
