-- What must travel with a flow: by book date, notional at NAV; creations are in kind, and more.
--
-- Grain   one list per call
-- Method  ounces may be estimated, dollars are notional, all are by book date
-- Caveat  a fact may add labels of its own
--
-- Arguments
-- measure       shares, ounces, usd or percent
-- is_estimated  whether it is in estimated ounces
--
-- Example
-- select flow_labels('usd', false)

select
    present(
        [
            case when is_estimated then 'ounces estimated, +/- 0.1 %' end,
            case measure when 'usd' then 'notional at NAV; creations are in kind' end,
            'by book date'
        ]
    )
