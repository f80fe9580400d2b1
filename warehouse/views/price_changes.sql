-- How each instrument's closes changed from day to day, week to week and month to month.
--
-- Grain   one row per instrument, period (day, week or month) and its first day, the running period
--         included; a period without a close has no row
-- Method  last close of the period over the last one before it, less 1; 0 if the two are equal in
--         the decimals they are quoted in. Complete when the last session of the period, or any
--         later one, has been observed, unless it is the instrument's first, or cannot be told: a
--         hole of more than five sessions, or of a whole week or month, lies before it, or one of
--         more than five crosses the end of a week or month
-- Caveat  price only, in the instrument's currency. A front contract's change at a roll is partly
--         that of the contract
--
-- Columns
-- instrument      market symbol
-- period          day, week or month
-- starts_on       the day, Monday of the ISO week, first day of the month
-- last_session    last session of the period that has a close
-- close           last close of the period, in the instrument's currency
-- previous_close  last close before the period
-- change          change between the two, a fraction; null if the period cannot be told
-- state           complete, running, first or cannot be told
-- complete        whether the period is over and its change is known
-- last_as_of      the instrument's latest session

with

closes as (
    select
        instrument,
        session,
        close
    from bars
),

quoted as (
    select
        instrument,
        calendar,
        quote_decimals::integer as decimals
    from instruments
),

days as (
    select
        *,
        date_trunc('week', session)::date as week,
        date_trunc('month', session)::date as month
    from closes
),

periods as (
    select
        instrument,
        'day' as period,
        session as starts_on,
        session as first_session,
        session as last_session,
        close
    from closes
    union all
    select
        instrument,
        'week' as period,
        week as starts_on,
        min(session) as first_session,
        max(session) as last_session,
        arg_max(close, session) as close
    from days
    group by instrument, week
    union all
    select
        instrument,
        'month' as period,
        month as starts_on,
        min(session) as first_session,
        max(session) as last_session,
        arg_max(close, session) as close
    from days
    group by instrument, month
),

compared as (
    select
        periods.*,
        quoted.calendar,
        quoted.decimals,
        lag(periods.close) over earlier as previous_close,
        lag(periods.last_session) over earlier as previous_session,
        lag(periods.starts_on) over earlier as previous_starts_on
    from periods
    inner join quoted on periods.instrument = quoted.instrument
    window earlier as (
        partition by periods.instrument, periods.period order by periods.starts_on
    )
),

ends as (
    select
        instrument,
        any_value(calendar) as calendar,
        max(last_session) as last_as_of
    from compared
    group by instrument
),

units as (
    select unnest(['week', 'month']) as period
),

due as (
    select
        ends.instrument,
        units.period,
        max(sessions.session) as last_session
    from ends
    cross join units
    inner join sessions
        on ends.calendar = sessions.calendar
        and sessions.session between ends.last_as_of - 31 and ends.last_as_of + 31
        and date_trunc(units.period, ends.last_as_of) = date_trunc(units.period, sessions.session)
    group by ends.instrument, units.period
),

holes as (
    select
        compared.instrument,
        compared.period,
        compared.starts_on,
        compared.previous_starts_on,
        count(*) > 5 as is_long
    from compared
    inner join sessions
        on compared.calendar = sessions.calendar
        and compared.previous_session < sessions.session
        and compared.first_session > sessions.session
    where compared.first_session - compared.previous_session > 6
    group by
        compared.instrument,
        compared.period,
        compared.starts_on,
        compared.previous_starts_on
    having
        count(*) > 5
        or case compared.period
            when 'week' then compared.previous_starts_on + interval 7 day < compared.starts_on
            when 'month' then compared.previous_starts_on + interval 1 month < compared.starts_on
            else false
        end
),

holed as (
    select
        instrument,
        period,
        starts_on
    from holes
    union
    select
        instrument,
        period,
        previous_starts_on as starts_on
    from holes
    where is_long and period <> 'day'
),

judged as (
    select
        compared.*,
        ends.last_as_of,
        case
            when compared.previous_close is null then 'first'
            when holed.instrument is not null then 'cannot be told'
            when
                compared.period <> 'day'
                and compared.last_session = ends.last_as_of
                and coalesce(due.last_session > ends.last_as_of, true)
                then 'running'
            else 'complete'
        end as state
    from compared
    inner join ends on compared.instrument = ends.instrument
    left join due on compared.instrument = due.instrument and compared.period = due.period
    left join holed
        on compared.instrument = holed.instrument
        and compared.period = holed.period
        and compared.starts_on = holed.starts_on
)

select
    instrument,
    period,
    starts_on,
    last_session,
    close,
    previous_close,
    case
        when state = 'cannot be told' then null
        when round(close, decimals) = round(previous_close, decimals) then 0
        else close / previous_close - 1
    end as change,
    state,
    state = 'complete' as complete,
    last_as_of
from judged
