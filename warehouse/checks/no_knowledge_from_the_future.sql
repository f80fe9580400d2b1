-- No row may describe a market day later than the moment we learned of it.
--
-- Severity  error

select
    'bars' as relation,
    instrument as subject,
    session as as_of,
    known_at
from history.bars
where session > (known_at at time zone 'UTC')::date + 1
union all
select
    'fund_valuations' as relation,
    fund as subject,
    as_of,
    known_at
from history.fund_valuations
where as_of > (known_at at time zone 'UTC')::date
union all
select
    'holdings' as relation,
    fund as subject,
    as_of,
    known_at
from history.holdings
where as_of > (known_at at time zone 'UTC')::date
