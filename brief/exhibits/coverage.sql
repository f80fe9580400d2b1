-- How much of the group reported on its latest sessions.
--
-- Grain  one row per session

select
    session,
    coverage,
    members_reporting,
    members_expected
from group_coverage
where fund_group = {subject}
order by session desc
limit 5
