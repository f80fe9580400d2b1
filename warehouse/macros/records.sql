-- Every period at which an entity's value was the highest so far, or as high as the highest.
--
-- Grain   one row per record
-- Method  the value against every earlier one: above all of them sets a record, equal matches it.
--         The first value is no record. For lows pass -value
-- Caveat  a series knows only its own past; round the value to the decimals that matter before
--
-- Arguments
-- rel     a table, view or common table expression
-- entity  whose record it is; several columns as a struct
-- period  when the value was; once per entity
-- value   what is compared; null is passed over
--
-- Columns
-- subject          the entity
-- as_of            the period
-- amount           the record
-- kind             sets or matches
-- previous_amount  the record before
-- previous_as_of   when the record before was set
-- observations     values looked at, this one included
--
-- Example
-- select as_of, amount, previous_amount, previous_as_of
-- from records(bars, instrument, session, close)
-- where subject = 'SI=F' and kind = 'sets'

with

given as (
    select
        entity as subject,
        period as as_of,
        value as amount
    from query_table(rel)
),

compared as (
    select
        *,
        count(*) over earlier as observed_before,
        max(amount) over earlier as highest_before
    from given
    where amount is not null
    window earlier as (
        partition by subject order by as_of rows between unbounded preceding and 1 preceding
    )
),

reached as (
    select
        *,
        max(case when amount = highest_before then null else as_of end) over (
            partition by subject order by as_of rows between unbounded preceding and 1 preceding
        ) as set_before
    from compared
    where highest_before is null or amount >= highest_before
)

select
    subject,
    as_of,
    amount,
    case when amount = highest_before then 'matches' else 'sets' end as kind,
    highest_before as previous_amount,
    set_before as previous_as_of,
    observed_before + 1 as observations
from reached
where observed_before > 0
