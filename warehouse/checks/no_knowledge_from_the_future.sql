-- No row may describe a market day later than the moment we learned of it; asked of every table with
-- a market day in turn. A table may state by how many `days_ahead` its day may lie.
--
-- Severity  error

select
    '{table}' as relation,
    {key},
    known_at
from history.{table}
where {as_of} > (known_at at time zone 'UTC')::date + {days_ahead}
