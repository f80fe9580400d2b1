-- What is expected and not stored, and why.
--
-- Grain   one row per dataset, subject, source and market day
-- Method  expected_days minus stored_days. A source is taken to have none when an answer two days
--         or more after the day was due had days before and after it, or when two such answers
--         lacked it: one may be a hiccup. The next run asks for what is open
-- Caveat  sources that report some days only, such as quarterly filings, have none of the others
--
-- Columns
-- dataset   what is recorded: quotes, valuations, holdings, rates, ...
-- subject   instrument, fund, series or page
-- source    who should state it
-- symbol    the source's own name of it
-- priority  1 is the primary source
-- as_of     market day
-- due_at    when the source should have had it, UTC
-- reason    never asked; awaited (answers so far lacked it); unanswered (the last question was);
--           refused (the last answer was not what was asked for); rejected (its row broke a
--           promise); provider has none; out of reach (further back than the source's answer
--           goes: a backfill asks for it in parts); lost (a page was not asked for on its day)
-- detail    why the last question was not answered, or its answer refused or rejected
-- is_open   whether the next run asks for it

with

absent as (
    select expected_days.*
    from expected_days
    anti join stored_days
        on expected_days.dataset = stored_days.dataset
        and expected_days.subject = stored_days.subject
        and expected_days.source = stored_days.source
        and expected_days.as_of = stored_days.as_of
),

answers as (
    select
        dataset,
        subject,
        source,
        asked_from,
        asked_to,
        first_as_of,
        last_as_of,
        known_at,
        known_at - interval 2 day as confirms_until
    from loads
    where relation <> 'corporate_actions'
),

looked_for as (
    select
        absent.dataset,
        absent.subject,
        absent.source,
        absent.as_of,
        count(*) filter (where absent.due_at <= answers.confirms_until) as late_answers,
        coalesce(
            bool_or(
                absent.due_at <= answers.confirms_until
                and absent.as_of between answers.first_as_of and answers.last_as_of
            ),
            false
        ) as is_passed_over
    from absent
    inner join answers
        on absent.dataset = answers.dataset
        and absent.subject = answers.subject
        and absent.source = answers.source
        and absent.as_of >= coalesce(answers.asked_from, absent.as_of)
        and absent.as_of <= coalesce(answers.asked_to, absent.as_of)
        and absent.due_at <= answers.known_at
    where not absent.is_fleeting
    group by absent.dataset, absent.subject, absent.source, absent.as_of
),

reaches as (
    select
        dataset,
        subject,
        source,
        max(asked_from) filter (
            where wanted_from < asked_from and outcome <> 'unanswered'
        ) as reaches_to,
        arg_max(outcome, asked_at) as last_outcome,
        arg_max_null(reason, asked_at) as last_reason
    from questions
    group by dataset, subject, source
),

refused as (
    select
        dataset,
        source,
        substr(scope, len(source) + len(dataset) + 3) as subject,
        arg_max(reason, refused_at) as reason
    from refusals
    where resolved_at is null
    group by dataset, source, scope
),

broken as (
    select
        dataset,
        source,
        coalesce(key ->> 'instrument', key ->> 'fund', key ->> 'series') as subject,
        coalesce(key ->> 'session', key ->> 'as_of')::date as as_of,
        array_to_string(failures, ', ') as failures
    from rejections
    where resolved_at is null and relation <> 'corporate_actions'
),

rejected as (
    select
        dataset,
        source,
        subject,
        as_of,
        string_agg(distinct failures, '; ') as failures
    from broken
    group by dataset, source, subject, as_of
),

judged as (
    select
        absent.*,
        case
            when absent.is_fleeting then 'lost'
            when rejected.as_of is not null then 'rejected'
            when looked_for.is_passed_over or looked_for.late_answers >= 2 then 'provider has none'
            when absent.as_of < reaches.reaches_to then 'out of reach'
            when reaches.last_outcome = 'unanswered' then 'unanswered'
            when refused.subject is not null then 'refused'
            when looked_for.as_of is not null then 'awaited'
            else 'never asked'
        end as reason,
        rejected.failures,
        reaches.last_reason,
        refused.reason as refusal
    from absent
    left join looked_for
        on absent.dataset = looked_for.dataset
        and absent.subject = looked_for.subject
        and absent.source = looked_for.source
        and absent.as_of = looked_for.as_of
    left join reaches
        on absent.dataset = reaches.dataset
        and absent.subject = reaches.subject
        and absent.source = reaches.source
    left join refused
        on absent.dataset = refused.dataset
        and absent.subject = refused.subject
        and absent.source = refused.source
    left join rejected
        on absent.dataset = rejected.dataset
        and absent.subject = rejected.subject
        and absent.source = rejected.source
        and absent.as_of = rejected.as_of
)

select
    dataset,
    subject,
    source,
    symbol,
    priority,
    as_of,
    due_at,
    reason,
    case reason
        when 'rejected' then failures
        when 'unanswered' then last_reason
        when 'refused' then refusal
    end as detail,
    reason not in ('provider has none', 'out of reach', 'lost') as is_open
from judged
