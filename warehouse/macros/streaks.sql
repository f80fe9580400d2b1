-- How many periods in a row a value has been above zero, at each period of each entity.
--
-- Grain   one row per row of the relation
-- Method  a value of zero or below ends a streak. After one that is not known the streak is null
--         until a period ends it for certain. For streaks of falls or outflows pass -value, for
--         rises the change
-- Caveat  rows are taken as adjoining: a period without a row breaks nothing, one whose value is
--         null does
--
-- Arguments
-- rel     a table, view or common table expression
-- entity  whose streak it is; several columns as a struct, such as {'s': subject, 'm': measure}
-- period  day, or first day of the week or month; once per entity
-- value   what must be above zero
--
-- Columns
-- subject   the entity
-- as_of     the period
-- amount    the value
-- streak    periods in a row, this one included; 0 if it is none; null if it cannot be told
-- first_as_of  first period of the streak; null if it is none
-- at_least  whether the streak reaches back to the first row, so may be longer
--
-- Example
-- select subject, as_of, streak
-- from streaks(monthly_net_flows, subject, month, net_flow_usd)
-- order by streak desc

with

given as (
    select
        entity as subject,
        period as as_of,
        value as amount
    from query_table(rel)
),

parted as (
    select
        *,
        last_value(case when not coalesce(amount > 0, false) then as_of end ignore nulls) over (
            partition by subject order by as_of
        ) as run
    from given
),

opened as (
    select
        *,
        first_value(amount > 0) over run_so_far as opened_above,
        first_value(as_of) over run_so_far as opened_at,
        nth_value(as_of, 2) over run_so_far as next_at,
        row_number() over run_so_far as place
    from parted
    window run_so_far as (partition by subject, run order by as_of)
)

select
    subject,
    as_of,
    amount,
    place - (not opened_above)::integer as streak,
    case opened_above when true then opened_at when false then next_at end as first_as_of,
    coalesce(opened_above, false) as at_least
from opened
