-- What each fund bought and sold from one snapshot of its holdings to the next.
--
-- Grain   one row per fund, snapshot but its first, and security whose quantity changed
-- Method  position_history without what did not change. Between two days of one's choice:
--         changes_between
-- Caveat  creations and redemptions of the fund's own shares change every position: they are
--         here, too. Quantities are as published: a split of a security looks like an addition
--
-- Columns
-- fund             ticker of the fund that holds
-- as_of            market day of the snapshot
-- security         what is held, as in positions
-- name             name of the security, as last served
-- previous_as_of   market day of the snapshot before
-- kind             new, gone, added or cut; null if a quantity is not known
-- quantity_before  units held before; null if none, or not known
-- quantity_after   units held; null if none, or not known
-- quantity_change  units more
-- weight_before    share of net assets before, a fraction
-- weight_after     share of net assets, a fraction
-- weight_change    change of the share, a fraction

with

named as (
    select
        fund,
        security,
        arg_max(name, as_of) as name
    from positions
    group by fund, security
)

select
    steps.fund,
    steps.as_of,
    steps.security,
    named.name,
    steps.previous_as_of,
    steps.kind,
    steps.quantity_before,
    steps.quantity_after,
    steps.quantity_change,
    steps.weight_before,
    steps.weight_after,
    steps.weight_change
from position_history as steps
inner join named on steps.fund = named.fund and steps.security = named.security
where steps.kind is distinct from 'unchanged'
