-- What speaks for risk-on and what for risk-off; which way an indicator speaks is convention.
--
-- Grain  one row per indicator

select
    speaks,
    indicator,
    statement
from risk_indicators
order by speaks desc, indicator asc
