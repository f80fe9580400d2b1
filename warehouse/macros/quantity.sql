-- An amount in a measure's unit: 15,687,402 ounces, 1 share, 958,930,000 dollars.
--
-- Grain   one text per call
-- Method  rounded to whole units, with thousands separated
-- Caveat  null for null; the sign is kept
--
-- Arguments
-- amount   how much
-- measure  shares, ounces or usd
--
-- Example
-- select quantity(15687402.3, 'ounces')

select
    format(
        '{:,} {}{}',
        round(amount)::bigint,
        case measure when 'usd' then 'dollar' else rtrim(measure, 's') end,
        case when abs(round(amount)) = 1 then '' else 's' end
    )
