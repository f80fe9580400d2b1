-- What an instrument has returned in each calendar year, the running one to date.
--
-- Grain  one row per year

select
    year,
    price_return,
    base_close,
    close,
    complete
from calendar_year_returns
where instrument = {instrument} and price_return is not null
order by year
