-- A version is superseded after it became known, never before.
--
-- Severity  error

select
    'bars' as relation,
    instrument as subject,
    session as as_of
from history.bars
where superseded_at <= known_at
union all
select
    'fund_valuations' as relation,
    fund as subject,
    as_of
from history.fund_valuations
where superseded_at <= known_at
union all
select
    'holdings' as relation,
    fund as subject,
    as_of
from history.holdings
where superseded_at <= known_at
