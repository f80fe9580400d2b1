-- Whose rows the facts on a subject rest on, where they are not its own.
--
-- Grain   one row per subject and entity
-- Method  a group rests on its funds, and they are compared with those of other groups; an asset
--         rests on the instruments of all assets, which it is ranked among; a pair, and what is
--         told of one of its instruments on the other, on both of them; the evidence of risk on
--         the markets on all these instruments, and on the Federal Reserve's target
-- Caveat  an entity that is the subject itself is not listed; coins are never stated late
--
-- Columns
-- subject  group, fund, asset or pair, or the markets
-- entity   fund, instrument or series of rates

with

grouped as (
    select
        fund_group,
        fund
    from fund_groups
),

benchmarks as (
    select
        asset,
        instrument
    from assets
),

paired as (
    select
        unnest([
            pair,
            numerator || ' on ' || denominator,
            denominator || ' on ' || numerator
        ]) as subject,
        [numerator, denominator] as instruments
    from pairs
)

select
    fund_group as subject,
    fund as entity
from grouped
union
select
    compared.fund as subject,
    others.fund as entity
from grouped as compared
inner join grouped as others on compared.fund <> others.fund
union
select
    ranked.asset as subject,
    others.instrument as entity
from benchmarks as ranked
cross join benchmarks as others
union
select
    'markets' as subject,
    unnest([instrument, 'DFEDTARU']) as entity
from benchmarks
union
select
    subject,
    unnest(instruments) as entity
from paired
