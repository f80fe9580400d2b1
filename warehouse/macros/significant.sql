-- A number of any size in four digits that count, and in hundredths at least: 67.33, 0.03499.
--
-- Grain   one text per call
-- Method  at least two decimals, more the smaller the number, with thousands separated. What is
--         rounded up to the next power of ten, such as 0.99995, counts as that
-- Caveat  null for null and for what is not above zero
--
-- Arguments
-- amount  the number, above zero
--
-- Example
-- select significant(0.034991)

select
    format(
        '{:,.'
        || case when amount > 0 then greatest(2, 3 - floor(log10(amount / 0.99995)))::bigint end
        || 'f}',
        amount
    )
