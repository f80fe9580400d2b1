-- How far an instrument has closed below its record, and below its 52-week high.
--
-- Grain   one row per instrument and measure, for its latest session: close against the record
--         close so far, close_52_weeks against the highest close of the last 364 days
-- Method  value: the close over that highest close, the session's own included, less 1: 0 at the
--         high. `previous_at` and `since` are the first session that closed as high. Beside the
--         drawdown stands the deepest one of the series
-- Caveat  not stated on fewer than 20 sessions, nor of 52 weeks before the series is as old;
--         nominal, in the instrument's currency and the decimals it is quoted in

with

sessions_drawn as (
    select
        instrument,
        session,
        close,
        record,
        record_at,
        sessions_since_record,
        drawdown
    from drawdowns
),

latest as (
    select
        instrument,
        max(session) as session,
        arg_max(close, session) as close,
        arg_max(record, session) as record,
        arg_max(record_at, session) as record_at,
        arg_max(sessions_since_record, session) as sessions_since_record,
        arg_max(drawdown, session) as drawdown,
        min(drawdown) as deepest_drawdown,
        arg_min(session, (drawdown, session)) as deepest_at,
        min(session) as first_session,
        count(*) as observations
    from sessions_drawn
    group by instrument
    having count(*) >= 20
),

highs as (
    select
        latest.instrument,
        max(earlier.close) as high,
        arg_min(earlier.session, (-earlier.close, earlier.session)) as high_at
    from latest
    inner join sessions_drawn as earlier
        on latest.instrument = earlier.instrument and latest.session - 364 <= earlier.session
    where latest.first_session <= latest.session - 364
    group by latest.instrument
),

measured as (
    select
        *,
        'close' as measure,
        record as high,
        record_at as high_at
    from latest
    union all
    select
        latest.*,
        'close_52_weeks' as measure,
        highs.high,
        highs.high_at
    from latest
    inner join highs on latest.instrument = highs.instrument
),

told as (
    select
        measured.*,
        instruments.caveat,
        measured.close / nullif(measured.high, 0) - 1 as change,
        format(
            '{} ({}) closed at {:,.' || instruments.quote_decimals || 'f}{} on {}',
            instruments.name,
            instruments.instrument,
            measured.close,
            case instruments.kind when 'index' then '' else ' ' || instruments.currency end,
            measured.session::varchar
        ) as closed,
        format(
            '{:,.' || instruments.quote_decimals || 'f} on {}',
            measured.high, measured.high_at::varchar
        ) as high_named
    from measured
    inner join instruments on measured.instrument = instruments.instrument
),

worded as (
    select
        *,
        case
            when change = 0 and high_at = session then 'at '
            when change = 0 then 'level with '
            when change > -0.00005 then 'less than 0.01 % below '
            else percentage(-change) || ' below '
        end as place,
        case
            when high_at = session
                then 'its highest close since the series began on ' || first_session
            else format(
                'its record close of {}, {} earlier',
                high_named, counted(sessions_since_record, 'session')
            )
        end as record_named,
        'its 52-week high, the highest close of the last 364 days'
        || case when high_at = session then '' else format(' ({})', high_named) end as year_named,
        case
            when deepest_drawdown = 0 then 'it has had no drawdown {}'
            when deepest_at = session then 'no drawdown {} was deeper'
            else 'its deepest drawdown {} was {}, on {}'
        end as deepest,
        case
            when high_at = session then 'since then'
            else 'since the series began on ' || first_session
        end as since_when
    from told
)

select
    'drawdown' as fact,
    instrument as subject,
    measure,
    session as as_of,
    change as value,
    'fraction' as unit,
    case measure
        when 'close'
            then format(
                '{}, {}{}; ' || deepest || '.',
                closed,
                place,
                record_named,
                since_when,
                percentage(-deepest_drawdown),
                deepest_at::varchar
            )
        else format('{}, {}{}.', closed, place, year_named)
    end as statement,
    present([caveat, 'nominal']) as labels,
    high_at as since,
    high as previous_value,
    high_at as previous_at,
    true as complete,
    observations,
    first_session as first_observed,
    'drawdowns' as view
from worded
