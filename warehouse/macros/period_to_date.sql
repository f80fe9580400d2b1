-- The sum of each period so far, beside that of the whole period before.
--
-- Grain   one row per entity and period that has a value
-- Method  sum of the values of the period (sorted first, so that it is the same to the last digit
--         in whatever order they are read); null if one of them is not known. The ratio to the
--         period before is null unless that one is positive
-- Caveat  the last period may be running: last_as_of tells how far it has come
--
-- Arguments
-- rel     a table, view or common table expression
-- entity  whose values they are; several columns as a struct
-- period  day of the value
-- value   what is summed
-- unit = 'month'  week, month, quarter or year
--
-- Columns
-- subject          the entity
-- starts_on        first day of the period
-- amount           sum of the period so far
-- previous_amount  sum of the whole period before; null if it has no value
-- ratio            of the two; null unless the previous one is positive
-- last_as_of       last day with a value
-- observations     values in the period
--
-- Example
-- select starts_on, amount, previous_amount, ratio
-- from period_to_date(daily_net_flows, subject, as_of, net_flow_ounces, unit := 'month')
-- where subject = 'SLV'

with

given as (
    select
        entity as subject,
        period::date as as_of,
        value as amount,
        date_trunc(unit, period)::date as starts_on,
        case unit
            when 'week' then interval 7 day
            when 'month' then interval 1 month
            when 'quarter' then interval 3 month
            else interval 1 year
        end as length
    from query_table(rel)
),

summed as (
    select
        subject,
        starts_on,
        (starts_on + length)::date as next_starts_on,
        case
            when count(*) = count(amount) then list_sum(list_sort(list(amount::double)))
        end as amount,
        max(as_of) as last_as_of,
        count(*) as observations
    from given
    group by subject, starts_on, length
)

select
    later.subject,
    later.starts_on,
    later.amount,
    earlier.amount as previous_amount,
    case when earlier.amount > 0 then later.amount / earlier.amount end as ratio,
    later.last_as_of,
    later.observations
from summed as later
left join summed as earlier
    on later.subject = earlier.subject and later.starts_on = earlier.next_starts_on
