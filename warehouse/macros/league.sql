-- How entities compare by the change of their values since a day.
--
-- Grain   one row per entity that has a value on or before the day
-- Method  the last value on or before `until` over the last one on or before `base`, less 1; the
--         largest change ranks first, equal ones share a rank. Refused where either value is more
--         than `stale_days` older than its day
-- Caveat  values must be of one kind: never closes beside adjusted closes, nor two currencies
--
-- Arguments
-- rel     a table, view or common table expression
-- entity  what is compared; several columns as a struct
-- period  day of the value
-- value   what changes; null is passed over
-- base    day from which the change is counted, such as date '2024-12-31'
-- until = null  day up to which it is counted; null: the last day of the relation
-- stale_days = 5  days that a value may be older than its day
--
-- Columns
-- subject      the entity
-- base_as_of   day of the value that the change is counted from
-- base_amount  that value
-- as_of        day of the last value
-- amount       the last value
-- change       change between them, a fraction; null if one of them is stale
-- is_stale     whether one of them is stale
-- rank         1 the largest change; null if one of them is stale
-- of           how many are ranked
--
-- Example
-- select rank, subject, change, base_as_of, as_of
-- from league(bars, instrument, session, close, date '2024-12-31')
-- order by rank

with

given as (
    select
        entity as subject,
        period::date as as_of,
        value as amount
    from query_table(rel)
    where value is not null
),

bounds as (
    select
        (base)::date as first_day,
        coalesce((until)::date, (select max(as_of) from given)) as last_day
),

ends as (
    select
        given.subject,
        max(given.as_of) filter (where given.as_of <= bounds.first_day) as base_as_of,
        arg_max(given.amount, given.as_of) filter (
            where given.as_of <= bounds.first_day
        ) as base_amount,
        max(given.as_of) as as_of,
        arg_max(given.amount, given.as_of) as amount
    from given
    cross join bounds
    where given.as_of <= bounds.last_day
    group by given.subject
),

changed as (
    select
        ends.*,
        ends.base_as_of < bounds.first_day - (stale_days)::integer  -- noqa: RF02
        or ends.as_of < bounds.last_day - (stale_days)::integer as is_stale  -- noqa: RF02
    from ends
    cross join bounds
    where ends.base_as_of is not null
)

select
    subject,
    base_as_of,
    base_amount,
    as_of,
    amount,
    case when not is_stale then amount / nullif(base_amount, 0) - 1 end as change,
    is_stale,
    case
        when not is_stale
            then rank() over (
                partition by is_stale order by amount / nullif(base_amount, 0) desc nulls last
            )
    end as rank,
    count(*) filter (where not is_stale) over () as of
from changed
