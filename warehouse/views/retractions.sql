-- What was published and would not be published so today, and what changed it.
--
-- Grain   one row per fact, subject, measure and market day, and version of it that is no longer
--         stated
-- Method  stated_facts: versions whose sentence is not that of the one believed now, against the
--         revisions that became known between the two, of tables that the fact rests on, for its
--         market day or an earlier one
-- Caveat  reference data may have changed it too; where no revision is found, the definition of the
--         fact was changed by a release of silverstreak
--
-- Columns
-- fact           name of the fact
-- subject        what it is about
-- measure        which of its quantities
-- as_of          market day it was stated for
-- stated_at      when it was first published so, UTC
-- retracted_at   when it was found that it would not be stated so any more, UTC
-- statement      what was stated
-- value          the number then
-- statement_now  what is stated now; null: nothing
-- value_now      the number now
-- revisions      how many rows changed in between that it may rest on
-- because        up to three of them in words, the subject's own first, the latest day first

with

versions as (
    select
        fact,
        subject,
        measure,
        as_of,
        is_withdrawn,
        statement,
        value,
        known_at,
        least(
            superseded_at,
            case
                when
                    superseded_at > coalesce(
                        getvariable('known_at')::timestamptz, timestamptz '9999-12-31 00:00:00+00'
                    )
                    then timestamptz 'infinity'
                else superseded_at
            end
        ) as superseded_at
    from history.stated_facts
    where
        known_at <= coalesce(getvariable('known_at')::timestamptz, timestamptz 'infinity')
        and as_of <= coalesce(getvariable('as_of')::date, date 'infinity')
),

believed as (
    select * from stated_facts
),

retracted as (
    select
        versions.*,
        believed.statement as statement_now,
        believed.value as value_now
    from versions
    inner join believed
        on versions.fact = believed.fact
        and versions.subject = believed.subject
        and versions.measure = believed.measure
        and versions.as_of = believed.as_of
    where not versions.is_withdrawn and versions.statement is distinct from believed.statement
),

parts as (
    select
        subject,
        subject as entity
    from retracted
    union
    select
        subject,
        entity
    from subject_entities
),

changed as (
    select
        retracted.fact,
        retracted.subject,
        retracted.measure,
        retracted.as_of,
        retracted.known_at,
        count(*) as revisions,
        list(
            revisions.told
            order by
                coalesce(revisions.entity = retracted.subject, false) desc,
                revisions.as_of desc nulls last,
                revisions.told asc
        ) as because
    from retracted
    inner join parts on retracted.subject = parts.subject
    inner join fact_tables on retracted.fact = fact_tables.fact
    inner join revisions
        on fact_tables.relation = revisions.relation
        and coalesce(revisions.entity, parts.entity) = parts.entity
        and (revisions.entity is not null or parts.entity = parts.subject)
        and retracted.known_at < revisions.known_at
        and retracted.superseded_at >= revisions.known_at
        and retracted.as_of >= coalesce(revisions.as_of, retracted.as_of)
    group by
        retracted.fact, retracted.subject, retracted.measure, retracted.as_of, retracted.known_at
)

select
    retracted.fact,
    retracted.subject,
    retracted.measure,
    retracted.as_of,
    retracted.known_at as stated_at,
    retracted.superseded_at as retracted_at,
    retracted.statement,
    retracted.value,
    retracted.statement_now,
    retracted.value_now,
    coalesce(changed.revisions, 0) as revisions,
    list_slice(changed.because, 1, 3) as because
from retracted
left join changed
    on retracted.fact = changed.fact
    and retracted.subject = changed.subject
    and retracted.measure = changed.measure
    and retracted.as_of = changed.as_of
    and retracted.known_at = changed.known_at
