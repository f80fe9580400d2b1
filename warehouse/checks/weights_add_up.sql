-- The weights of a fund's holdings add up to the whole fund: a sum far from 1 is a cut-off file,
-- a percentage read as a fraction, or holdings left out.
--
-- Severity  warning
-- Method    of each fund, day and source; where no holding has a weight there is nothing to add

select
    fund,
    as_of,
    source,
    sum(weight) as weight
from holdings
group by fund, as_of, source
having sum(weight) not between 0.98 and 1.02
