-- What two entities both hold, for every pair of them.
--
-- Grain   one row per ordered pair of entities and position that both have
-- Method  positions of the same name. The smaller of the two values is what they share; null if one
--         is not known
-- Caveat  give it one snapshot per entity, such as the latest
--
-- Arguments
-- rel      a table, view or common table expression
-- entity   who holds; several columns as a struct
-- holding  what is held; once per entity
-- value    weight of the position
--
-- Columns
-- subject       one entity
-- other         another one
-- position      what both hold
-- amount        the entity's value
-- other_amount  the other one's value
-- shared        the smaller of the two
--
-- Example
-- select position, amount, other_amount
-- from common_positions(holders, fund, security, weight)
-- where subject = 'SPY' and other = 'QQQ'
-- order by shared desc

with

held as (
    select
        entity as subject,
        holding as position,
        value as amount
    from query_table(rel)
)

select
    mine.subject,
    theirs.subject as other,
    mine.position,
    mine.amount,
    theirs.amount as other_amount,
    case
        when mine.amount is not null and theirs.amount is not null
            then least(mine.amount, theirs.amount)
    end as shared
from held as mine
inner join held as theirs
    on mine.position = theirs.position and mine.subject <> theirs.subject
