-- The net flow of each ISO week of the running ISO year, and its rank among the complete ones.
--
-- Grain  one row per week, the running one included

select
    week,
    net_flow,
    coalesce(rank, rank_if_counted) as rank,
    of,
    sessions,
    complete,
    is_estimated
from weekly_ranks
where
    subject = {subject}
    and measure = {measure}
    and net_flow is not null
    and iso_year = (
        select max(latest.iso_year)
        from weekly_ranks as latest
        where latest.subject = {subject}
    )
order by week
