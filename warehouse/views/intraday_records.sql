-- Every observation at which a coin's price set or matched its highest observed so far.
--
-- Grain   one row per coin, source and record
-- Method  the price above every earlier one that we observed (equal: matches); the first is no
--         record, and a price of 0 is none: nothing was traded. The region is the one in whose
--         session (region_session) it was observed
-- Caveat  observed at intervals: the record may have been set between two of them. Nothing is
--         known from before the first observation
--
-- Columns
-- coin            the source's id of the coin
-- source          who states it
-- observed_at     moment of the record, UTC
-- region          Asia, Europe, America or late
-- value           the record, USD
-- kind            sets or matches
-- previous_value  the record before, USD
-- previous_at     moment of the record before, UTC
-- observations    observations looked at, this one included

select
    subject.coin,
    subject.source,
    as_of as observed_at,
    region_session(as_of at time zone 'UTC') as region,
    amount as value,
    kind,
    previous_amount as previous_value,
    previous_as_of as previous_at,
    observations
from records(coins, { 'coin': coin, 'source': source }, observed_at, nullif(price, 0))
