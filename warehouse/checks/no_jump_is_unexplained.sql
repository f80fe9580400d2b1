-- No value may be further from the one before it than its column's bound, unless a split between
-- the two explains it: cents for dollars, grams for ounces, thousands for units, a misplaced point.
-- Asked of every column whose schema states a `largest_jump`.
--
-- Severity  error
-- Method    believed values of one source, as corrected, in turn, each against the last that is
--           not null, and on its share basis or, where a split lies between them, on either. Values
--           further apart than a month may differ by the bound times the months between them. A
--           column that states `launch_days` is not judged so long after the first of its values
-- Note      a true leap blocks too, until a person has looked: a line of reference/corrections.csv
--           confirms it whose corrected value equals the expected one

with

observed as (
    select
        {entity},
        {as_of} as day,
        {column} as value,
        first_value({as_of}) over series as first_day,
        coalesce(regexp_matches(correction, '(^|; ){column}: '), false) as is_looked_at,
        lag({as_of}) over series as previous_day,
        lag({column}) over series as previous_value,
        lag(is_looked_at) over series as previous_is_looked_at
    from {view}
    where {column} is not null
    window series as (partition by {entity} order by {as_of})
),

pairs_of_values as (
    select
        *,
        {bound} * greatest(1, (day - previous_day) / 31.0) as bound
    from observed
    where
        previous_day >= first_day + {launch_days}
        and not is_looked_at
        and not previous_is_looked_at
),

leaps as (
    select *
    from pairs_of_values
    where value > previous_value * bound or value * bound < previous_value
),

spans as (
    select distinct
        {subject} as subject,
        previous_day,
        day
    from leaps
),

splits as (
    select
        instrument,
        ex_date,
        min(ratio) as ratio
    from history.corporate_actions
    where superseded_at = 'infinity' and kind = 'split'
    group by instrument, ex_date
),

rebased as (
    select
        spans.subject,
        spans.previous_day,
        spans.day,
        product(splits.ratio) as ratio
    from spans
    inner join splits
        on spans.subject = splits.instrument
        and spans.previous_day < splits.ex_date
        and spans.day >= splits.ex_date
    group by spans.subject, spans.previous_day, spans.day
)

select
    '{table}.{column}' as judged,
    leaps.*
from leaps
left join rebased
    on leaps.{subject} = rebased.subject
    and leaps.previous_day = rebased.previous_day
    and leaps.day = rebased.day
where
    rebased.ratio is null
    or leaps.value * rebased.ratio > leaps.previous_value * leaps.bound
    or leaps.value * rebased.ratio * leaps.bound < leaps.previous_value
