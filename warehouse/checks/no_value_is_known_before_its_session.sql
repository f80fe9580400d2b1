-- No value may be of a session that its provider could not know of yet: a valuation or a holding
-- is of a close, a bar of a session that has opened. A day earlier or later in a date's reading
-- puts every flow on the wrong day.
--
-- Severity  error
-- Method    believed rows that no answer has stated since the session was over: a value that its
--           provider has replaced is no longer stated, and one that it has confirmed is known
-- Note      days without a session and what is not in the reference data are another check's

with

early as (
    select
        'bars' as relation,
        json_object('instrument', bars.instrument, 'source', bars.source)::varchar as entity,
        json_object(
            'instrument', bars.instrument, 'session', bars.session, 'source', bars.source
        )::varchar as key,
        bars.session as as_of,
        bars.known_at,
        sessions.opens_at as knowable_at
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
        json_object('fund', valuations.fund, 'source', valuations.source)::varchar as entity,
        json_object(
            'fund', valuations.fund, 'as_of', valuations.as_of, 'source', valuations.source
        )::varchar as key,
        valuations.as_of,
        valuations.known_at,
        sessions.closes_at as knowable_at
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
        json_object(
            'fund', holdings.fund, 'as_of', holdings.as_of, 'source', holdings.source
        )::varchar as entity,
        json_object(
            'fund', holdings.fund,
            'as_of', holdings.as_of,
            'holding', holdings.holding,
            'source', holdings.source
        )::varchar as key,
        holdings.as_of,
        holdings.known_at,
        sessions.closes_at as knowable_at
    from history.holdings as holdings
    inner join funds on holdings.fund = funds.fund
    inner join sessions
        on funds.calendar = sessions.calendar
        and holdings.as_of = sessions.session
        and holdings.known_at < sessions.closes_at
    where holdings.superseded_at = 'infinity'
),

stated_since as (
    select distinct
        early.relation,
        early.key
    from early
    inner join ops.coverage as answers
        on early.relation = answers.relation
        and early.entity = answers.entity
        and early.knowable_at <= answers.known_at
        and early.as_of between answers.first_as_of and answers.last_as_of
    anti join ops.unstated as unstated
        on early.relation = unstated.relation
        and early.key = unstated.key
        and answers.capture = unstated.capture
)

select
    early.relation,
    early.key,
    early.known_at
from early
anti join stated_since
    on early.relation = stated_since.relation and early.key = stated_since.key
