-- No value may be of a session that its provider could not know of yet: a valuation or a holding
-- is of a close, a bar of a session that has opened. A day earlier or later in a date's reading
-- puts every flow on the wrong day.
--
-- Severity  error
-- Method    believed rows: a value that its provider has replaced is no longer stated
-- Note      days without a session and what is not in the reference data are another check's

select
    'bars' as relation,
    bars.instrument as subject,
    bars.session as as_of,
    bars.known_at
from history.bars as bars
inner join instruments on bars.instrument = instruments.instrument
inner join sessions
    on instruments.calendar = sessions.calendar
    and bars.session = sessions.session
    and bars.known_at < sessions.opens_at
where bars.superseded_at = 'infinity'
union all
select
    'fund_valuations' as relation,
    valuations.fund as subject,
    valuations.as_of,
    valuations.known_at
from history.fund_valuations as valuations
inner join funds on valuations.fund = funds.fund
inner join sessions
    on funds.calendar = sessions.calendar
    and valuations.as_of = sessions.session
    and valuations.known_at < sessions.closes_at
where valuations.superseded_at = 'infinity'
union all
select
    'holdings' as relation,
    holdings.fund as subject,
    holdings.as_of,
    holdings.known_at
from history.holdings as holdings
inner join funds on holdings.fund = funds.fund
inner join sessions
    on funds.calendar = sessions.calendar
    and holdings.as_of = sessions.session
    and holdings.known_at < sessions.closes_at
where holdings.superseded_at = 'infinity'
