-- What changed in each entity's positions from one snapshot to its next.
--
-- Grain   one row per entity, snapshot but its first, and position held then or just before
-- Method  each position against the same one in the entity's snapshot before. One that was not held
--         counts as zero: all of a new one is change, and of a gone one. What did not change stands
--         here, too
-- Caveat  the days of an entity are those of which it has a row: a day missing is stepped over, and
--         who sold everything has no snapshot to show it. A split of what is held looks like an
--         addition, or a cut
--
-- Arguments
-- rel      a table, view or common table expression
-- entity   who holds; several columns as a struct
-- holding  what is held; once per entity and day
-- period   day of the snapshot
-- value    how much is held, such as the number of shares
-- weight = null  share of the whole that it is
--
-- Columns
-- subject        the entity
-- position       what is held
-- kind           new, gone, added, cut or unchanged; null if a quantity is not known
-- before_as_of   the snapshot before
-- after_as_of    the snapshot
-- amount_before  how much was held; null if it was not, or is not known
-- amount_after   how much is held; null if it is not, or is not known
-- change         how much more; null if a quantity is not known
-- weight_before  its weight before
-- weight_after   its weight after
-- weight_change  how much larger its weight is, a fraction; null if a weight is not known
--
-- Example
-- select subject, position, kind, amount_before, amount_after
-- from snapshot_changes(positions, fund, security, as_of, quantity)
-- where after_as_of = date '2025-12-11' and kind in ('new', 'gone')

with

given as (
    select
        entity as subject,
        holding as position,
        period as as_of,
        value as amount,
        (weight)::double as share
    from query_table(rel)
),

days as (
    select distinct
        subject,
        as_of
    from given
),

steps as (
    select
        subject,
        as_of,
        lag(as_of) over (partition by subject order by as_of) as previous_as_of
    from days
    qualify previous_as_of is not null
),

later as (
    select
        given.*,
        steps.previous_as_of
    from steps
    inner join given on steps.subject = given.subject and steps.as_of = given.as_of
),

earlier as (
    select
        given.* replace (steps.as_of as as_of),
        steps.previous_as_of
    from steps
    inner join given on steps.subject = given.subject and steps.previous_as_of = given.as_of
),

compared as (
    select
        coalesce(later.subject, earlier.subject) as subject,
        coalesce(later.position, earlier.position) as position,
        coalesce(later.as_of, earlier.as_of) as as_of,
        coalesce(later.previous_as_of, earlier.previous_as_of) as previous_as_of,
        earlier.position is not null as was_held,
        later.position is not null as is_held,
        earlier.amount as amount_before,
        later.amount as amount_after,
        earlier.share as weight_before,
        later.share as weight_after
    from earlier
    full join later
        on earlier.subject = later.subject
        and earlier.position = later.position
        and earlier.as_of = later.as_of
)

select
    subject,
    position,
    case
        when not was_held then 'new'
        when not is_held then 'gone'
        when amount_after > amount_before then 'added'
        when amount_after < amount_before then 'cut'
        when amount_after = amount_before then 'unchanged'
    end as kind,
    previous_as_of as before_as_of,
    as_of as after_as_of,
    amount_before,
    amount_after,
    case when is_held then amount_after else 0 end
    - case when was_held then amount_before else 0 end as change,
    weight_before,
    weight_after,
    case when is_held then weight_after else 0 end
    - case when was_held then weight_before else 0 end as weight_change
from compared
