-- Whether an instrument's latest close, or high, broke out of its highs of a year (claim C16).
--
-- Grain   one row per instrument and measure, for its latest session: close and high against the
--         252 sessions before, close_52_weeks and high_52_weeks against the 364 days before
-- Method  value: over the highest before it, less 1. Above the highest of the 252 sessions before
--         it is a breakout if that one had stood at least 20 sessions, otherwise a new high; a
--         52-week high is stated apart. Ranked with what it is compared with; `since` is the last
--         breakout, this one included
-- Caveat  not stated with fewer than 253 sessions, nor of 52 weeks before the series is as old; in
--         the decimals it is quoted in, nominal

with

highs as (
    select * from highs_252_sessions
),

latest as (
    select
        instrument,
        measure,
        max(session) as session,
        arg_max(value, session) as price,
        arg_max(base_length, session) as base_length,
        arg_max_null(kind, session) as kind,
        max(observations) as observations,
        min(session) as first_session,
        min(session) filter (where observations > 252) as first_compared,
        max(session) filter (where kind = 'breakout') as last_breakout
    from highs
    group by instrument, measure
    having count(*) > 252
),

windows as (
    select unnest(['252_sessions', '52_weeks']) as span
),

compared as (
    select
        latest.instrument,
        latest.measure,
        windows.span,
        max(before.value) as high,
        arg_min(before.session, (-before.value, before.session)) as high_at,
        min(before.session) as window_start,
        1 + count(*) filter (where before.value > latest.price) as rank,
        1 + count(*) as of
    from latest
    cross join windows
    inner join highs as before
        on latest.instrument = before.instrument
        and latest.measure = before.measure
        and latest.session > before.session
        and case windows.span
            when '52_weeks' then latest.session - 364 <= before.session
            else latest.observations - 252 <= before.observations
        end
    where windows.span <> '52_weeks' or latest.first_session <= latest.session - 364
    group by latest.instrument, latest.measure, windows.span
),

breakouts as (
    select
        latest.instrument,
        latest.measure,
        max(earlier.session) as session,
        arg_max(earlier.base_length, earlier.session) as base_length
    from latest
    inner join highs as earlier
        on latest.instrument = earlier.instrument
        and latest.measure = earlier.measure
        and latest.session > earlier.session
    where earlier.kind = 'breakout'
    group by latest.instrument, latest.measure
),

told as (
    select
        latest.*,
        compared.span,
        compared.high,
        compared.high_at,
        compared.window_start,
        compared.rank,
        compared.of,
        instruments.caveat,
        latest.price / nullif(compared.high, 0) - 1 as change,
        format(
            '{} ({}) {} {:,.' || instruments.quote_decimals || 'f}{} on {}',
            instruments.name,
            instruments.instrument,
            case latest.measure when 'close' then 'closed at' else 'traded as high as' end,
            latest.price,
            case instruments.kind when 'index' then '' else ' ' || instruments.currency end,
            latest.session::varchar
        ) as traded,
        format(
            'its {} of the {} before ({:,.' || instruments.quote_decimals || 'f} on {})',
            case latest.measure when 'close' then 'highest close' else 'highest price' end,
            case compared.span when '52_weeks' then '364 days' else '252 sessions' end,
            compared.high,
            compared.high_at::varchar
        ) as highest,
        case
            when breakouts.session is not null
                then format(
                    '; {} was on {}, from a base of {}',
                    case latest.kind
                        when 'breakout' then 'the breakout before' else 'its last breakout'
                    end,
                    breakouts.session::varchar,
                    counted(breakouts.base_length, 'session')
                )
            when latest.first_compared < latest.session
                then format(
                    '; it has had {} since {}, its first session with 252 before it',
                    case latest.kind when 'breakout' then 'no other' else 'no breakout' end,
                    latest.first_compared::varchar
                )
            else ''
        end as breakout_before
    from latest
    inner join compared
        on latest.instrument = compared.instrument and latest.measure = compared.measure
    inner join instruments on latest.instrument = instruments.instrument
    left join breakouts
        on latest.instrument = breakouts.instrument and latest.measure = breakouts.measure
),

worded as (
    select
        *,
        case
            when change = 0 then 'as high as '
            when abs(change) < 0.00005 then 'less than 0.01 %'
            else percentage(abs(change))
        end
        || case when change > 0 then ' above ' when change < 0 then ' below ' else '' end
        || highest as place,
        case
            when change > 0 and span = '52_weeks' then 'a 52-week high, '
            when change > 0 and kind = 'breakout' then 'a breakout, '
            when change > 0 then 'a new high, '
            else ''
        end as kind_named,
        case span
            when '252_sessions'
                then case
                    when change > 0 then ', which had stood ' || counted(base_length, 'session')
                    else ''
                end || breakout_before
            else ''
        end as base
    from told
)

select
    'breakout' as fact,
    instrument as subject,
    case span when '52_weeks' then measure || '_52_weeks' else measure end as measure,
    session as as_of,
    change as value,
    'fraction' as unit,
    format('{}, {}{}{}.', traded, kind_named, place, base) as statement,
    present(
        [
            caveat,
            case
                when span = '252_sessions' and window_start < session - 400
                    then '252 sessions that reach back to ' || window_start
            end
        ]
    ) as labels,
    rank,
    of,
    case span when '252_sessions' then last_breakout end as since,
    high as previous_value,
    high_at as previous_at,
    true as complete,
    observations,
    first_session as first_observed,
    'highs_252_sessions' as view
from worded
