-- The pairs of instruments that are priced in each other, and how a sentence names them.
--
-- Grain   one row per pair
-- Method  the caveats are those of both instruments. Their closes are synchronous if they are of
--         one kind, calendar and currency and neither has a caveat: then both are struck at once
-- Caveat  two instruments of a kind are taken to close together; what does not, such as fixings at
--         different hours, has a caveat
--
-- Columns
-- pair             numerator/denominator
-- numerator        market symbol of what is priced
-- denominator      market symbol of what it is priced in
-- name             what a sentence calls it
-- unit             unit of its rate
-- calendar         exchange calendar of the numerator
-- is_synchronous   whether both close at the same moment
-- caveats          what must travel with a number made of both

select
    pairs.pair,
    pairs.numerator,
    pairs.denominator,
    format('{} priced in {} ({})', above.name, below.name, pairs.pair) as name,
    format('{} per {}', pairs.denominator, pairs.numerator) as unit,
    above.calendar,
    above.kind = below.kind
    and above.calendar = below.calendar
    and above.currency = below.currency
    and above.caveat is null
    and below.caveat is null as is_synchronous,
    present([above.caveat, nullif(below.caveat, coalesce(above.caveat, ''))]) as caveats
from pairs
inner join instruments as above on pairs.numerator = above.instrument
inner join instruments as below on pairs.denominator = below.instrument
