-- What one instrument cost in another at the end of each week, and the mean of 50 weeks.
--
-- Grain  one row per ISO week of the last three years, the running one included

select
    week,
    ratio,
    mean,
    weeks_on_side,
    complete
from weekly_ratios
where
    pair = {pair}
    and week > (
        select max(latest.week) - interval 3 years
        from weekly_ratios as latest
        where latest.pair = {pair}
    )
order by week
