-- A version is superseded after it became known, and before the next of its key is known; asked of
-- every table in turn.
--
-- Severity  error
-- Note      joined by using: a key has several columns, others in each table

select {key}
from history.{table} as earlier
inner join history.{table} as later using ({key}) -- noqa: ST07
where
    earlier.superseded_at < 'infinity'
    and later.known_at >= earlier.known_at
    and later.known_at < greatest(earlier.superseded_at, earlier.known_at + interval 1 microsecond)
    and (later.rowid <> earlier.rowid or earlier.superseded_at <= earlier.known_at)
