-- Every position at each snapshot of its fund, against the snapshot before.
--
-- Grain   one row per fund, snapshot but its first, and security held then or just before
-- Method  snapshot_changes of all positions but cash and derivatives; new and gone ones count from
--         zero and to zero
-- Caveat  quantities are as published: a split of a security looks like an addition, a changed
--         ticker like one position gone and one new. A snapshot that is missing is stepped over:
--         see previous_as_of
--
-- Columns
-- fund             ticker of the fund that holds
-- as_of            market day of the snapshot
-- security         what is held, as in positions
-- previous_as_of   market day of the snapshot before
-- kind             new, gone, added, cut or unchanged; null if a quantity is not known
-- quantity_before  units held before; null if none, or not known
-- quantity_after   units held; null if none, or not known
-- quantity_change  units more
-- weight_before    share of net assets before, a fraction
-- weight_after     share of net assets, a fraction
-- weight_change    change of the share, a fraction

with

securities as (
    select
        fund,
        as_of,
        security,
        quantity,
        weight
    from positions
    where not is_cash
)

select
    subject as fund,
    after_as_of as as_of,
    position as security,
    before_as_of as previous_as_of,
    kind,
    amount_before as quantity_before,
    amount_after as quantity_after,
    change as quantity_change,
    weight_before,
    weight_after,
    weight_change
from snapshot_changes(securities, fund, security, as_of, quantity, weight := weight)
