-- How usual the latest day's net flow is, against the 252 days before.
--
-- Grain   one row per subject and measure, for its latest market day
-- Method  the 252 days before whose net flow can be told (measured_flows). Percentile: share of
--         them with a net flow at or below the day's. Robust z: distance from their median over
--         1.4826 median absolute deviations, which is a standard deviation if they are normal;
--         null if the deviation is 0
-- Caveat  no row with fewer than 252 days before. Days that cannot be told are passed over: see
--         from_as_of
--
-- Columns
-- subject       fund or group
-- measure       shares, ounces or usd
-- as_of         market day
-- net_flow      net creations, in the measure's unit
-- percentile    share of the days before at or below it
-- median        median of the days before
-- mad           median absolute deviation of the days before
-- robust_z      distance from the median in robust standard deviations; null if there are none
-- from_as_of    first of the days before
-- to_as_of      last of the days before
-- is_estimated  whether the net flow is in estimated ounces

with

days as (
    select
        *,
        row_number() over (partition by subject, measure order by starts_on desc) as back
    from measured_flows
    where period = 'day' and complete and measure <> 'percent'
    qualify back <= 253
),

scored as (
    select
        latest.subject,
        latest.measure,
        latest.starts_on as as_of,
        latest.net_flow,
        latest.is_estimated,
        count(*) filter (where before.net_flow <= latest.net_flow) / count(*) as percentile,
        median(before.net_flow) as median,
        mad(before.net_flow) as mad,
        min(before.starts_on) as from_as_of,
        max(before.starts_on) as to_as_of
    from days as latest
    inner join days as before
        on latest.subject = before.subject and latest.measure = before.measure
    where latest.starts_on = latest.last_as_of and latest.back = 1 and before.back > 1
    group by
        latest.subject,
        latest.measure,
        latest.starts_on,
        latest.net_flow,
        latest.is_estimated
    having count(*) = 252
)

select
    subject,
    measure,
    as_of,
    net_flow,
    percentile,
    median,
    mad,
    (net_flow - median) / nullif(1.4826 * mad, 0) as robust_z,
    from_as_of,
    to_as_of,
    is_estimated
from scored
