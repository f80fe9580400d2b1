-- Whether a fund closed above or below its NAV, and how usual that is.
--
-- Grain   one row per fund (measure close), for its latest day with both
-- Method  value: close / NAV - 1. The sentence adds the share of the 252 days before with a premium
--         at or below it, if there are as many
-- Caveat  only for funds whose NAV and close are struck at the same time

with

days as (
    select
        *,
        row_number() over latest_first as back,
        count(*) over (partition by fund) as observations,
        min(as_of) over (partition by fund) as first_as_of
    from premiums
    window latest_first as (partition by fund order by as_of desc)
),

latest as (
    select *
    from days
    where back = 1
),

compared as (
    select
        latest.fund,
        count(*) filter (where before.premium <= latest.premium) / count(*) as percentile,
        min(before.as_of) as from_as_of,
        max(before.as_of) as to_as_of
    from latest
    inner join days as before on latest.fund = before.fund
    where before.back between 2 and 253
    group by latest.fund
    having count(*) = 252
),

told as (
    select
        latest.*,
        compared.percentile,
        compared.from_as_of,
        compared.to_as_of,
        case
            when latest.premium = 0 then 'at'
            else format(
                '{} {}',
                case
                    when abs(latest.premium) < 0.00005 then 'less than 0.01 %'
                    else percentage(abs(latest.premium))
                end,
                case when latest.premium > 0 then 'above' else 'below' end
            )
        end as placed
    from latest
    left join compared on latest.fund = compared.fund
)

select
    'premium' as fact,
    fund as subject,
    'close' as measure,
    as_of,
    premium as value,
    'fraction of NAV' as unit,
    format(
        '{} closed at {:,.2f} {} on {}, {} its NAV of {:,.4f} {}{}.',
        fund,
        close,
        currency,
        as_of::varchar,
        placed,
        nav,
        currency,
        case
            when percentile is null then ''
            else format(
                ': at or above that of {} of the 252 sessions before ({} to {})',
                percentage(percentile, decimals := 1), from_as_of::varchar, to_as_of::varchar
            )
        end
    ) as statement,
    present(
        [
            'close against NAV of the same day',
            case
                when percentile is not null
                    then format(
                        'window: 252 sessions, {} to {}', from_as_of::varchar, to_as_of::varchar
                    )
            end
        ]
    ) as labels,
    true as complete,
    observations,
    first_as_of as first_observed,
    'premiums' as view
from told
