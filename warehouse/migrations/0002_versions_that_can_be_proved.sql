-- Lateness is judged key by key: which days of which entity an answer covered, and what it left
-- unsaid there. Before this it was judged by what was asked, which a hole in an answer misled.

-- One line per answer and entity it speaks of: the key without its market day, or, in a table of
-- snapshots, the snapshot (JSON).
create table ops.coverage (
    relation varchar not null,
    entity varchar not null,
    capture varchar not null,
    known_at timestamptz not null,
    first_as_of date, -- null: all days
    last_as_of date
);

-- Keys that lie within what an answer covered and of which it says nothing: a hole where it had a
-- row before, or a row that was rejected.
create table ops.unstated (
    relation varchar not null,
    entity varchar, -- null, as as_of: a row of a snapshot, that was rejected
    as_of date,
    key varchar not null,
    capture varchar not null,
    known_at timestamptz not null
);

-- The columns that each payload had, sorted, also of one that was refused, if it could be read.
create table ops.source_shapes (
    source varchar not null,
    dataset varchar not null,
    subject varchar not null,
    scope varchar not null,
    capture varchar not null,
    known_at timestamptz not null,
    is_refused boolean not null,
    columns varchar[] not null
);

-- Whether a later answer on the same days had been loaded before: versions differ from those of
-- loading in order until a replay.
alter table ops.loads add column is_late boolean default false;

-- Calendars were recorded without a capture to replay them from: the next run captures them.
delete from ops.loads
where source = 'calendars';

insert into ops.coverage
select
    loads.relation,
    case loads.relation
        when 'bars'
            then json_object('instrument', loads.subject, 'source', loads.source)
        when 'corporate_actions'
            then
                json_object(
                    'instrument', loads.subject, 'kind', kinds.kind, 'source', loads.source
                )
        when 'fund_valuations'
            then json_object('fund', loads.subject, 'source', loads.source)
        when 'holdings'
            then
                json_object(
                    'fund', loads.subject, 'as_of', loads.first_as_of, 'source', loads.source
                )
        when 'sessions'
            then json_object('calendar', split_part(loads.subject, '@', 1))
        else '{}'
    end::varchar as entity,
    loads.capture,
    loads.known_at,
    loads.first_as_of,
    loads.last_as_of
from ops.loads as loads
inner join (values ('dividend'), ('split'), ('capital_gain'), (null)) as kinds (kind)
    on (loads.relation = 'corporate_actions') = (kinds.kind is not null)
where
    loads.first_as_of is not null
    or loads.relation not in ('bars', 'corporate_actions', 'fund_valuations', 'holdings');
