-- Whether a fund took in shares while its price fell, or lost shares while it rose.
--
-- Grain   one row per fund and length (shares_5_sessions, shares_20_sessions), for its latest day
-- Method  value: net flow over the last 5 or 20 sessions, against the change of the fund's own
--         close over the same sessions. Stated whichever way they went
-- Caveat  not stated over a hole, nor where there is no close on the last day or the one before the
--         first

with

worded as (
    select
        *,
        case
            when net_flow_shares = 0 then 'had no net flow of shares'
            else format(
                '{} {}',
                case when net_flow_shares > 0 then 'took in' else 'gave back' end,
                quantity(abs(net_flow_shares), 'shares')
            )
        end as flowed,
        case
            when is_opposite then ': flow against price'
            when net_flow_shares <> 0 and price_change <> 0 then ': flow with price'
            else ''
        end as verdict
    from flows_and_prices
)

select
    'flow_against_price' as fact,
    fund as subject,
    format('shares_{}_sessions', sessions) as measure,
    as_of,
    net_flow_shares as value,
    'shares' as unit,
    format(
        '{} {} over the {} sessions to {} while its price {}, '
        || 'from {:,.2f} {} on {} to {:,.2f} {}{}.',
        fund,
        flowed,
        sessions,
        as_of::varchar,
        moved(price_change),
        base_close,
        currency,
        base_as_of::varchar,
        close,
        currency,
        verdict
    ) as statement,
    list_append(flow_labels('shares', false), 'price without distributions') as labels,
    base_as_of as since,
    true as complete,
    sessions as observations,
    base_as_of as first_observed,
    'flows_and_prices' as view
from worded
