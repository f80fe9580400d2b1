-- How many ounces or shares each fund had, at the end of each week of five years.
--
-- Grain  one row per fund and week

select
    fund,
    max(as_of) as as_of,
    arg_max(amount, as_of) as amount,
    arg_max(is_estimated, as_of) as is_estimated
from fund_levels
where
    fund in {funds}
    and measure = {level}
    and as_of > (
        select max(latest.as_of) - interval 5 years
        from fund_levels as latest
        where latest.fund in {funds}
    )
group by fund, date_trunc('week', as_of)
order by fund, as_of
