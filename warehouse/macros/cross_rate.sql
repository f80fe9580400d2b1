-- One series priced in another: the rate of two values, day by day.
--
-- Grain   one row per row of `above` for which there is a value below
-- Method  the value above over the last one below, of the same entity, on or before the same day
--         and at most `oldest` days old; its age stands beside it. With `oldest := 0` only days
--         on which both markets closed
-- Caveat  a weekend's rate of a market that never closes carries Friday's value below
--
-- Arguments
-- above   relation of the numerators
-- below   relation of the denominators, with the same columns
-- entity  what the two have in common, such as the name of the pair; several columns as a struct
-- period  day of the value
-- value   what is divided; null is passed over
-- oldest = 7  days that a value below may be older than the one above
--
-- Columns
-- subject      the entity
-- as_of        day of the value above
-- rate         the value above over the one below
-- numerator    the value above
-- denominator  the value below
-- denominator_as_of  day of the value below
-- age_days     days that the value below is older
--
-- Example
-- with gold as (select 'gold/silver' as pair, session, close from bars where instrument = 'GC=F'),
-- silver as (select 'gold/silver' as pair, session, close from bars where instrument = 'SI=F')
-- select as_of, rate, age_days from cross_rate(gold, silver, pair, session, close)

with

numerators as (
    select
        entity as subject,
        period as as_of,
        value as amount
    from query_table(above)
    where value is not null
),

denominators as (
    select
        entity as subject,
        period as as_of,
        value as amount
    from query_table(below)
    where value is not null
)

select
    numerators.subject,
    numerators.as_of,
    numerators.amount / nullif(denominators.amount, 0) as rate,
    numerators.amount as numerator,
    denominators.amount as denominator,
    denominators.as_of as denominator_as_of,
    numerators.as_of - denominators.as_of as age_days
from numerators
asof inner join denominators
    on numerators.subject = denominators.subject and numerators.as_of >= denominators.as_of
where numerators.as_of - denominators.as_of <= oldest  -- noqa: RF02
