-- Whether a fund has more shares, or ounces, than ever, and how far it is below its peak.
--
-- Grain   one row per fund and measure (shares or ounces), for its latest count
-- Method  the latest level against every earlier one, on one share basis. previous_value is the
--         peak before it, dated to when it was reached; `since` is the last day with at least as
--         many, or the first day of all if there is none
-- Caveat  not stated on fewer than 20 counts. A history of mixed basis begins anew

with

levels as (
    select * from fund_levels
),

latest as (
    select
        fund,
        measure,
        arg_max(amount, as_of) as amount,
        arg_max(is_estimated, as_of) as is_estimated,
        arg_max(is_recovered, as_of) as is_recovered,
        max(as_of) as as_of,
        min(as_of) as first_as_of,
        count(*) as observations
    from levels
    group by fund, measure
),

compared as (
    select
        latest.fund,
        latest.measure,
        1 + count(*) filter (where earlier.amount > latest.amount) as rank,
        max(earlier.as_of) filter (where earlier.amount >= latest.amount) as last_as_many,
        max(earlier.amount) as previous_value,
        arg_min(earlier.as_of, row(-earlier.amount, earlier.as_of)) as previous_at
    from latest
    inner join levels as earlier
        on latest.fund = earlier.fund
        and latest.measure = earlier.measure
        and latest.as_of > earlier.as_of
    group by latest.fund, latest.measure
),

told as (
    select
        latest.*,
        compared.rank,
        compared.last_as_many,
        compared.previous_value,
        compared.previous_at,
        abs(latest.amount / nullif(compared.previous_value, 0) - 1) as distance,
        case latest.measure
            when 'shares' then quantity(latest.amount, 'shares') || ' outstanding'
            else quantity(latest.amount, 'ounces')
        end as amount_named,
        format(
            '{} on {}',
            quantity(compared.previous_value, latest.measure),
            compared.previous_at::varchar
        ) as peak_named
    from latest
    inner join compared on latest.fund = compared.fund and latest.measure = compared.measure
    where latest.observations >= 20
),

worded as (
    select
        *,
        case
            when distance < 0.00005 then 'less than 0.01 %' else percentage(distance)
        end as distance_named
    from told
)

select
    'holdings_peak' as fact,
    fund as subject,
    measure,
    as_of,
    amount as value,
    flow_unit(measure) as unit,
    format(
        '{} had {} on {}, {}.',
        fund,
        amount_named,
        as_of::varchar,
        case
            when amount > previous_value
                then format(
                    'the most since the series began on {}; the peak before was {}',
                    first_as_of::varchar, peak_named
                )
            when amount = previous_value then 'matching the peak of ' || previous_at
            else format(
                '{} below the peak of {}; at least as many were last counted on {}',
                distance_named, peak_named, last_as_many::varchar
            )
        end
    ) as statement,
    present(
        [
            case when is_estimated then 'ounces estimated, +/- 0.1 %' end,
            case when is_recovered then 'recovered, not published' end,
            'by book date'
        ]
    ) as labels,
    rank,
    observations as of,
    coalesce(last_as_many, first_as_of) as since,
    previous_value,
    previous_at,
    true as complete,
    observations,
    first_as_of as first_observed,
    'fund_levels' as view
from worded
