-- A large amount with its scale in words: 3.148 trillion, 56.30 billion, 812.00 million.
--
-- Grain   one text per call
-- Method  four digits that count, two decimals at least
-- Caveat  null for null and for what is not above zero
--
-- Arguments
-- amount  the number, above zero
--
-- Example
-- select in_words(3.1478e12) || ' USD'

select
    case
        when amount >= 999.995e9 then significant(amount / 1e12) || ' trillion'
        when amount >= 999.995e6 then significant(amount / 1e9) || ' billion'
        when amount >= 999.995e3 then significant(amount / 1e6) || ' million'
        else significant(amount)
    end
