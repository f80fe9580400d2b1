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
        when n % 100 between 11 and 13 then format('{:,}th ', n::bigint) || superlative
        when n % 10 = 1 then format('{:,}st ', n::bigint) || superlative
        when n % 10 = 2 then format('{:,}nd ', n::bigint) || superlative
        when n % 10 = 3 then format('{:,}rd ', n::bigint) || superlative
        else format('{:,}th ', n::bigint) || superlative
    end
