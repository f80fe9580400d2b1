-- An amount in a measure's unit with its sign, for a part of a sum: +15,687,402 ounces, -1 share.
--
-- Grain   one text per call
-- Method  as in quantity; nothing has no sign
-- Caveat  null for null
--
-- Arguments
-- amount   how much
-- measure  shares, ounces or usd
--
-- Example
-- select signed_quantity(15687402.3, 'ounces')

select case when round(amount) > 0 then '+' else '' end || quantity(amount, measure)
