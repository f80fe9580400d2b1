-- How much an instrument moves with another, and whether it amplifies it (claim C18).
--
-- Grain   one row per subject (an instrument on another) and measure (daily or weekly), for the
--         latest day on which both closed
-- Method  value: the slope of its log returns on the other's, over the last 252 common sessions or
--         104 complete weeks. Amplified only if the 95 % interval lies above 1; a label tells
-- Caveat  synchronous closes only: not for fronts of futures, fixings, nor different calendars. Not
--         stated on fewer returns, nor where the other's price never moved

with

told as (
    select
        betas.*,
        above.name || ' (' || betas.dependent || ')' as dependent_named,
        below.name || ' (' || betas.independent || ')' as independent_named,
        case betas.frequency when 'daily' then 'session' else 'week' end as period
    from betas
    inner join instruments as above on betas.dependent = above.instrument
    inner join instruments as below on betas.independent = below.instrument
    where
        betas.is_synchronous
        and betas.returns = case betas.frequency when 'daily' then 252 else 104 end
)

select
    'beta' as fact,
    dependent || ' on ' || independent as subject,
    frequency as measure,
    as_of,
    beta as value,
    'slope' as unit,
    format(
        '{} had a beta of {:.2f} to {} over {} {} returns from {} to {} '
        || '(standard error {:.2f}, R2 {:.2f}): the 95 % interval, {:.2f} to {:.2f}, {}.',
        dependent_named,
        round(beta, 2) + 0.0::double,
        independent_named,
        returns,
        frequency,
        first_return_at::varchar,
        last_return_at::varchar,
        standard_error,
        r2,
        round(lower, 2) + 0.0::double,
        round(upper, 2) + 0.0::double,
        case
            when is_amplified then 'lies above 1, so it is amplified'
            else 'does not lie above 1, so it is not amplified'
        end
    ) as statement,
    present(
        [
            case when is_amplified then 'amplified' else 'not amplified' end,
            'window: ' || returns || ' common ' || period || 's',
            'price returns, synchronous closes'
        ]
    ) as labels,
    first_return_at as since,
    true as complete,
    returns as observations,
    first_return_at as first_observed,
    'betas' as view
from told
