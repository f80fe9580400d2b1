-- The unit of a flow's measure: shares, troy ounces, USD, fraction of prior shares.
--
-- Grain   one text per call
-- Method  by the measure's name
-- Caveat  null for null
--
-- Arguments
-- measure  shares, ounces, usd or percent
--
-- Example
-- select flow_unit('ounces')

select
    case measure
        when 'usd' then 'USD'
        when 'ounces' then 'troy ounces'
        when 'percent' then 'fraction of prior shares'
        else measure
    end
