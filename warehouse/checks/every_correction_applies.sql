-- Every line of reference/corrections.csv applies, or confirms what its source states: one that no
-- longer does is taken out, one that never did is mended.
--
-- Severity  warning

select
    relation,
    key,
    column_name,
    expected,
    believed,
    state
from correction_states
where state not in ('applies', 'confirms')
