-- Whether a fund's weeks and months are whole.
--
-- Grain   one row per fund, period (week or month) and its first day, with no period left out
-- Method  the funds of net_flows_by_period, which says when a period is complete
-- Caveat  a hole within a period leaves it complete, and so does one of up to five sessions across
--         its end: the change falls on the day data resumes
--
-- Columns
-- fund       ticker
-- period     week or month
-- starts_on  Monday of the ISO week, first day of the month
-- sessions   market days observed
-- coverage   share of the period's sessions observed; a running one's are not all due
-- state      complete, running, first or cannot be told

select
    subject as fund,
    period,
    starts_on,
    sessions,
    coverage,
    state
from net_flows_by_period
where not is_group
