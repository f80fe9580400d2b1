-- How large each value is among those of its entity: 1 the largest.
--
-- Grain   one row per row of the relation whose value is known
-- Method  rank among the values that count; equal ones share a rank. A value that does not count,
--         such as that of a running period, has the rank it would have if it did. For the smallest
--         pass -value
-- Caveat  put what sets the field, such as the year, into the entity
--
-- Arguments
-- rel     a table, view or common table expression
-- entity  within what to rank; several columns as a struct
-- period  when the value was
-- value   what is ranked; null is passed over
-- counts = true  whether a row counts, such as a column that says if its period is complete
--
-- Columns
-- subject          the entity
-- as_of            the period
-- amount           the value
-- rank             rank among the values that count, 1 the largest; null if it does not count
-- rank_if_counted  the rank it would have if it counted; null if it does
-- of               how many values count
-- is_shared        whether another value that counts is equal
--
-- Example
-- select subject, as_of, rank, rank_if_counted, of
-- from nth_largest(
--     weekly_net_flows, {'s': subject, 'y': isoyear(week)}, week, net_flow_usd, counts := complete
-- )

with

given as (
    select
        entity as subject,
        period as as_of,
        value as amount,
        coalesce(counts, false) as is_counted
    from query_table(rel)
),

compared as (
    select
        *,
        1 + count(*) filter (where is_counted) over (
            partition by subject
            order by amount desc
            groups between unbounded preceding and 1 preceding
        ) as place,
        count(*) filter (where is_counted) over (partition by subject) as of,
        count(*) filter (where is_counted) over (partition by subject, amount) as alike
    from given
    where amount is not null
)

select
    subject,
    as_of,
    amount,
    case when is_counted then place end as rank,
    case when not is_counted then place end as rank_if_counted,
    of,
    alike > is_counted::integer as is_shared
from compared
