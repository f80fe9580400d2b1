-- The region in whose session a moment of the day lies: Asia, Europe, America or late.
--
-- Grain   one text per call
-- Method  standard hours, UTC: Asia from 00:00, Europe from 08:00, America from 13:30, and from
--         22:00 on it is late
-- Caveat  conventions, the same in summer and in winter; null for null
--
-- Arguments
-- moment  a timestamp without time zone, UTC
--
-- Example
-- select region_session(timestamp '2025-12-11 02:30')

select
    case
        when moment::time < time '08:00' then 'Asia'
        when moment::time < time '13:30' then 'Europe'
        when moment::time < time '22:00' then 'America'
        when moment is not null then 'late'
    end
