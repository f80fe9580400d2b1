-- How fresh each dataset is, by source.
--
-- Grain  one row per dataset and source

select
    dataset,
    source,
    state,
    last_day,
    last_due,
    missing,
    last_loaded_at
from freshness
where state <> 'never asked'
order by dataset, source
