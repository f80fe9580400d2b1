-- Whose rows the facts on a subject rest on, where they are not its own.
--
-- Grain   one row per subject and entity
-- Method  a group rests on its funds, an asset on its instrument, a pair on both of its instruments
-- Caveat  a subject of its own name is not listed
--
-- Columns
-- subject  group, asset or pair
-- entity   fund or instrument

with

pairs_taken_apart as (
    select
        pair,
        unnest([numerator, denominator]) as instrument
    from pairs
)

select
    fund_group as subject,
    fund as entity
from fund_groups
union
select
    asset as subject,
    instrument as entity
from assets
union
select
    pair as subject,
    instrument as entity
from pairs_taken_apart
