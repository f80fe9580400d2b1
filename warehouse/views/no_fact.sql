-- The shape of a fact, without rows: what its columns mean, said once for all facts.
--
-- Grain   one row per fact, subject, measure and market day, of which there are none
-- Method  every fact states the latest day visible, in these columns; it lacks those that do not
--         apply to it
-- Caveat  the past is asked through the variable as_of
--
-- Columns
-- fact             name of the fact
-- subject          what it is about
-- measure          which of its quantities
-- as_of            market day it is stated for
-- value            the number, in `unit`
-- unit             unit of value and previous_value
-- statement        the fact in one English sentence
-- labels           what must travel with the number
-- rank             rank among complete observations, 1 the highest; ties share a rank
-- rank_if_counted  rank it would have if the running period ended now
-- of               how many observations it is ranked among
-- since            from when it holds, or since when there has been none like it
-- previous_value   the earlier value it is compared with
-- previous_at      day or period of that value
-- complete         whether the period it speaks of is over
-- observations     sample size
-- first_observed   first observation
-- view             where the evidence is

select
    null::varchar as fact,
    null::varchar as subject,
    null::varchar as measure,
    null::date as as_of,
    null::double as value,
    null::varchar as unit,
    null::varchar as statement,
    null::varchar[] as labels,
    null::bigint as rank,
    null::bigint as rank_if_counted,
    null::bigint as of,
    null::date as since,
    null::double as previous_value,
    null::date as previous_at,
    null::boolean as complete,
    null::bigint as observations,
    null::date as first_observed,
    null::varchar as view
where false
