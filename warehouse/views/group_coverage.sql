-- How much of a group of funds reported on each session.
--
-- Grain   one row per group and session, from the first net flow of a member to the last
-- Method  last-known net assets of the members that reported, over those of all members
-- Caveat  a member that has never reported has no known assets: it is expected, but lowers no
--         coverage; until it is known the group's weeks and months cannot be told
--
-- Columns
-- fund_group         group
-- session            trading day of the members' calendar
-- coverage           share of the last-known net assets that reported, a fraction
-- members_reporting  members that reported
-- members_known      members that have ever reported
-- members_expected   members that should have

select
    subject as fund_group,
    as_of as session,
    coverage,
    members_reporting,
    members_known,
    members_expected
from subject_days
where is_group and members_expected is not null
