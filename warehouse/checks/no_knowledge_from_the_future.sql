-- No row may describe a market day later than the moment we learned of it, but for the `days_ahead`
-- that its table states; asked of every table with a market day in turn.
--
-- Severity  error

select
    '{table}' as relation,
    {key},
    known_at
from history.{table}
where {as_of} > (known_at at time zone 'UTC')::date + {days_ahead}
