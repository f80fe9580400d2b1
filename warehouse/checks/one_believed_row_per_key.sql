-- Of each key, at most one version may be believed; asked of every table in turn.
--
-- Severity  error

select {key}
from history.{table}
where superseded_at = 'infinity'
group by {key}
having count(*) > 1
