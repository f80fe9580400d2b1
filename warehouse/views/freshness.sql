-- How fresh each dataset is, by source: the last day that is known, the last day due, and how late.
--
-- Grain   one row per dataset and source; where a source is the first one of some subjects and a
--         fallback of others, one row for each kind
-- Method  late when a day after the last one stored is due and missing: since its deadline, but not
--         before the source was first asked, nor before the last answer of a fallback. A page is
--         late when it was recorded neither in this hour, or on this UTC day, nor in the one before
-- Caveat  told from the clock. Older holes make nothing late (see gaps), nor does what a fallback
--         lacked when asked. A subject of which a source has nothing at all does not count
--
-- Columns
-- dataset         what is recorded: quotes, valuations, holdings, rates, ...
-- source          who states it
-- is_primary      whether it is the first source of these subjects
-- subjects        instruments, funds, series or pages that were asked for, if any was; else all
-- never_asked     how many others were never asked for
-- last_day        last market day that all of these subjects have; null: one of them has none
-- last_due        last market day that all of them should have; of a page the day of the last whole
--                 hour, or the last whole day
-- missing         market days with an open gap; of a page 0: what was missed is lost
-- due_at          since when it is late, UTC; null: it is not
-- hours_late      hours since then
-- last_asked_at   when a run last asked, UTC
-- last_loaded_at  when the last answer that was loaded reached us, UTC
-- state           fresh, late or never asked

with

stored as (
    select
        dataset,
        subject,
        source,
        max(as_of) as last_day
    from stored_days
    group by dataset, subject, source
),

behind as (
    select
        gaps.dataset,
        gaps.subject,
        gaps.source,
        count(*) as missing,
        min(gaps.due_at) filter (
            where
            gaps.as_of > coalesce(stored.last_day, '-infinity')
            and (gaps.priority = 1 or gaps.reason <> 'awaited')
        ) as due_at
    from gaps
    left join stored
        on gaps.dataset = stored.dataset
        and gaps.subject = stored.subject
        and gaps.source = stored.source
    where gaps.is_open
    group by gaps.dataset, gaps.subject, gaps.source
),

loaded as (
    select
        dataset,
        subject,
        source,
        min(known_at) as first_loaded_at,
        max(known_at) as last_loaded_at
    from loads
    group by dataset, subject, source
),

asked as (
    select
        dataset,
        subject,
        source,
        min(asked_at) as first_asked_at,
        max(asked_at) as last_asked_at,
        max(asked_at) filter (where outcome <> 'unanswered') as last_answered_at
    from questions
    group by dataset, subject, source
),

dated as (
    select
        dataset,
        subject,
        source,
        priority = 1 as is_primary,
        max(as_of) as last_due
    from expected_days
    where not is_fleeting
    group by dataset, subject, source, priority
),

followed as (
    select
        dated.dataset,
        dated.subject,
        dated.source,
        dated.is_primary,
        stored.last_day,
        dated.last_due,
        coalesce(behind.missing, 0) as missing,
        case
            when behind.due_at is null then null
            when dated.is_primary
                then greatest(behind.due_at, least(asked.first_asked_at, loaded.first_loaded_at))
            else greatest(behind.due_at, asked.last_answered_at, loaded.last_loaded_at)
        end as due_at,
        asked.last_asked_at,
        loaded.last_loaded_at
    from dated
    left join stored
        on dated.dataset = stored.dataset
        and dated.subject = stored.subject
        and dated.source = stored.source
    left join behind
        on dated.dataset = behind.dataset
        and dated.subject = behind.subject
        and dated.source = behind.source
    left join loaded
        on dated.dataset = loaded.dataset
        and dated.subject = loaded.subject
        and dated.source = loaded.source
    left join asked
        on dated.dataset = asked.dataset
        and dated.subject = asked.subject
        and dated.source = asked.source
    where stored.last_day is not null or behind.missing is not null
),

visited as (
    select
        page_sources.dataset,
        page_sources.page as subject,
        page_sources.source,
        page_sources.priority = 1 as is_primary,
        pages.every,
        case pages.every when 'hour' then interval 1 hour else interval 1 day end as period,
        coalesce(loaded.last_loaded_at, asked.first_asked_at) at time zone 'UTC' as since,
        clock.now at time zone 'UTC' as now,
        asked.last_asked_at,
        loaded.last_loaded_at
    from page_sources
    inner join pages on page_sources.page = pages.page
    cross join clock
    left join loaded
        on page_sources.dataset = loaded.dataset
        and page_sources.page = loaded.subject
        and page_sources.source = loaded.source
    left join asked
        on page_sources.dataset = asked.dataset
        and page_sources.page = asked.subject
        and page_sources.source = asked.source
),

subjects as (
    select * from followed
    union all
    select
        dataset,
        subject,
        source,
        is_primary,
        (last_loaded_at at time zone 'UTC')::date as last_day,
        (date_trunc(every, now) - period)::date as last_due,
        0 as missing,
        case
            when date_trunc(every, since) + 2 * period <= now
                then (date_trunc(every, since) + 2 * period) at time zone 'UTC'
        end as due_at,
        last_asked_at,
        last_loaded_at
    from visited
),

known as (
    select
        *,
        coalesce(last_asked_at, last_loaded_at) is not null as is_asked,
        bool_or(is_asked) over (partition by dataset, source, is_primary) as one_is_asked
    from subjects
),

judged as (
    select
        dataset,
        source,
        is_primary,
        count(*) filter (where is_asked = one_is_asked) as subjects,
        count(*) filter (where is_asked < one_is_asked) as never_asked,
        bool_and(last_day is not null) filter (where is_asked = one_is_asked) as all_have_one,
        min(last_day) filter (where is_asked = one_is_asked) as last_day,
        min(last_due) filter (where is_asked = one_is_asked) as last_due,
        sum(missing) filter (where is_asked = one_is_asked)::bigint as missing,
        min(due_at) filter (where is_asked) as due_at,
        max(last_asked_at) as last_asked_at,
        max(last_loaded_at) as last_loaded_at,
        bool_or(is_asked) as is_asked
    from known
    group by dataset, source, is_primary
)

select
    judged.dataset,
    judged.source,
    judged.is_primary,
    judged.subjects,
    judged.never_asked,
    case when judged.all_have_one then judged.last_day end as last_day,
    judged.last_due,
    judged.missing,
    judged.due_at,
    (epoch(clock.now) - epoch(judged.due_at)) / 3600 as hours_late,
    judged.last_asked_at,
    judged.last_loaded_at,
    case
        when not judged.is_asked then 'never asked'
        when judged.due_at is null then 'fresh'
        else 'late'
    end as state
from judged
cross join clock
