-- The highest round level that an instrument has closed at or above, and since when.
--
-- Grain   one row per instrument, for its latest session
-- Method  value: the highest level of two significant digits, such as 63, 4,200 or 92,000, that a
--         close of the series has reached; `since` is the first close to do so, the latest one if
--         it has just risen to it. The level before is the highest one reached on an earlier day
-- Caveat  not stated on fewer than 20 sessions, nor where no close was above the level of the first
--         one; in the decimals it is quoted in, nominal

with

levels as (
    select * from round_levels
),

latest as (
    select
        instrument,
        max(session) as session,
        arg_max(close, session) as close,
        min(session) as first_session,
        count(*) as observations
    from bars
    group by instrument
    having count(*) >= 20
),

highest as (
    select
        instrument,
        max(level) as level,
        arg_max(decimals, level) as decimals,
        max(session) as reached_on
    from levels
    group by instrument
),

before as (
    select
        highest.instrument,
        max(levels.level) as level,
        arg_max(levels.decimals, levels.level) as decimals,
        max(levels.session) as reached_on
    from highest
    inner join levels
        on highest.instrument = levels.instrument and highest.reached_on > levels.session
    group by highest.instrument
),

told as (
    select
        latest.*,
        highest.level,
        highest.reached_on,
        before.level as level_before,
        before.reached_on as before_on,
        instruments.caveat,
        case instruments.kind when 'index' then 'index points' else instruments.currency end
            as unit,
        case instruments.kind when 'index' then '' else ' ' || instruments.currency end
            as currency,
        format(
            '{} ({}) closed at {:,.' || instruments.quote_decimals || 'f}',
            instruments.name, instruments.instrument, latest.close
        ) as closed,
        format('{:,.' || highest.decimals || 'f}', highest.level) as level_named,
        format('{:,.' || before.decimals || 'f}', before.level) as level_before_named
    from latest
    inner join highest on latest.instrument = highest.instrument
    inner join instruments on latest.instrument = instruments.instrument
    left join before on latest.instrument = before.instrument
)

select
    'round_level' as fact,
    instrument as subject,
    'close' as measure,
    session as as_of,
    level as value,
    unit,
    case
        when reached_on < session
            then format(
                '{}{} on {}; the highest round level that it has closed at or above since the '
                || 'series began on {} is {}{}, for the first time on {}.',
                closed,
                currency,
                session::varchar,
                first_session::varchar,
                level_named,
                currency,
                reached_on::varchar
            )
        else format(
            '{}{} on {}, at or above the round level of {}{} for the first time since the series '
            || 'began on {}{}.',
            closed,
            currency,
            session::varchar,
            level_named,
            currency,
            first_session::varchar,
            coalesce(
                format(
                    '; the highest level before was {}{}, reached on {}',
                    level_before_named, currency, before_on::varchar
                ),
                ''
            )
        )
    end as statement,
    present([caveat, 'nominal', 'round levels: two significant digits']) as labels,
    reached_on as since,
    level_before as previous_value,
    before_on as previous_at,
    true as complete,
    observations,
    first_session as first_observed,
    'round_levels' as view
from told
