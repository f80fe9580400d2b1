-- What an instrument has returned in a year, and when it last did as well (claim C5).
--
-- Grain   one row per instrument or series of averages and measure, for its latest market day
-- Method  value: a fraction. calendar_year: the running year to date, or the year that has just
--         ended; trailing_12_months: to the latest close; month_end_12_months: to the end of the
--         last complete month; monthly_average_12_months: of averages, which are no returns.
--         `since` is the end of the latest earlier window with at least this value, null if there
--         is none. A year to date has no rank, only the one among finished years if it ended now
-- Caveat  not stated before 3 years are finished, or 250 windows to a session, or 12 to a month's
--         end, are known, nor where the latest window cannot be told. The measures differ, so each
--         sentence names its window

with

windows as (
    select
        instrument as subject,
        'calendar_year' as measure,
        session as as_of,
        price_return as amount,
        base_session as base_as_of,
        base_close as base,
        null as unit,
        complete
    from calendar_year_returns
    union all
    select
        instrument as subject,
        measure,
        session as as_of,
        price_return as amount,
        base_session as base_as_of,
        base_close as base,
        null as unit,
        true as complete
    from trailing_returns
    union all
    select
        series as subject,
        'monthly_average_12_months' as measure,
        as_of,
        change as amount,
        base_as_of,
        base_average as base,
        unit,
        true as complete
    from average_returns
),

latest as (
    select
        subject,
        measure,
        max(as_of) as as_of,
        min(as_of) as first_as_of,
        arg_max_null(amount, as_of) as amount,
        arg_max_null(base_as_of, as_of) as base_as_of,
        arg_max_null(base, as_of) as base,
        arg_max_null(unit, as_of) as unit,
        arg_max(complete, as_of) as complete
    from windows
    group by subject, measure
),

compared as (
    select
        latest.subject,
        latest.measure,
        1 + count(*) filter (where earlier.amount > latest.amount) as place,
        count(*) as earlier_windows,
        min(earlier.as_of) as first_observed,
        max(earlier.as_of) as window_before,
        max(earlier.as_of) filter (where earlier.amount >= latest.amount) as since,
        arg_max(earlier.amount, earlier.as_of) filter (
            where earlier.amount >= latest.amount
        ) as since_amount,
        count(distinct date_trunc('month', earlier.as_of)) as months
    from latest
    inner join windows as earlier
        on latest.subject = earlier.subject
        and latest.measure = earlier.measure
        and latest.as_of > earlier.as_of
    where earlier.amount is not null
    group by latest.subject, latest.measure
),

named as (
    select
        instrument as subject,
        name,
        caveat,
        currency,
        quote_decimals
    from instruments
    union all
    select
        series as subject,
        name,
        caveat,
        null as currency,
        2 as quote_decimals
    from series
    where dataset = 'monthly_averages'
),

told as (
    select
        latest.*,
        compared.place,
        compared.earlier_windows,
        compared.first_observed,
        compared.since,
        compared.since_amount,
        named.name,
        named.caveat,
        max(latest.as_of) over (partition by latest.subject) as last_as_of,
        min(latest.first_as_of) over (partition by latest.subject) as began_on,
        compared.earlier_windows + latest.complete::integer as of,
        datediff('month', compared.first_observed, latest.as_of) > compared.months
        * case latest.measure when 'calendar_year' then 12 else 1 end as is_holed,
        latest.amount > 0 and (
            compared.since is null
            or (compared.since < compared.window_before and latest.as_of - compared.since > 31)
        ) as is_most,
        format(
            'base: {:,.' || named.quote_decimals || 'f} {} on {}',
            latest.base, coalesce(latest.unit, named.currency), latest.base_as_of::varchar
        ) as base_told,
        case latest.measure
            when 'calendar_year' then strftime(compared.since, '%Y')
            when 'monthly_average_12_months'
                then 'the 12 months to ' || strftime(compared.since, '%B %Y')
            else 'the 12 months to ' || compared.since
        end as since_named
    from latest
    inner join compared
        on latest.subject = compared.subject and latest.measure = compared.measure
    inner join named on latest.subject = named.subject
),

worded as (
    select
        *,
        case when is_holed then ' known' else '' end as known,
        case measure when 'month_end_12_months' then 'Counted at month ends, ' else '' end
        || name || ' (' || subject || ') ' as opening,
        case
            when measure = 'monthly_average_12_months'
                then case when amount < 0 then 'fell ' else 'rose ' end || percentage(abs(amount))
            when complete then 'returned ' || percentage(amount)
            else 'has returned ' || percentage(amount)
        end as result,
        case measure
            when 'calendar_year' then 'in ' || year(as_of)
            when 'monthly_average_12_months'
                then 'over the 12 months to ' || strftime(as_of, '%B %Y')
            else 'over the 12 months to ' || as_of
        end
        || case when complete then '' else format(' to date ({})', as_of::varchar) end as period
    from told
    where
        amount is not null
        and of >= case measure
            when 'calendar_year' then 3
            when 'trailing_12_months' then 250
            else 12
        end
)

select
    'return_since' as fact,
    subject,
    measure,
    last_as_of as as_of,
    amount as value,
    'fraction' as unit,
    format('{}{} {}', opening, result, period)
    || case
        when is_most and since is null
            then format(', the most{} since the series began on {}.', known, began_on::varchar)
        when is_most
            then format(
                ', the most{} since {} ({}).', known, since_named, percentage(since_amount)
            )
        when since is null
            then format(
                '; even so its best{} since the series began on {}.', known, began_on::varchar
            )
        else format(
            '; it {} at least as well in {} ({}).',
            case when is_holed then 'is last known to have done' else 'last did' end,
            since_named,
            percentage(since_amount)
        )
    end as statement,
    present(
        [
            caveat,
            'nominal',
            case
                when measure = 'monthly_average_12_months' then null
                when coalesce(caveat, '') like '%dividends%' then null  -- its closes hold them
                else 'price return'
            end,
            case when not complete then 'to date' end,
            base_told,
            case when is_holed then 'not every earlier window is known' end
        ]
    ) as labels,
    case when complete then place end as rank,
    case when not complete then place end as rank_if_counted,
    of,
    since,
    since_amount as previous_value,
    since as previous_at,
    complete,
    earlier_windows + 1 as observations,
    first_observed,
    case measure
        when 'calendar_year' then 'calendar_year_returns'
        when 'monthly_average_12_months' then 'average_returns'
        else 'trailing_returns'
    end as view
from worded
