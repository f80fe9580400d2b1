-- How the latest day, week and month of an instrument rank among all of its series.
--
-- Grain   one row per instrument and measure (day, week or month), for its latest session
-- Method  value: change of the closes over the latest complete period. Ranked among all complete
--         ones, the best first: the worst has the last rank, and the sentence counts falls from
--         there. `since` is the latest period before it at least as good, after a fall at least as
--         bad. A running week or month has no rank, only the one it would have if it ended now
-- Caveat  not stated of front contracts, whose splices are no returns; nor before 20 periods are
--         complete, nor where the latest one over cannot be told. Prices only: distributions are no
--         part of the change

with

changes as (
    select
        price_changes.instrument,
        price_changes.period,
        price_changes.starts_on,
        price_changes.change,
        price_changes.state,
        price_changes.complete,
        price_changes.last_as_of
    from price_changes
    inner join instruments on price_changes.instrument = instruments.instrument
    where instruments.kind <> 'future'
),

latest as (
    select
        instrument,
        period,
        any_value(last_as_of) as as_of,
        max(starts_on) filter (where state <> 'running') as starts_on,
        arg_max_null(change, starts_on) filter (where state <> 'running') as change,
        max(change) filter (where state = 'running') as running_change,
        count(*) filter (where complete) as of,
        min(starts_on) filter (where complete) as first_on
    from changes
    group by instrument, period
    having
        count(*) filter (where complete) >= 20
        and arg_max(complete, starts_on) filter (where state <> 'running')
),

compared as (
    select
        latest.instrument,
        latest.period,
        1 + count(*) filter (where earlier.change > latest.change) as rank,
        1 + count(*) filter (where earlier.change < latest.change) as rank_from_worst,
        count(*) filter (where earlier.change = latest.change) > 1 as is_shared,
        1 + count(*) filter (where earlier.change > latest.running_change) as running_rank,
        1 + count(*) filter (
            where earlier.change < latest.running_change
        ) as running_rank_from_worst,
        max(earlier.starts_on) filter (
            where earlier.starts_on < latest.starts_on
        ) as just_before,
        max(earlier.starts_on) filter (
            where sign(latest.change) * earlier.change >= abs(latest.change)
            and earlier.starts_on < latest.starts_on
        ) as previous_at,
        arg_max(earlier.change, earlier.starts_on) filter (
            where sign(latest.change) * earlier.change >= abs(latest.change)
            and earlier.starts_on < latest.starts_on
        ) as previous_value
    from latest
    inner join changes as earlier
        on latest.instrument = earlier.instrument and latest.period = earlier.period
    where earlier.complete
    group by latest.instrument, latest.period
),

told as (
    select
        latest.*,
        compared.rank,
        compared.rank_from_worst,
        compared.is_shared,
        compared.running_rank,
        compared.running_rank_from_worst,
        compared.previous_at,
        compared.previous_value,
        compared.previous_at = compared.just_before as is_just_before,
        instruments.name,
        instruments.caveat,
        format(
            '{} since {}',
            counted(
                latest.of,
                case latest.period when 'day' then '' else 'complete ' end || latest.period
            ),
            latest.first_on::varchar
        ) as series,
        case when latest.change > 0 then 'best' else 'worst' end as superlative,
        case latest.period
            when 'day' then compared.previous_at::varchar
            when 'week' then strftime(compared.previous_at, '%G-W%V')
            else strftime(compared.previous_at, '%B %Y')
        end as previous_named
    from latest
    inner join compared
        on latest.instrument = compared.instrument and latest.period = compared.period
    inner join instruments on latest.instrument = instruments.instrument
),

worded as (
    select
        *,
        case
            when change = 0
                then format('; it rose in {:,} of {}', rank - 1, series)
            else format(
                ', its {}{} of {}{}',
                case when is_shared then 'joint ' else '' end,
                nth(case when change > 0 then rank else rank_from_worst end, superlative),
                series,
                coalesce(
                    format(
                        '{} {} ({})',
                        case
                            when not is_just_before then format(' and the {} since', superlative)
                            when change > 0 then ', no better than'
                            else ', no worse than'
                        end,
                        previous_named,
                        percentage(previous_value)
                    ),
                    ''
                )
            )
        end as place,
        case
            when running_change is null then ''
            when running_change = 0 then format('; the running {} has not changed so far', period)
            else format(
                '; the running {} ({} so far) would be its {}',
                period,
                percentage(running_change),
                case
                    when running_change > 0 then nth(running_rank, 'best')
                    else nth(running_rank_from_worst, 'worst')
                end
            )
        end as running
    from told
)

select
    'best_period' as fact,
    instrument as subject,
    period as measure,
    as_of,
    change as value,
    'fraction' as unit,
    format(
        '{} ({}) {} {}{}{}.',
        name, instrument, moved(change), period_named(period, starts_on, null), place, running
    ) as statement,
    present([caveat]) as labels,
    rank,
    case when running_change is not null then running_rank end as rank_if_counted,
    of,
    case when change <> 0 then coalesce(previous_at, first_on) end as since,
    case when change <> 0 then previous_value end as previous_value,
    case when change <> 0 then previous_at end as previous_at,
    running_change is null as complete,
    of as observations,
    first_on as first_observed,
    'price_changes' as view
from worded
