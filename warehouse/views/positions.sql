-- What each fund held on each day, as its best source states it.
--
-- Grain   one row per fund, market day and security; cash and derivatives have rows, too
-- Method  the security is the ticker in letters and digits only, so that BRK.B and BRKB are one;
--         what has no ticker of its own is named as `holding` is, in capitals, and two lines that
--         would be one are left as they are. Cash is told by the asset class or, where the source
--         states none, by the ticker that it lacks
-- Caveat  holdings come without ISIN or CUSIP: a changed ticker makes another security, a ticker is
--         unique in one country only, and of two lines with one ticker the first has it as its name
--
-- Columns
-- fund          ticker of the fund that holds
-- as_of         market day
-- security      what is held, the same in every fund
-- is_cash       whether it is cash, a money market fund, collateral or a derivative: no security
-- name          name of the security, as served
-- ticker        exchange symbol, as served
-- asset_class   kind of asset, as served
-- quantity      units held: shares, coins, par
-- market_value  value in `currency`; a future's is zero; null where not published
-- weight        share of net assets, a fraction
-- currency      currency of the market value
-- holding       the source's own name of the position
-- source        who states this row
-- correction    what a person has corrected or confirmed in this row, and why; null: nothing

with

stated as (
    select
        holdings.*,
        case
            when holdings.holding = holdings.ticker
                then upper(regexp_replace(holdings.ticker, '[^A-Za-z0-9]', '', 'g'))
            else upper(holdings.holding)
        end as plain
    from holdings
    inner join holding_snapshots
        on holdings.fund = holding_snapshots.fund
        and holdings.as_of = holding_snapshots.as_of
        and holdings.source = holding_snapshots.source
),

shared as (
    select
        fund,
        as_of,
        plain
    from stated
    group by fund, as_of, plain
    having count(*) > 1
)

select
    stated.fund,
    stated.as_of,
    case when shared.plain is null then stated.plain else stated.holding end as security,
    coalesce(
        regexp_matches(
            stated.asset_class,
            'cash|money market|currency|future|forward|swap|option|^fx$',
            'i'
        ),
        stated.ticker is null
    ) as is_cash,
    stated.name,
    stated.ticker,
    stated.asset_class,
    stated.quantity,
    stated.market_value,
    stated.weight,
    stated.currency,
    stated.holding,
    stated.source,
    stated.correction
from stated
left join shared
    on stated.fund = shared.fund
    and stated.as_of = shared.as_of
    and stated.plain = shared.plain
