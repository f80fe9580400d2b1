-- Between the first session expected of an instrument or a fund and the last one stored, none is
-- missing: a hole hides records, and a change over it falls on one day.
--
-- Severity  warning
-- Method    what quotes_due and valuations_due count as missing, less the sessions after the last
--           stored one: those are late, and the next run asks for them
-- Note      while sessions after the last stored one are confirmed to be missing, as many before it
--           go untold

with

due as (
    select
        'bars' as relation,
        quotes_due.instrument as subject,
        instruments.calendar,
        quotes_due.source,
        quotes_due.asked_to as last_due,
        quotes_due.missing
    from quotes_due
    inner join instruments on quotes_due.instrument = instruments.instrument
    where quotes_due.priority = 1
    union all
    select
        'fund_valuations' as relation,
        valuations_due.fund as subject,
        funds.calendar,
        valuations_due.source,
        valuations_due.last_due,
        valuations_due.missing
    from valuations_due
    inner join funds on valuations_due.fund = funds.fund
    where valuations_due.priority = 1
),

stored as (
    select
        'bars' as relation,
        instrument as subject,
        source,
        max(session) as last_session
    from history.bars
    where superseded_at = 'infinity'
    group by instrument, source
    union all
    select
        'fund_valuations' as relation,
        fund as subject,
        source,
        max(as_of) as last_session
    from history.fund_valuations
    where superseded_at = 'infinity'
    group by fund, source
)

select
    due.relation,
    due.subject,
    due.source,
    due.missing - count(sessions.session) as missing
from due
inner join stored
    on due.relation = stored.relation
    and due.subject = stored.subject
    and due.source = stored.source
left join sessions
    on due.calendar = sessions.calendar
    and stored.last_session < sessions.session
    and due.last_due >= sessions.session
where due.missing > 0
group by due.relation, due.subject, due.source, due.missing
having due.missing > count(sessions.session)
