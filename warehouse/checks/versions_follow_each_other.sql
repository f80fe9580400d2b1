-- A version is superseded after it became known, and before the next of its key is known.
--
-- Severity  error

select
    'bars' as relation,
    concat_ws(' ', earlier.instrument, earlier.session, earlier.source) as key
from history.bars as earlier
inner join history.bars as later
    on earlier.instrument = later.instrument
    and earlier.session = later.session
    and earlier.source = later.source
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'corporate_actions' as relation,
    concat_ws(' ', earlier.instrument, earlier.ex_date, earlier.kind, earlier.source) as key
from history.corporate_actions as earlier
inner join history.corporate_actions as later
    on earlier.instrument = later.instrument
    and earlier.ex_date = later.ex_date
    and earlier.kind = later.kind
    and earlier.source = later.source
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'fund_valuations' as relation,
    concat_ws(' ', earlier.fund, earlier.as_of, earlier.source) as key
from history.fund_valuations as earlier
inner join history.fund_valuations as later
    on earlier.fund = later.fund
    and earlier.as_of = later.as_of
    and earlier.source = later.source
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'holdings' as relation,
    concat_ws(' ', earlier.fund, earlier.as_of, earlier.holding, earlier.source) as key
from history.holdings as earlier
inner join history.holdings as later
    on earlier.fund = later.fund
    and earlier.as_of = later.as_of
    and earlier.holding = later.holding
    and earlier.source = later.source
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'assets' as relation,
    concat_ws(' ', earlier.asset) as key
from history.assets as earlier
inner join history.assets as later
    on earlier.asset = later.asset
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'calendar_overrides' as relation,
    concat_ws(' ', earlier.calendar, earlier.session) as key
from history.calendar_overrides as earlier
inner join history.calendar_overrides as later
    on earlier.calendar = later.calendar
    and earlier.session = later.session
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'fomc_meetings' as relation,
    concat_ws(' ', earlier.announced_on) as key
from history.fomc_meetings as earlier
inner join history.fomc_meetings as later
    on earlier.announced_on = later.announced_on
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'fund_groups' as relation,
    concat_ws(' ', earlier.fund_group, earlier.fund, earlier.member_from) as key
from history.fund_groups as earlier
inner join history.fund_groups as later
    on earlier.fund_group = later.fund_group
    and earlier.fund = later.fund
    and earlier.member_from = later.member_from
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'fund_terms' as relation,
    concat_ws(' ', earlier.fund, earlier.effective_from) as key
from history.fund_terms as earlier
inner join history.fund_terms as later
    on earlier.fund = later.fund
    and earlier.effective_from = later.effective_from
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'funds' as relation,
    concat_ws(' ', earlier.fund) as key
from history.funds as earlier
inner join history.funds as later
    on earlier.fund = later.fund
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'instruments' as relation,
    concat_ws(' ', earlier.instrument) as key
from history.instruments as earlier
inner join history.instruments as later
    on earlier.instrument = later.instrument
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'known_peaks' as relation,
    concat_ws(' ', earlier.instrument, earlier.peaked_on) as key
from history.known_peaks as earlier
inner join history.known_peaks as later
    on earlier.instrument = later.instrument
    and earlier.peaked_on = later.peaked_on
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'pairs' as relation,
    concat_ws(' ', earlier.pair) as key
from history.pairs as earlier
inner join history.pairs as later
    on earlier.pair = later.pair
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'stablecoins' as relation,
    concat_ws(' ', earlier.coin) as key
from history.stablecoins as earlier
inner join history.stablecoins as later
    on earlier.coin = later.coin
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
union all
select
    'stress_periods' as relation,
    concat_ws(' ', earlier.stress_period) as key
from history.stress_periods as earlier
inner join history.stress_periods as later
    on earlier.stress_period = later.stress_period
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
