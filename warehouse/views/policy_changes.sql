-- Every change of the upper bound of the Federal Reserve's target range, and what kind it is.
--
-- Grain   one row per change of DFEDTARU
-- Method  pivot: the direction is reversed; resumption: the same direction after at least three
--         meetings without a change; continuation: the same direction sooner. The announcement is
--         the meeting (fomc_meetings) of the day or of the day before
-- Caveat  from 2017 on, a change carries the day after its announcement. Where a meeting is not
--         listed, those without a change are not counted, and the kind is known of pivots only
--
-- Columns
-- as_of               day the new level carries
-- announced_at        day of the announcement; null: not listed
-- previous_level      upper bound before, percent
-- level               upper bound from then on, percent
-- change              difference, percentage points
-- direction           hike or cut
-- kind                pivot, resumption or continuation; null: cannot be told
-- previous_as_of      day of the change before; null: none is known
-- meetings_between    meetings without a change since the change before; null: not known
-- moves_in_direction  changes in a row in this direction, this one included
-- turn_date           day of the first of them
-- is_turn_known       whether that one is known to reverse another

with

levels as (
    select
        as_of,
        value as level,
        lag(value) over (order by as_of) as previous_level
    from rates
    where series = 'DFEDTARU'
),

moves as (
    select
        as_of,
        previous_level,
        level,
        'DFEDTARU' as series,
        level - previous_level as change
    from levels
    where level != previous_level
),

hikes as (
    select * from streaks(moves, series, as_of, change)
),

cuts as (
    select * from streaks(moves, series, as_of, -change)
),

announced as (
    select
        moves.*,
        fomc_meetings.announced_on as announced_at
    from moves
    asof left join fomc_meetings on moves.as_of >= fomc_meetings.announced_on
),

dated as (
    select
        * exclude (announced_at),
        case when as_of - announced_at <= 1 then announced_at end as announced_at
    from announced
),

followed as (
    select
        *,
        lag(as_of) over in_time as previous_as_of,
        lag(announced_at) over in_time as previous_announced_at,
        lag(change) over in_time as previous_change
    from dated
    window in_time as (order by as_of)
),

paused as (
    select
        followed.as_of,
        count(fomc_meetings.announced_on) as meetings_between
    from followed
    left join fomc_meetings
        on followed.previous_announced_at < fomc_meetings.announced_on
        and followed.announced_at > fomc_meetings.announced_on
    where followed.announced_at is not null and followed.previous_announced_at is not null
    group by followed.as_of
)

select
    followed.as_of,
    followed.announced_at,
    followed.previous_level,
    followed.level,
    followed.change,
    case when followed.change > 0 then 'hike' else 'cut' end as direction,
    case
        when followed.change * followed.previous_change < 0 then 'pivot'
        when followed.previous_change is null or paused.meetings_between is null then null
        when paused.meetings_between >= 3 then 'resumption'
        else 'continuation'
    end as kind,
    followed.previous_as_of,
    paused.meetings_between,
    greatest(hikes.streak, cuts.streak) as moves_in_direction,
    coalesce(hikes.first_as_of, cuts.first_as_of) as turn_date,
    not hikes.at_least and not cuts.at_least as is_turn_known
from followed
inner join hikes on followed.as_of = hikes.as_of
inner join cuts on followed.as_of = cuts.as_of
left join paused on followed.as_of = paused.as_of
