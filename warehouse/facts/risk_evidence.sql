-- How many indicators speak for risk-on, and how many for risk-off (claim C19).
--
-- Grain   one row per side: risk_on and risk_off
-- Method  the indicators of risk_indicators, counted by the way they speak; no verdict is invented
-- Caveat  not stated on fewer than four indicators; they overlap, so none of the counts is a proof

with

counted as (
    select
        max(as_of) as as_of,
        count(*) as indicators,
        count(*) filter (where speaks = 'risk-on') as risk_on,
        count(*) filter (where speaks = 'risk-off') as risk_off,
        string_agg(indicator, ', ' order by indicator asc) filter (
            where speaks = 'risk-on'
        ) as for_risk_on,
        string_agg(indicator, ', ' order by indicator asc) filter (
            where speaks = 'risk-off'
        ) as for_risk_off
    from risk_indicators
),

sides as (
    select
        *,
        unnest(['risk_on', 'risk_off']) as measure,
        unnest([risk_on, risk_off]) as number,
        unnest([for_risk_on, for_risk_off]) as which
    from counted
    where indicators >= 4
)

select
    'risk_evidence' as fact,
    'markets' as subject,
    measure,
    as_of,
    number as value,
    'indicators' as unit,
    format(
        '{} of {} {} for {}{}.',
        number,
        counted(indicators, 'indicator'),
        case when number = 1 then 'speaks' else 'speak' end,
        replace(measure, '_', '-'),
        coalesce(': ' || which, '')
    ) as statement,
    ['which way an indicator speaks is convention', 'a tally, not a verdict'] as labels,
    indicators as of,
    true as complete,
    indicators as observations,
    'risk_indicators' as view
from sides
