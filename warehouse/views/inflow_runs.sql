-- Every unbroken run of months of inflows.
--
-- Grain   one row per subject, measure and run
-- Method  consecutive months of inflow_streaks; `completed` counts the finished ones
-- Caveat  a run that follows a month that cannot be told is not listed: its length is not known
--
-- Columns
-- subject       fund or group
-- measure       shares, ounces or usd
-- first_month   first month of the run
-- last_month    last month of the run, the running one included
-- completed     finished months
-- on_track      months with the running one, if it is an inflow so far
-- is_current    whether the run has not ended: a running month that is no inflow so far ends none
-- at_least      whether it reaches back to the first month known, so may be longer

with

months as (
    select
        *,
        max(month) filter (where is_over) over (
            partition by subject, measure
        ) as last_month_over
    from inflow_streaks
)

select
    subject,
    measure,
    first_month,
    max(month) as last_month,
    count(*) filter (where complete) as completed,
    count(*) as on_track,
    coalesce(max(month) >= any_value(last_month_over), true) as is_current,
    bool_or(at_least) as at_least
from months
where streak > 0
group by subject, measure, first_month
