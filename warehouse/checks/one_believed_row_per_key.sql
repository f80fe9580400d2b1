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
    'corporate_actions' as relation,
    concat_ws(' ', instrument, ex_date, kind, source) as key
from history.corporate_actions
where superseded_at = 'infinity'
group by instrument, ex_date, kind, source
having count(*) > 1
