-- Who started a run and what for, what was asked and not answered, what checks found, who was told.

alter table ops.runs add column flow varchar;

alter table ops.runs add column datasets varchar[];

-- When it was to start; null: nobody had planned it.
alter table ops.runs add column scheduled_at timestamptz;

-- One line per question of a run, whatever came of it. The ledger knows only what was answered.
create table ops.questions (
    run varchar not null,
    source varchar not null,
    dataset varchar not null,
    subject varchar not null,
    wanted_from date, -- earlier than asked_from where a source reaches back no further
    asked_from date,
    asked_to date,
    asked_at timestamptz not null,
    outcome varchar not null, -- answered, unchanged, unanswered
    reason varchar
);

-- What each check found at the end of each run.
create table ops.check_results (
    run varchar not null,
    check_name varchar not null,
    severity varchar not null,
    failing_rows bigint not null
);

-- When a run last looked for what there is to alert to; null: it has not.
alter table ops.runs add column alerted_at timestamptz;

-- What a person was to be told, once each.
create table ops.alerts (
    alert varchar not null, -- what makes it the same
    kind varchar not null, -- record, streak, week, late, check, drift
    subject varchar not null, -- what it is about
    message varchar not null,
    raised_at timestamptz not null,
    over_at timestamptz, -- when a dataset was late no more, or a check passed again
    owed_to bigint[] not null, -- numbers of the addresses that are still to be told
    sender varchar, -- the run that is about to tell them
    sent_at timestamptz -- when the last of them was told; null: not yet, or there is none
);
