-- Until when it is known that what was stated for a market day is what would be stated now.
create table ops.compared (
    as_of date not null,
    compared_at timestamptz not null
);
