-- A change in words: fell 2.74 %, rose 0.31 %, fell less than 0.01 %, did not change.
--
-- Grain   one text per call
-- Method  in percent with two decimals, and a verb that its subject precedes
-- Caveat  null for null
--
-- Arguments
-- change  a fraction, such as -0.0274
--
-- Example
-- select 'The crypto market ' || moved(-0.0274)

select
    case
        when change = 0 then 'did not change'
        when abs(change) < 0.00005
            then case when change < 0 then 'fell' else 'rose' end || ' less than 0.01 %'
        else case when change < 0 then 'fell ' else 'rose ' end || percentage(abs(change))
    end
