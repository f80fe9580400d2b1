-- A number of things, in singular or plural: 1 month, 10 months, 1,234 sessions.
--
-- Grain   one text per call
-- Method  whole numbers with thousands separated; an s for the plural
-- Caveat  null for null
--
-- Arguments
-- n     how many, a whole number
-- noun  what, in the singular
--
-- Example
-- select counted(10, 'month')

select format('{:,} {}{}', n::bigint, noun, case when n::bigint = 1 then '' else 's' end)
