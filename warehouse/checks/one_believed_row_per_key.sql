-- Of each key, at most one version may be believed.
--
-- Severity  error

select
    'bars' as relation,
    concat_ws(' ', instrument, session, source) as key
from history.bars
where superseded_at = 'infinity'
group by instrument, session, source
having count(*) > 1
union all
select
    'corporate_actions' as relation,
    concat_ws(' ', instrument, ex_date, kind, source) as key
from history.corporate_actions
where superseded_at = 'infinity'
group by instrument, ex_date, kind, source
having count(*) > 1
union all
select
    'fund_valuations' as relation,
    concat_ws(' ', fund, as_of, source) as key
from history.fund_valuations
where superseded_at = 'infinity'
group by fund, as_of, source
having count(*) > 1
union all
select
    'holdings' as relation,
    concat_ws(' ', fund, as_of, holding, source) as key
from history.holdings
where superseded_at = 'infinity'
group by fund, as_of, holding, source
having count(*) > 1
union all
select
    'sessions' as relation,
    concat_ws(' ', calendar, session) as key
from history.sessions
where superseded_at = 'infinity'
group by calendar, session
having count(*) > 1
union all
select
    'assets' as relation,
    concat_ws(' ', asset) as key
from history.assets
where superseded_at = 'infinity'
group by asset
having count(*) > 1
union all
select
    'calendar_overrides' as relation,
    concat_ws(' ', calendar, session) as key
from history.calendar_overrides
where superseded_at = 'infinity'
group by calendar, session
having count(*) > 1
union all
select
    'fomc_meetings' as relation,
    concat_ws(' ', announced_on) as key
from history.fomc_meetings
where superseded_at = 'infinity'
group by announced_on
having count(*) > 1
union all
select
    'fund_groups' as relation,
    concat_ws(' ', fund_group, fund, member_from) as key
from history.fund_groups
where superseded_at = 'infinity'
group by fund_group, fund, member_from
having count(*) > 1
union all
select
    'fund_terms' as relation,
    concat_ws(' ', fund, effective_from) as key
from history.fund_terms
where superseded_at = 'infinity'
group by fund, effective_from
having count(*) > 1
union all
select
    'funds' as relation,
    concat_ws(' ', fund) as key
from history.funds
where superseded_at = 'infinity'
group by fund
having count(*) > 1
union all
select
    'instruments' as relation,
    concat_ws(' ', instrument) as key
from history.instruments
where superseded_at = 'infinity'
group by instrument
having count(*) > 1
union all
select
    'known_peaks' as relation,
    concat_ws(' ', instrument, peaked_on) as key
from history.known_peaks
where superseded_at = 'infinity'
group by instrument, peaked_on
having count(*) > 1
union all
select
    'pairs' as relation,
    concat_ws(' ', pair) as key
from history.pairs
where superseded_at = 'infinity'
group by pair
having count(*) > 1
union all
select
    'stablecoins' as relation,
    concat_ws(' ', coin) as key
from history.stablecoins
where superseded_at = 'infinity'
group by coin
having count(*) > 1
union all
select
    'stress_periods' as relation,
    concat_ws(' ', stress_period) as key
from history.stress_periods
where superseded_at = 'infinity'
group by stress_period
having count(*) > 1
