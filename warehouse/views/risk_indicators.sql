-- What speaks for risk-on and what for risk-off, indicator by indicator.
--
-- Grain   one row per indicator that can be told
-- Method  each indicator is a fact and a threshold: bitcoin, the crypto market and its breadth down
--         is risk-off, up is risk-on; ether above its 50-week mean in bitcoin, the Russell 2000 at
--         a 252-session high and a Federal Reserve that last cut are risk-on; gold ahead of the
--         S&P 500 in the year is risk-off; gold falling against silver over a year is risk-on
-- Caveat  which way an indicator speaks is convention, not proof; no verdict is drawn from them
--
-- Columns
-- indicator  what is looked at
-- fact       fact that it is read from
-- subject    the fact's subject
-- measure    the fact's measure
-- as_of      the fact's market day
-- reading    the number, in the fact's unit
-- speaks     for risk-on, for risk-off, or neither
-- statement  the fact's sentence

with

market as (
    select
        'crypto market in 24 hours' as indicator,
        -sign(round(value, 4)) as off,
        *
    from market_change_24h
    where measure = 'market_cap'
),

bitcoin as (
    select
        'bitcoin in 24 hours' as indicator,
        -sign(round(value, 4)) as off,
        *
    from coin_change_24h
    where subject = 'bitcoin' and measure = 'price'
),

coins_down as (
    select
        'breadth of the 20 largest coins' as indicator,
        sign(value - 0.5) as off,
        *
    from breadth
    where measure = 'exclude_then_top20'
),

ether as (
    select
        'ether in bitcoin against its 50-week mean' as indicator,
        -sign(value - previous_value) as off,
        *
    from ratio_to_sma
    where subject = 'ETH-USD/BTC-USD' and measure = 'complete_weeks'
),

small_caps as (
    select
        'Russell 2000 against its 252-session high' as indicator,
        case when value > 0 then -1 else 0 end as off,
        *
    from breakout
    where subject = '^RUT' and measure = 'close'
),

policy as (
    select
        'last move of the Federal Reserve' as indicator,
        sign(value - previous_value) as off,
        *
    from policy_pivot
),

leagues as (
    select
        *,
        max(value) filter (where subject = 'sp_500') over () as stocks
    from league
    where measure = 'price_return'
),

gold as (
    select
        'gold against the S&P 500 this year' as indicator,
        sign(value - stocks) as off,
        *
    from leagues
    where subject = 'gold' and stocks is not null
),

gold_in_silver as (
    select
        'gold priced in silver over one year' as indicator,
        sign(round(value, 4)) as off,
        *
    from cross_rate_change
    where subject = 'GC=F/SI=F' and measure = 'one_year'
),

told as (
    select * from market
    union all by name
    select * from bitcoin
    union all by name
    select * from coins_down
    union all by name
    select * from ether
    union all by name
    select * from small_caps
    union all by name
    select * from policy
    union all by name
    select * exclude (stocks) from gold
    union all by name
    select * from gold_in_silver
)

select
    indicator,
    fact,
    subject,
    measure,
    as_of,
    value as reading,
    case off when 1 then 'risk-off' when -1 then 'risk-on' else 'neither' end as speaks,
    statement
from told
