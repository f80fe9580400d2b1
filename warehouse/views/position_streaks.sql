-- How many snapshots in a row each fund has added to a position, or cut it.
--
-- Grain   one row per fund, snapshot and security that was added to, or cut
-- Method  snapshots in a row of the same kind in position_history. An unchanged quantity ends a
--         streak; so does a position that is gone. The first purchase opens a position and adds to
--         none. After a quantity that is not known the streak is null until a snapshot ends it
-- Caveat  in a row are the snapshots that are known: one that is missing breaks nothing. A fund's
--         creations add to all its positions, and a split of a security looks like an addition
--
-- Columns
-- fund         ticker of the fund that holds
-- as_of        market day of the snapshot
-- security     what is held, as in positions
-- kind         added or cut
-- streak       snapshots in a row, this one included; null if it cannot be told
-- first_as_of  first snapshot of the streak; null if it cannot be told
-- at_least     whether it reaches back to the first snapshot known, so may be longer

with

steps as (
    select
        as_of,
        kind,
        fund || ' ' || security as held  -- a text is sorted faster than a struct
    from position_history
),

additions as (
    select * from streaks(steps, held, as_of, (kind = 'added')::integer)
),

cuts as (
    select * from streaks(steps, held, as_of, (kind = 'cut')::integer)
),

kinds as (
    select
        'added' as kind,
        additions.*
    from additions
    union all by name
    select
        'cut' as kind,
        cuts.*
    from cuts
)

select
    split_part(subject, ' ', 1) as fund,
    as_of,
    substr(subject, strpos(subject, ' ') + 1) as security,
    kind,
    streak,
    first_as_of,
    at_least
from kinds
where amount > 0
