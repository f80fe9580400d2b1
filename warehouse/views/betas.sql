-- How much one instrument of a pair has moved with the other: regressions of their log returns.
--
-- Grain   one row per dependent and independent instrument and frequency (daily or weekly)
-- Method  ordinary least squares, with intercept, of log returns between consecutive days on which
--         both closed, the last 252 of them; weekly: between the last such days of consecutive
--         complete ISO weeks, the last 104. The 95 % interval is the slope plus and minus 1.96 +
--         2.4 / (n - 2) standard errors, which is Student's t to the third decimal
-- Caveat  only synchronous closes make a beta: others stand here for comparison, marked. A splice
--         of a front contract counts as a return. Price returns, without distributions
--
-- Columns
-- dependent        market symbol of what moves along
-- independent      market symbol of what it moves with
-- frequency        daily or weekly
-- pair             numerator/denominator
-- is_synchronous   whether both close at the same moment and neither has a caveat
-- as_of            latest day on which both closed
-- returns          returns looked at
-- first_return_at  day of the first of them
-- last_return_at   day of the last of them
-- beta             slope
-- standard_error   of the slope
-- r2               share of the variance explained, a fraction
-- lower            lower end of the slope's 95 % interval
-- upper            upper end of it
-- is_amplified     whether the interval lies above 1
-- caveats          what must travel with the numbers

with

closes as (
    select
        pair,
        as_of,
        numerator,
        denominator,
        date_trunc('week', as_of)::date as week
    from cross_rates
    where age_days = 0
),

lengths as (
    select
        pair,
        max(as_of) as last_as_of
    from closes
    group by pair
),

paired as (
    select
        named_pairs.*,
        lengths.last_as_of
    from named_pairs
    inner join lengths on named_pairs.pair = lengths.pair
    qualify
        named_pairs.pair = min(named_pairs.pair) over (
            partition by
                least(named_pairs.numerator, named_pairs.denominator),
                greatest(named_pairs.numerator, named_pairs.denominator)
        )
),

weekly as (
    select
        pair,
        week,
        max(as_of) as as_of,
        arg_max(numerator, as_of) as numerator,
        arg_max(denominator, as_of) as denominator
    from closes
    group by pair, week
),

priced as (
    select
        pair,
        'daily' as frequency,
        as_of,
        numerator,
        denominator
    from closes
    union all
    select
        weekly.pair,
        'weekly' as frequency,
        weekly.as_of,
        weekly.numerator,
        weekly.denominator
    from weekly
    inner join paired on weekly.pair = paired.pair
    inner join week_ends
        on paired.calendar = week_ends.calendar and weekly.week = week_ends.week
    where week_ends.last_session <= paired.last_as_of
),

returned as (
    select
        pair,
        frequency,
        as_of,
        ln(numerator / lag(numerator) over days) as numerator_return,
        ln(denominator / lag(denominator) over days) as denominator_return,
        row_number() over (partition by pair, frequency order by as_of desc) as recency
    from priced
    window days as (partition by pair, frequency order by as_of)
),

summed as (
    select
        pair,
        frequency,
        count(*) as returns,
        min(as_of) as first_return_at,
        max(as_of) as last_return_at,
        regr_syy(numerator_return, denominator_return order by as_of) as numerator_squares,
        regr_sxx(numerator_return, denominator_return order by as_of) as denominator_squares,
        regr_sxy(numerator_return, denominator_return order by as_of) as products
    from returned
    where
        numerator_return is not null
        and recency <= case frequency when 'daily' then 252 else 104 end
    group by pair, frequency
),

directed as (
    select
        summed.*,
        unnest([paired.numerator, paired.denominator]) as dependent,
        unnest([paired.denominator, paired.numerator]) as independent,
        unnest([summed.numerator_squares, summed.denominator_squares]) as dependent_squares,
        unnest([summed.denominator_squares, summed.numerator_squares]) as independent_squares,
        paired.is_synchronous,
        paired.last_as_of,
        paired.caveats
    from summed
    inner join paired on summed.pair = paired.pair
),

sloped as (
    select
        *,
        products / nullif(independent_squares, 0) as beta,
        products ^ 2 / nullif(independent_squares * dependent_squares, 0) as r2
    from directed
    where returns > 2
),

measured as (
    select
        *,
        sqrt(
            greatest(0, dependent_squares - beta * products) / (returns - 2) / independent_squares
        ) as standard_error,
        1.96 + 2.4 / (returns - 2) as errors
    from sloped
    where beta is not null
)

select
    dependent,
    independent,
    frequency,
    pair,
    is_synchronous,
    last_as_of as as_of,
    returns,
    first_return_at,
    last_return_at,
    beta,
    standard_error,
    r2,
    beta - errors * standard_error as lower,
    beta + errors * standard_error as upper,
    beta - errors * standard_error > 1 as is_amplified,
    caveats
from measured
