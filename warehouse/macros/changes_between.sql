-- What changed in each entity's positions between two days.
--
-- Grain   one row per entity and position held on one of the two days
-- Method  the last snapshot on or before `base` against the last one on or before `until`, as
--         snapshot_changes compares them; a position bought and sold between is not seen
-- Caveat  no rows for an entity without a snapshot by `base`, or without one after it by `until`.
--         A split of what is held looks like an addition, or a cut
--
-- Arguments
-- rel      a table, view or common table expression
-- entity   who holds; several columns as a struct
-- holding  what is held; once per entity and day
-- period   day of the snapshot
-- value    how much is held, such as the number of shares
-- base     first day, such as date '2024-12-31'
-- until = null  last day; null: the last day of the relation
-- weight = null  share of the whole that it is
--
-- Columns
-- subject        the entity
-- position       what is held
-- kind           new, gone, added, cut or unchanged; null if a quantity is not known
-- before_as_of   day of the first snapshot
-- after_as_of    day of the last snapshot
-- amount_before  how much was held; null if it was not, or is not known
-- amount_after   how much is held; null if it is not, or is not known
-- change         how much more; null if a quantity is not known
-- weight_before  its weight before
-- weight_after   its weight after
-- weight_change  how much larger its weight is, a fraction; null if a weight is not known
--
-- Example
-- select position, kind, change, weight_change
-- from changes_between(
--     positions, fund, security, as_of, quantity, date '2025-12-01', weight := weight
-- )
-- where subject = 'SPY' and kind <> 'unchanged'

with

observed as (
    select
        entity as owner,
        holding as item,
        period::date as day,
        value as held,
        (weight)::double as part
    from query_table(rel)
),

ends as (
    select
        owner,
        max(day) filter (where day <= (base)::date) as first_day,
        max(day) filter (where day <= coalesce((until)::date, date 'infinity')) as last_day
    from observed
    group by owner
),

at_ends as (
    select observed.*
    from observed
    inner join ends
        on observed.owner = ends.owner and observed.day in (ends.first_day, ends.last_day)
    where ends.first_day < ends.last_day
)

select *
from snapshot_changes(at_ends, owner, item, day, held, weight := part)
