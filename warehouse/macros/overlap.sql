-- How much each two entities have in common: of their positions, and by weight.
--
-- Grain   one row per ordered pair of entities
-- Method  common_positions of the pair; the overlap is the sum of the smaller weights (sorted
--         first, so that it is the same to the last digit in whatever order they are read), null if
--         a weight is not known. Two entities without a common position overlap by zero
-- Caveat  give it one snapshot per entity, such as the latest, and leave out what is no position,
--         such as cash
--
-- Arguments
-- rel      a table, view or common table expression
-- entity   who holds; several columns as a struct
-- holding  what is held; once per entity
-- value    weight of the position, a fraction
--
-- Columns
-- subject          one entity
-- other            another one
-- common           positions that both have
-- positions        positions of the entity
-- other_positions  positions of the other one
-- share_of_positions  share of the entity's positions that the other one has, too
-- overlap          sum of the smaller weights, a fraction
--
-- Example
-- select subject, other, common, overlap
-- from overlap(holders, fund, security, weight)
-- order by overlap desc

with

portfolios as (
    select
        entity as subject,
        count(*) as positions
    from query_table(rel)
    group by entity
),

compared as (
    select
        subject,
        other,
        count(*) as common,
        case
            when count(shared) = count(*) then list_sum(list_sort(list(shared::double)))
        end as overlap
    from common_positions(rel, entity, holding, value)
    group by subject, other
)

select
    mine.subject,
    theirs.subject as other,
    coalesce(compared.common, 0) as common,
    mine.positions,
    theirs.positions as other_positions,
    coalesce(compared.common, 0) / mine.positions as share_of_positions,
    case when compared.common is null then 0 else compared.overlap end as overlap
from portfolios as mine
inner join portfolios as theirs on mine.subject <> theirs.subject
left join compared on mine.subject = compared.subject and theirs.subject = compared.other
