-- What one instrument cost in another over five years.
--
-- Grain  one row per day on which the numerator closed

select
    as_of,
    rate,
    age_days
from cross_rates
where
    pair = {pair}
    and as_of > (
        select max(latest.as_of) - interval 5 years
        from cross_rates as latest
        where latest.pair = {pair}
    )
order by as_of
