-- What one instrument costs in another, day by day.
--
-- Grain   one row per pair and day on which the numerator closed
-- Method  the numerator's close over the denominator's last one on or before that day, at most 7
--         days old; its age stands beside it. On days when both closed the age is 0
-- Caveat  a weekend's rate of a market that never closes carries Friday's close of the other one.
--         Closes of one day may be hours apart
--
-- Columns
-- pair         numerator/denominator
-- as_of        day of the numerator's close
-- rate         the numerator's close over the denominator's
-- numerator    the numerator's close, in its currency
-- denominator  the denominator's close, in its currency
-- denominator_as_of  day of the denominator's close
-- age_days     days that the denominator's close is older

with

closes as (
    select
        instrument,
        session,
        close
    from bars
),

traded as (
    select
        pairs.pair,
        closes.session,
        closes.close
    from pairs
    inner join closes on pairs.numerator = closes.instrument
),

priced_in as (
    select
        pairs.pair,
        closes.session,
        closes.close
    from pairs
    inner join closes on pairs.denominator = closes.instrument
)

select
    subject as pair,
    as_of,
    rate,
    numerator,
    denominator,
    denominator_as_of,
    age_days
from cross_rate(traded, priced_in, pair, session, close)
