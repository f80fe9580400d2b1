-- An ordinal in front of a superlative: largest, second largest, third largest, 4th largest.
--
-- Grain   one text per call
-- Method  words up to third, then numerals
-- Caveat  null for null
--
-- Arguments
-- n            place, 1 the first
-- superlative  such as 'largest'
--
-- Example
-- select nth(2, 'largest')

select
    case
        when n = 1 then superlative
        when n = 2 then 'second ' || superlative
        when n = 3 then 'third ' || superlative
        when n % 100 between 11 and 13 then n || 'th ' || superlative
        when n % 10 = 1 then n || 'st ' || superlative
        when n % 10 = 2 then n || 'nd ' || superlative
        when n % 10 = 3 then n || 'rd ' || superlative
        else n || 'th ' || superlative
    end
