-- What moved a fund's net assets: flow against price.
--
-- Grain   one row per fund and period (usd_week, usd_month or usd_year_to_date), for its latest day
-- Method  value: change of net assets since the last market day before the period (since,
--         previous_at, previous_value): net flow at NAV plus price effect, which is all that is not
--         flow
-- Caveat  in USD only. Not stated where net assets or a day's flow are not known, or a hole of more
--         than five sessions lies before the period

with

latest as (
    select
        *,
        case period
            when 'week' then strftime(starts_on, '%G-W%V')
            when 'month' then strftime(starts_on, '%B %Y')
            else strftime(starts_on, '%Y')
        end as named,
        case
            when change = 0 then 'did not change'
            else format(
                '{} by {}{}',
                case when change > 0 then 'rose' else 'fell' end,
                quantity(abs(change), 'usd'),
                coalesce(
                    ' (' || percentage(abs(change) / nullif(base_assets, 0)) || ')', ''
                )
            )
        end as changed
    from assets_changes
    where as_of = last_as_of and change is not null
)

select
    'assets_change' as fact,
    fund as subject,
    case period when 'year' then 'usd_year_to_date' else 'usd_' || period end as measure,
    as_of,
    change as value,
    'USD' as unit,
    format(
        'The net assets of {} {} {}in {}, from {} to {}: {} by net creations, {} by price.',
        fund,
        changed,
        case when complete then '' else 'so far ' end,
        named,
        base_as_of::varchar,
        as_of::varchar,
        signed_quantity(net_flow_usd, 'usd'),
        signed_quantity(price_effect, 'usd')
    ) as statement,
    list_append(
        flow_labels('usd', false), 'price effect: all that is not flow, so fees and distributions'
    ) as labels,
    base_as_of as since,
    base_assets as previous_value,
    base_as_of as previous_at,
    complete,
    sessions as observations,
    'assets_changes' as view
from latest
