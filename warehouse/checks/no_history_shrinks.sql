-- No answer lacks a row that an earlier one had, where it should: between its own rows, or at the
-- beginning of all that was asked for. A source that forgets its past makes every record and
-- streak over it untrue. What it has left out is believed all the same.
--
-- Severity  warning
-- Method    rows that no answer on their days has stated since one left them out; the last answer
--           that was asked for all begins later than an earlier one did
-- Note      a row that was there but could not be read is a rejection, and told there. Who has
--           never served more than one day at once has no history that could shrink

with

left_out as (
    select
        relation,
        entity,
        key,
        as_of,
        max(known_at) as known_at
    from ops.unstated
    where entity is not null
    group by relation, entity, key, as_of
),

stated_since as (
    select distinct
        left_out.relation,
        left_out.key
    from left_out
    inner join ops.coverage as answers
        on left_out.relation = answers.relation
        and left_out.entity = answers.entity
        and left_out.known_at < answers.known_at
        and left_out.as_of between answers.first_as_of and answers.last_as_of
),

unreadable as (
    select
        relation,
        key
    from ops.rejections
    where resolved_at is null
),

begun as (
    select
        relation,
        scope,
        min(first_as_of) as first_as_of,
        bool_or(first_as_of < last_as_of) as is_history
    from ops.loads
    group by relation, scope
),

last_in_full as (
    select
        loads.relation,
        loads.scope,
        arg_max(loads.first_as_of, loads.known_at) as first_as_of,
        max(loads.known_at) as known_at
    from ops.loads as loads
    inner join begun on loads.relation = begun.relation and loads.scope = begun.scope
    where
        loads.relation <> 'stated_facts'
        and loads.first_as_of is not null
        and coalesce(loads.asked_from <= begun.first_as_of, begun.is_history)
    group by loads.relation, loads.scope
)

select
    left_out.relation,
    left_out.key as missing,
    left_out.known_at
from left_out
anti join stated_since
    on left_out.relation = stated_since.relation and left_out.key = stated_since.key
anti join unreadable
    on left_out.relation = unreadable.relation and left_out.key = unreadable.key
union all
select
    last_in_full.relation,
    last_in_full.scope || ' from ' || begun.first_as_of || ' on' as missing,
    last_in_full.known_at
from last_in_full
inner join begun
    on last_in_full.relation = begun.relation
    and last_in_full.scope = begun.scope
    and last_in_full.first_as_of > begun.first_as_of
