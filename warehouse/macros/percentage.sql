-- A fraction in percent: 12.35 %.
--
-- Grain   one text per call
-- Method  rounded to the decimals given, with thousands separated; never minus zero
-- Caveat  null for null
--
-- Arguments
-- fraction  such as 0.1235
-- decimals = 2  decimals shown
--
-- Example
-- select percentage(0.1235)

select
    format(
        '{:,.' || decimals || 'f} %', round(100 * fraction, decimals) + 0.0::double
    )
