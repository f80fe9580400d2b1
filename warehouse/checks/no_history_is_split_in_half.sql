-- After a split a source's whole history must have been fetched again: else old and new prices
-- stand on different bases, and the highest of them is no record.
--
-- Severity  error

select
    splits.instrument,
    splits.source,
    splits.ex_date
from history.corporate_actions as splits
inner join instruments on splits.instrument = instruments.instrument
where
    splits.kind = 'split'
    and splits.superseded_at = 'infinity'
    and exists (
        select 1
        from history.bars as older
        where
            older.instrument = splits.instrument
            and older.source = splits.source
            and older.session < splits.ex_date
            and older.known_at < splits.known_at
    )
    and not exists (
        select 1
        from ops.loads as answers
        where
            answers.relation = 'bars'
            and answers.subject = splits.instrument
            and answers.source = splits.source
            and answers.asked_from <= (
                select min(sessions.session)
                from sessions
                where
                    sessions.calendar = instruments.calendar
                    and sessions.session >= instruments.first_session
            )
            and answers.known_at >= splits.known_at
    )
