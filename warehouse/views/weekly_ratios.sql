-- Each pair's rate at the end of each ISO week, against the mean of the last 50 weeks.
--
-- Grain   one row per pair and ISO week in which the numerator closed
-- Method  the last cross rate of the week; plain mean of the last 50 weekly ones, this one
--         included. A week is complete when the last session of the numerator's calendar in it, or
--         any later one, has been observed; only the last week can be running. On the same side of
--         the mean counts the weeks in a row, this one included
-- Caveat  weeks without a close are passed over, so 50 of them may reach further back. The
--         denominator's last close may be up to 7 days older: see cross_rates
--
-- Columns
-- pair           numerator/denominator
-- week           Monday of the ISO week
-- last_as_of     day of the week's last rate
-- ratio          last rate of the week
-- complete       whether the week is over
-- mean           mean of the last 50 weeks; null with fewer
-- weeks_on_side  weeks in a row on this side of the mean; 0 on the mean itself
-- side_since     first of them, its Monday
-- observations   weeks so far, this one included
-- first_week     first week of the mean, its Monday; null with fewer than 50

with

rates as (
    select
        pair,
        as_of,
        rate,
        date_trunc('week', as_of)::date as week
    from cross_rates
),

weeks as (
    select
        pair,
        week,
        max(as_of) as last_as_of,
        arg_max(rate, as_of) as rate
    from rates
    group by pair, week
),

lengths as (
    select
        pair,
        max(last_as_of) as last_as_of
    from weeks
    group by pair
),

averaged as (
    select * from ratio_to_sma(weeks, pair, week, rate, length := 50)
)

select
    weeks.pair,
    weeks.week,
    weeks.last_as_of,
    weeks.rate as ratio,
    coalesce(week_ends.last_session <= lengths.last_as_of, false) as complete,
    averaged.mean,
    averaged.on_side as weeks_on_side,
    averaged.side_since,
    averaged.observations,
    lag(weeks.week, 49) over (partition by weeks.pair order by weeks.week) as first_week
from weeks
inner join averaged on weeks.pair = averaged.subject and weeks.week = averaged.as_of
inner join lengths on weeks.pair = lengths.pair
inner join named_pairs on weeks.pair = named_pairs.pair
left join week_ends on named_pairs.calendar = week_ends.calendar and weeks.week = week_ends.week
