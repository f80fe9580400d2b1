-- The net flow of each month, and how many months of inflows in a row it ends.
--
-- Grain  one row per month of two and a half years, the running one included

select
    month,
    net_flow,
    streak,
    complete,
    is_estimated,
    coalesce(first_month = max_by(first_month, month) over (), false) as in_latest_streak
from inflow_streaks
where
    subject = {subject}
    and measure = {measure}
    and net_flow is not null
    and month > (
        select max(latest.month) - interval 30 months
        from inflow_streaks as latest
        where latest.subject = {subject}
    )
order by month
