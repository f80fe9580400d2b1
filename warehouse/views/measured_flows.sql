-- Net creations of funds and groups by day, week and month, in each measure.
--
-- Grain   one row per subject, measure, period (day, week or month) and its first day, the running
--         period included, where the net flow can be told
-- Method  as in period_values; what is told there in shares is told in percent, too
-- Caveat  measures are never compared or added
--
-- Columns
-- subject       fund or group
-- measure       shares, ounces, usd, or percent: of the shares before, as a fraction
-- period        day, week or month
-- starts_on     the day, Monday of the ISO week, first day of the month
-- net_flow      net creations, in the measure's unit
-- complete      whether the period is over and all of it is known
-- is_estimated  whether the net flow is in estimated ounces
-- last_as_of    the subject's latest market day

with

flows as (
    select *
    from period_values
    where measure <> 'close' and value is not null
),

rates as (
    select
        subject,
        'day' as period,
        as_of as starts_on,
        flow_rate
    from subject_days
    where flow_rate is not null
    union all
    select
        subject,
        period,
        starts_on,
        flow_rate
    from net_flows_by_period
    where flow_rate is not null
)

select
    subject,
    measure,
    period,
    starts_on,
    value as net_flow,
    state = 'complete' as complete,
    is_estimated,
    last_as_of
from flows
union all
select
    flows.subject,
    'percent' as measure,
    flows.period,
    flows.starts_on,
    rates.flow_rate as net_flow,
    flows.state = 'complete' as complete,
    false as is_estimated,
    flows.last_as_of
from flows
inner join rates
    on flows.subject = rates.subject
    and flows.period = rates.period
    and flows.starts_on = rates.starts_on
where flows.measure = 'shares'
