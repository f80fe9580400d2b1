-- A period in words: on 2025-12-11, in 2025-W50 (from 2025-12-08), in the 5 sessions to 2025-12-11.
--
-- Grain   one text per call
-- Method  weeks and months by their first day, days, windows of sessions, years by their last
-- Caveat  null for null
--
-- Arguments
-- period    day, week, month, year_to_date, or a window such as 5_sessions
-- dated     that day
-- sessions  sessions of a window or a year to date
--
-- Example
-- select period_named('week', date '2025-12-08', 4)

select
    case
        when period = 'day' then 'on ' || strftime(dated, '%Y-%m-%d')
        when period = 'week' then 'in ' || strftime(dated, '%G-W%V (from %Y-%m-%d)')
        when period = 'month' then 'in ' || strftime(dated, '%B %Y')
        when period = 'year_to_date' and sessions = 1 then 'in the first session of ' || year(dated)
        when period = 'year_to_date'
            then format('in the first {} of {}', counted(sessions, 'session'), year(dated))
        else format('in the {} to {}', counted(sessions, 'session'), strftime(dated, '%Y-%m-%d'))
    end
