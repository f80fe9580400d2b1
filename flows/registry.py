"""What can be recorded: each provider, on which terms, and the way of its payloads into tables.

To add a provider: a module of its name in sources/, schemas/raw/, transforms/ and sandbox/, and a
row here. Its settings, its plan, its replay and its page in docs/sources.md follow from the row.
"""

import sources.abrdn
import sources.binance
import sources.calendars
import sources.coinbase
import sources.coingecko
import sources.companiesmarketcap
import sources.farside
import sources.fred
import sources.invesco
import sources.ishares
import sources.kraken
import sources.lbma
import sources.reference
import sources.sec
import sources.spdr_gold
import sources.ssga
import sources.statements
import sources.stooq
import sources.worldbank
import sources.yahoo
import transforms.abrdn
import transforms.binance
import transforms.coinbase
import transforms.coingecko
import transforms.companiesmarketcap
import transforms.farside
import transforms.fred
import transforms.identity
import transforms.invesco
import transforms.ishares
import transforms.kraken
import transforms.lbma
import transforms.sec
import transforms.spdr_gold
import transforms.ssga
import transforms.stooq
import transforms.worldbank
import transforms.yahoo
from flows.feeds import Feed, Key, Provider, by_fund, by_page, by_session, by_window, candles
from schemas.capture import Capture
from schemas.tables.asset_caps import AssetCaps
from schemas.tables.bars import Bars
from schemas.tables.coin_categories import CoinCategories
from schemas.tables.coin_market import CoinMarket
from schemas.tables.coins import Coins
from schemas.tables.corporate_actions import CorporateActions
from schemas.tables.fund_valuations import FundValuations
from schemas.tables.holdings import Holdings
from schemas.tables.monthly_averages import MonthlyAverages
from schemas.tables.rates import Rates
from schemas.tables.reference import REFERENCE
from schemas.tables.reported_flows import ReportedFlows
from schemas.tables.sessions import Sessions
from schemas.tables.stated_facts import StatedFacts
from warehouse.tables import name

PROVIDERS = (
    Provider(
        name="yahoo",
        title="Yahoo Finance",
        gives="daily bars, splits and dividends of futures, indices, funds and coins",
        cadence="every session",
        published="within minutes of the close; volumes are final two business days later",
        terms="restrict automated use and redistribution; for personal use",
        base_url=sources.yahoo.BASE_URL,
        enabled=True,
        feeds=(
            Feed(
                "yahoo",
                "quotes",
                sources.yahoo.parse_quotes,
                {Bars: transforms.yahoo.bars, CorporateActions: transforms.yahoo.corporate_actions},
                lambda due: sources.yahoo.quotes(
                    due["instrument"], due["symbol"], due["asked_from"], due["asked_to"]
                ),
                ("json",),
            ),
        ),
    ),
    Provider(
        name="ishares",
        title="iShares by BlackRock",
        gives="NAV and shares outstanding since inception, and holdings of a day",
        cadence="every session",
        published="the next morning, New York time",
        terms="personal, non-commercial use; no copying or distribution",
        base_url=sources.ishares.BASE_URL,
        sites=sources.ishares.SITES,
        enabled=True,
        off=frozenset({"holdings"}),
        rate=0.5,
        left_out="ounces in the trust (only on the product page, weakly established); the JSON "
        "interface and the screener",
        feeds=(
            Feed(
                "ishares",
                "valuations",
                sources.ishares.parse_valuations,
                {FundValuations: transforms.ishares.fund_valuations},
                by_fund(sources.ishares),
                ("spreadsheetml",),
            ),
            Feed(
                "ishares",
                "holdings",
                sources.ishares.parse_holdings,
                {Holdings: transforms.ishares.holdings},
                by_session(sources.ishares),
                ("csv",),
            ),
        ),
    ),
    Provider(
        name="kraken",
        title="Kraken",
        gives="daily candles of bitcoin and ether in US dollars: fallback and cross-check",
        cadence="every day, UTC",
        published="at midnight UTC; no revisions are known; the latest 720 days and nothing older",
        terms="not read; for personal use",
        base_url=sources.kraken.BASE_URL,
        enabled=True,
        feeds=(candles(sources.kraken, transforms.kraken),),
    ),
    Provider(
        name="coinbase",
        title="Coinbase Exchange",
        gives="daily candles of bitcoin and ether in US dollars: a second fallback",
        cadence="every day, UTC",
        published="about a minute after midnight UTC; 300 days in one answer",
        terms="not read; for personal use",
        base_url=sources.coinbase.BASE_URL,
        feeds=(candles(sources.coinbase, transforms.coinbase),),
    ),
    Provider(
        name="binance",
        title="Binance",
        gives="daily candles of bitcoin and ether in Tether, which is not the US dollar: "
        "instruments of their own",
        cadence="every day, UTC",
        published="at midnight UTC; 1000 days in one answer",
        terms="not read; for personal use; closed to some countries",
        base_url=sources.binance.BASE_URL,
        feeds=(candles(sources.binance, transforms.binance),),
    ),
    Provider(
        name="stooq",
        title="Stooq",
        gives="long daily histories: spot silver and gold, bitcoin, ether, and the Russell 2000 "
        "fund adjusted for dividends: instruments of their own",
        cadence="every session",
        published="overnight; adjusted series are rewritten at every dividend",
        terms="personal use; programs have been blocked since 2026 by a key or a challenge, which "
        "is recognised and never worked around",
        base_url=sources.stooq.BASE_URL,
        rate=0.2,
        key_needed="yes, where it is asked for: behind a captcha, by hand",
        key=Key("apikey", "query"),
        left_out="the Polish columns of stooq.pl; intervals other than a day; the quote endpoint",
        feeds=(
            Feed(
                "stooq",
                "quotes",
                sources.stooq.parse_quotes,
                {Bars: transforms.stooq.bars},
                by_window(sources.stooq),
                ("csv",),
            ),
        ),
    ),
    Provider(
        name="lbma",
        title="LBMA, London auction prices",
        gives="the fixings of silver (noon) and gold (morning and afternoon), US dollars an ounce, "
        "since 1968: instruments of their own, with a close only",
        cadence="every London business day",
        published="after midnight in London",
        terms="a licence of ICE Benchmark Administration is needed even for private use: switch it "
        "on only if you have one",
        base_url=sources.lbma.BASE_URL,
        rate=0.5,
        left_out="prices in pounds and euros; today.json",
        feeds=(
            Feed(
                "lbma",
                "quotes",
                sources.lbma.parse_quotes,
                {Bars: transforms.lbma.bars},
                by_window(sources.lbma),
                ("json",),
            ),
        ),
    ),
    Provider(
        name="spdr_gold",
        title="SPDR Gold Shares",
        gives="NAV, net assets and ounces of GLD and GLDM since inception; GLD's shares are "
        "recovered from net assets and NAV, to a basket of 100,000, and marked",
        cadence="every session",
        published="in the evening of the session, New York time, to the next morning",
        terms="redistribution is forbidden; for personal use",
        base_url=sources.spdr_gold.BASE_URL,
        sites=sources.spdr_gold.SITES,
        headers={
            "Origin": "https://www.spdrgoldshares.com",
            "Referer": "https://www.spdrgoldshares.com/",
        },
        enabled=True,
        rate=0.5,
        left_out="GLDM's share count (its basket is not established); the Tokyo product",
        feeds=(
            Feed(
                "spdr_gold",
                "valuations",
                sources.spdr_gold.parse_valuations,
                {FundValuations: transforms.spdr_gold.fund_valuations},
                by_fund(sources.spdr_gold),
                ("xlsx", "csv"),
            ),
        ),
    ),
    Provider(
        name="ssga",
        title="State Street (SSGA)",
        gives="NAV, shares outstanding and net assets of GLD, GLDM and SPY since inception, and "
        "the holdings of SPY on the last day, without values",
        cadence="every session",
        published="the next day, at an hour that is not established",
        terms="no copying without consent; for personal use",
        base_url=sources.ssga.BASE_URL,
        enabled=True,
        off=frozenset({"holdings"}),
        rate=0.5,
        left_out="premiums and discounts; the fund finder",
        feeds=(
            Feed(
                "ssga",
                "valuations",
                sources.ssga.parse_valuations,
                {FundValuations: transforms.ssga.fund_valuations},
                by_fund(sources.ssga),
                ("xlsx",),
            ),
            Feed(
                "ssga",
                "holdings",
                sources.ssga.parse_holdings,
                {Holdings: transforms.ssga.holdings},
                by_session(sources.ssga),
                ("xlsx",),
            ),
        ),
    ),
    Provider(
        name="abrdn",
        title="abrdn (Aberdeen Investments)",
        gives="shares outstanding and net assets of SIVR, a snapshot a day without history",
        cadence="every session: a day that was missed cannot be had again",
        published="about the next day; the share count bears no date and takes that of the assets",
        terms="not read; for personal use",
        base_url=sources.abrdn.BASE_URL,
        headers={"Origin": sources.abrdn.BASE_URL, "Referer": sources.abrdn.BASE_URL},
        rate=0.5,
        left_out="NAV (only an indicative value is served), ounces (the unit of a basket is not "
        "documented), SGOL; whether the service answers without the ids that only its pages show",
        feeds=(
            Feed(
                "abrdn",
                "valuations",
                sources.abrdn.parse_valuations,
                {FundValuations: transforms.abrdn.fund_valuations},
                by_fund(sources.abrdn),
                ("json",),
            ),
        ),
    ),
    Provider(
        name="sec",
        title="SEC EDGAR, company facts",
        gives="shares outstanding of SLV and GLD as filed: a fallback, and a check of the issuers",
        cadence="every quarter",
        published="35 to 60 days after the quarter",
        terms="public filings; fair access: at most 10 requests a second, name and e-mail address "
        "in the user agent (set SILVERSTREAK_SEC__USER_AGENT)",
        base_url=sources.sec.BASE_URL,
        wants_contact=True,
        rate=2,
        left_out="ounces (not in the facts); N-PORT (these trusts file none)",
        feeds=(
            Feed(
                "sec",
                "valuations",
                sources.sec.parse_valuations,
                {FundValuations: transforms.sec.fund_valuations},
                by_fund(sources.sec),
                ("json",),
            ),
        ),
    ),
    Provider(
        name="invesco",
        title="Invesco",
        gives="the holdings of QQQ on the last day",
        cadence="every session: a day that was missed cannot be had again",
        published="by 13:10 UTC of the next day",
        terms="not read; for personal use. It has been seen to refuse browsers with 406: then set "
        "SILVERSTREAK_INVESCO__USER_AGENT to another name",
        base_url=sources.invesco.BASE_URL,
        sites={"www": sources.invesco.WWW},
        rate=0.5,
        left_out="NAV and shares outstanding (layout not established)",
        feeds=(
            Feed(
                "invesco",
                "holdings",
                sources.invesco.parse_holdings,
                {Holdings: transforms.invesco.holdings},
                by_session(sources.invesco),
                ("json", "csv"),
            ),
        ),
    ),
    Provider(
        name="coingecko",
        title="CoinGecko",
        gives="the 250 largest coins, all coins together, and which coins are stablecoins",
        cadence="every hour: a moment that was missed cannot be had again",
        published="at once; caches hold coins for a minute, totals for ten",
        terms="attribution; no redistribution",
        base_url=sources.coingecko.BASE_URL,
        enabled=True,
        rate=0.08,
        key_needed="none; a Demo key (x-cg-demo-api-key) raises the limit to 100 a minute",
        key=Key("x-cg-demo-api-key", "header"),
        left_out="series of the past (a year at most without a plan)",
        feeds=tuple(
            Feed("coingecko", dataset, parse, {schema: transform}, by_page(ask), ("json",))
            for dataset, parse, schema, transform, ask in (
                (
                    "coins",
                    sources.coingecko.parse_coins,
                    Coins,
                    transforms.coingecko.coins,
                    sources.coingecko.coins,
                ),
                (
                    "coin_market",
                    sources.coingecko.parse_coin_market,
                    CoinMarket,
                    transforms.coingecko.coin_market,
                    sources.coingecko.coin_market,
                ),
                (
                    "coin_categories",
                    sources.coingecko.parse_coin_categories,
                    CoinCategories,
                    transforms.coingecko.coin_categories,
                    sources.coingecko.coin_categories,
                ),
            )
        ),
    ),
    Provider(
        name="companiesmarketcap",
        title="CompaniesMarketCap",
        gives="the 100 largest assets of all kinds by market cap; metals' are estimates",
        cadence="every day: a day that was missed cannot be had again",
        published="continuously; the page bears no date and takes the UTC day it was asked on",
        terms="no licence is known; for personal use",
        base_url=sources.companiesmarketcap.BASE_URL,
        rate=0.2,
        left_out="the assets as CSV; the companies as CSV, another list",
        feeds=(
            Feed(
                "companiesmarketcap",
                "asset_caps",
                sources.companiesmarketcap.parse_asset_caps,
                {AssetCaps: transforms.companiesmarketcap.asset_caps},
                by_page(sources.companiesmarketcap.asset_caps),
                ("html",),
            ),
        ),
    ),
    Provider(
        name="farside",
        title="Farside",
        gives="net flows of the US spot bitcoin funds since 2024-01-11: a cross-check "
        "of our own flows",
        cadence="every session",
        published="overnight, fund by fund; a fund that has not reported has no row",
        terms="not read; closed to programs by technical means, which are reported and never "
        "worked around",
        base_url=sources.farside.BASE_URL,
        rate=0.2,
        left_out="how the live page marks holidays (its HTML was never captured)",
        feeds=(
            Feed(
                "farside",
                "reported_flows",
                sources.farside.parse_reported_flows,
                {ReportedFlows: transforms.farside.reported_flows},
                by_page(sources.farside.reported_flows),
                ("html",),
            ),
        ),
    ),
    Provider(
        name="fred",
        title="FRED, Federal Reserve Bank of St. Louis",
        gives="the bounds of the federal funds target range, every calendar day since 2008-12-16",
        cadence="every day",
        published="the day itself; from 2017 a change carries the day after its announcement",
        terms="its own policy series are free to use",
        base_url=sources.fred.BASE_URL,
        sites=sources.fred.SITES,
        enabled=True,
        key_needed="none for the CSV; with a free key (32 characters) the API is asked instead",
        key=Key("api_key", "query", "api"),
        left_out="vintages of the API; the single target before 2008-12-16",
        feeds=(
            Feed(
                "fred",
                "rates",
                sources.fred.parse_rates,
                {Rates: transforms.fred.rates},
                lambda due: sources.fred.rates(due["series"], due["symbol"]),
                ("csv", "json"),
                ask_with_key=lambda due: sources.fred.rates_by_api(due["series"], due["symbol"]),
            ),
        ),
    ),
    Provider(
        name="worldbank",
        title="World Bank, Pink Sheet",
        gives="monthly averages of gold, silver and platinum since 1960: series of their own, "
        "never spliced into closes",
        cadence="every month",
        published="on the 2nd to 4th of the next month",
        terms="CC BY 4.0: name the World Bank as the source",
        base_url=sources.worldbank.BASE_URL,
        sites=sources.worldbank.SITES,
        enabled=True,
        rate=0.2,
        feeds=(
            Feed(
                "worldbank",
                "monthly_averages",
                sources.worldbank.parse_monthly_averages,
                {MonthlyAverages: transforms.worldbank.monthly_averages},
                lambda due: sources.worldbank.monthly_averages(due["series"], due["symbol"]),
                ("xlsx",),
                link=sources.worldbank.linked,
            ),
        ),
    ),
)

FEEDS = tuple(feed for provider in PROVIDERS for feed in provider.feeds)

CALENDARS = Feed(
    "calendars",
    "sessions",
    sources.calendars.parse_sessions,
    {Sessions: transforms.identity.as_is},
)

STATEMENTS = Feed(
    sources.statements.SOURCE,
    "stated_facts",
    sources.statements.parse_facts,
    {StatedFacts: transforms.identity.as_is},
)

REFERENCE_FEEDS = {
    name(schema): Feed(
        "reference",
        "reference",
        sources.reference.parse_table,
        {schema: transforms.identity.as_is},
    )
    for schema in REFERENCE
}


def feed_of(capture: Capture) -> Feed:
    """Find the feed that a capture belongs to."""
    request = capture.request
    if request.source == "reference":
        return REFERENCE_FEEDS[request.subject]
    return feed(request.source, request.dataset)


def feed(source: str, dataset: str) -> Feed:
    """Find a feed by its source and dataset."""
    [found] = [
        f for f in (*FEEDS, CALENDARS, STATEMENTS) if (f.source, f.dataset) == (source, dataset)
    ]
    return found
