-- Each value against the simple moving average of the last ones, itself included.
--
-- Grain   one row per row of the relation whose value is known
-- Method  mean of the last `length` values, this one included; null with fewer. How long the value
--         has been on the same side of it counts the rows, this one included
-- Caveat  the mean is over rows, not over days: give it one row per week for a mean of weeks
--
-- Arguments
-- rel     a table, view or common table expression
-- entity  whose value it is; several columns as a struct
-- period  when the value was; once per entity
-- value   what is averaged; null is passed over
-- length = 50  values in the mean
--
-- Columns
-- subject       the entity
-- as_of         the period
-- amount        the value
-- mean          the moving average; null with fewer than `length` values
-- ratio         the value over the mean
-- is_above      whether the value is above the mean
-- on_side       rows in a row on this side of the mean; 0 on the mean itself
-- side_since    first of them
-- observations  values so far, this one included
--
-- Example
-- select as_of, amount, mean, on_side
-- from ratio_to_sma(bars, instrument, session, close, length := 200)
-- where subject = 'SI=F'

with

given as (
    select
        entity as subject,
        period as as_of,
        value as amount
    from query_table(rel)
    where value is not null
),

averaged as (
    select
        *,
        count(*) over so_far as observations,
        avg(amount) over last_ones as mean_of_last
    from given
    window
        so_far as (partition by subject order by as_of),
        last_ones as (
            partition by subject order by as_of
            rows between length - 1 preceding and current row  -- noqa: PRS
        )
),

compared as (
    select
        *,
        case when observations >= length then mean_of_last end as mean
    from averaged
),

judged as (
    select *
    from compared
    where mean is not null
),

above as (
    select * from streaks(judged, subject, as_of, amount - mean)
),

below as (
    select * from streaks(judged, subject, as_of, mean - amount)
)

select
    compared.subject,
    compared.as_of,
    compared.amount,
    compared.mean,
    compared.amount / nullif(compared.mean, 0) as ratio,
    compared.amount > compared.mean as is_above,
    greatest(above.streak, below.streak) as on_side,
    coalesce(above.first_as_of, below.first_as_of) as side_since,
    compared.observations
from compared
left join above on compared.subject = above.subject and compared.as_of = above.as_of
left join below on compared.subject = below.subject and compared.as_of = below.as_of
