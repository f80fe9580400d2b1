-- When an entity's value was last as large as this: "the most since ...".
--
-- Grain   one row per row of the relation whose value is known
-- Method  the latest earlier period with at least this value; null if there is none in the series.
--         For "the least since" pass -value
-- Caveat  compares every row with every earlier one of its entity: filter on subject and as_of
--
-- Arguments
-- rel     a table, view or common table expression
-- entity  whose value it is; several columns as a struct
-- period  when the value was
-- value   what is compared; null is passed over
--
-- Columns
-- subject       the entity
-- as_of         the period
-- amount        the value
-- since         latest earlier period with at least this value
-- since_amount  the value then
-- observations  values looked at, this one included
-- first_as_of   first of them
--
-- Example
-- select as_of, amount, since, since_amount
-- from since(bars, instrument, session, close)
-- where subject = 'SI=F' and as_of = date '2025-12-11'

with

given as (
    select
        entity as subject,
        period as as_of,
        value as amount
    from query_table(rel)
    where value is not null
),

later as (
    select
        subject,
        as_of,
        amount
    from given
)

select
    later.subject,
    later.as_of,
    later.amount,
    max(given.as_of) filter (where given.amount >= later.amount) as since,
    arg_max(given.amount, given.as_of) filter (
        where given.amount >= later.amount
    ) as since_amount,
    1 + count(given.as_of) as observations,
    coalesce(min(given.as_of), later.as_of) as first_as_of
from later
left join given on later.subject = given.subject and later.as_of > given.as_of
group by later.subject, later.as_of, later.amount
