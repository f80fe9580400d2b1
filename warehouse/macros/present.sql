-- A list without its nulls: the labels that apply.
--
-- Grain   one list per call
-- Method  nulls are left out, the order is kept
-- Caveat  null for null
--
-- Arguments
-- items  the list
--
-- Example
-- select present(['nominal', null])

select list_filter(items, lambda item: item is not null)
