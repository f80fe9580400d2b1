-- The size of a flow in its measure's unit: 15,687,402 ounces, 0.25 % of its prior shares.
--
-- Grain   one text per call
-- Method  without its sign; quantity, or a fraction in percent with two decimals
-- Caveat  null for null
--
-- Arguments
-- flow     net creations
-- measure  shares, ounces, usd, or percent: of the shares before, as a fraction
--
-- Example
-- select flow_quantity(-0.0025, 'percent')

select
    case
        when measure <> 'percent' then quantity(abs(flow), measure)
        when abs(flow) < 0.00005 then 'less than 0.01 % of its prior shares'
        else percentage(abs(flow)) || ' of its prior shares'
    end
