-- What the pipeline remembers of its own work. The first release left no number behind: hence
-- `if not exists`.

create schema if not exists ops;

create table if not exists ops.origin (
    origin varchar not null, -- live, history or synthetic
    created_at timestamptz not null,
    release varchar not null
);

create table if not exists ops.runs (
    run varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    state varchar not null, -- running, completed, failed
    summary varchar[] not null
);

-- The ledger: one line per capture and table, written in the transaction that wrote the rows.
create table if not exists ops.loads (
    relation varchar not null,
    source varchar not null,
    dataset varchar not null,
    subject varchar not null,
    scope varchar not null,
    capture varchar not null,
    known_at timestamptz not null,
    asked_from date,
    asked_to date,
    first_as_of date,
    last_as_of date,
    seen bigint not null,
    new bigint not null,
    revised bigint not null,
    unchanged bigint not null,
    stale bigint not null,
    gone bigint not null,
    rejected bigint not null
);

-- Rows that broke a promise of their table, as served. Nothing is dropped.
create table if not exists ops.rejections (
    relation varchar not null,
    source varchar not null,
    dataset varchar not null,
    scope varchar not null,
    capture varchar not null,
    position bigint not null,
    key varchar not null,
    row varchar,
    failures varchar[] not null,
    rejected_at timestamptz not null,
    resolved_at timestamptz,
    resolved_by varchar
);

-- Payloads that were not what was asked for; the capture is kept, the next release tries again.
create table if not exists ops.refusals (
    source varchar not null,
    dataset varchar not null,
    scope varchar not null,
    asked_to date,
    capture varchar not null,
    refused_at timestamptz not null,
    reason varchar not null,
    release varchar not null,
    resolved_at timestamptz
);

-- The digest of all view definitions: they are rebuilt only when it changes.
create table if not exists ops.definitions (digest varchar not null);
