"""Invented market caps under well-known names; metals and coins follow the market's own prices.

The largest companies are drawn so that silver, which rises, passes two of them: eighth at first,
sixth on the last days.
"""

import re
from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl

from sandbox.prices import Floats, generator, walk
from sandbox.publication import sessions

FIRST, LAST = date(2025, 11, 24), date(2025, 12, 12)
WANDER = 0.002
BILLION = 1e9
UNITS = {  # name, symbol, kind, units in existence: ounces ever mined, an estimate, or coins
    "GC=F": ("Gold", "GOLD", "metal", 6.95e9),
    "SI=F": ("Silver", "SILVER", "metal", 56.3e9),
    "BTC-USD": ("Bitcoin", "BTC", "coin", 19.96e6),
    "ETH-USD": ("Ethereum", "ETH", "coin", 120.7e6),
}
LARGEST = {  # billions
    "NVIDIA": ("NVDA", 4510), "Apple": ("AAPL", 4230), "Alphabet (Google)": ("GOOG", 3920),
    "Microsoft": ("MSFT", 3710), "Amazon": ("AMZN", 3525), "Broadcom": ("AVGO", 3400),
}  # fmt: skip  # a table
OTHERS = {  # kind: name, symbol, billions, price
    "metal": (("Platinum", "PLATINUM", 437, 1_681.5), ("Palladium", "PALLADIUM", 361, 1_512.0)),
    "coin": (
        ("Tether", "USDT", 190, 1.0), ("XRP", "XRP", 168, 2.03), ("BNB", "BNB", 166, 884.0),
        ("Solana", "SOL", 163, 137.5), ("Shiba Inu", "SHIB", 161, 0.000273),
    ),
    "fund": (
        ("Vanguard S&P 500 ETF", "VOO", 812, 631.0), ("SPDR S&P 500 ETF", "SPY", 701, 687.0),
        ("iShares Core S&P 500 ETF", "IVV", 688, 689.0), ("Invesco QQQ Trust", "QQQ", 402, 623.0),
        ("SPDR Gold Shares", "GLD", 171, 395.0),
    ),
}  # fmt: skip  # a table
REST = (
    "TSMC:TSM|Saudi Aramco:2222.SR|Meta Platforms:META|Tesla:TSLA|Berkshire Hathaway:BRK-B|"
    "Eli Lilly:LLY|Walmart:WMT|JPMorgan Chase:JPM|Tencent:TCEHY|Visa:V|Oracle:ORCL|"
    "Samsung:005930.KS|Mastercard:MA|Exxon Mobil:XOM|Johnson & Johnson:JNJ|Palantir:PLTR|"
    "AbbVie:ABBV|Bank of America:BAC|Netflix:NFLX|ASML:ASML|ICBC:1398.HK|Costco:COST|"
    "Alibaba:BABA|AMD:AMD|LVMH:MC.PA|Procter & Gamble:PG|Home Depot:HD|Roche:ROG.SW|"
    "Agricultural Bank of China:601288.SS|General Electric:GE|Cisco:CSCO|Chevron:CVX|"
    "China Construction Bank:601939.SS|Coca-Cola:KO|UnitedHealth:UNH|Toyota:TM|SAP:SAP|"
    "Wells Fargo:WFC|Micron Technology:MU|Novartis:NVS|IBM:IBM|Morgan Stanley:MS|Caterpillar:CAT|"
    "AstraZeneca:AZN|HSBC:HSBC|Goldman Sachs:GS|Merck:MRK|Philip Morris:PM|Nestlé:NESN.SW|"
    "PetroChina:601857.SS|Hermès:RMS.PA|L'Oréal:OR.PA|American Express:AXP|McDonald's:MCD|"
    "Royal Bank Of Canada:RY|Siemens:SIE.DE|Novo Nordisk:NVO|Kweichow Moutai:600519.SS|"
    "Thermo Fisher Scientific:TMO|Salesforce:CRM|T-Mobile US:TMUS|Linde:LIN|Shell:SHEL|Disney:DIS|"
    "Abbott Laboratories:ABT|Reliance Industries:RELIANCE.NS|PepsiCo:PEP|Uber:UBER|"
    "Intuitive Surgical:ISRG|QUALCOMM:QCOM|AT&T:T|Texas Instruments:TXN|Intuit:INTU|Sony:SONY|"
    "Mitsubishi UFJ Financial:MUFG|Inditex:ITX.MC|Booking Holdings:BKNG|ServiceNow:NOW|Verizon:VZ|"
    "Amgen:AMGN|Airbus:AIR.PA|Citigroup:C|Boeing:BA|Deere & Company:DE|Rolls-Royce:RR.L|"
    "Unilever:UL|Nextera Energy:NEE|Pfizer:PFE|Honeywell:HON|Accenture:ACN|BHP Group:BHP|"
    "Rio Tinto:RIO|Southern Copper:SCCO|Newmont:NEM|Zijin Mining:601899.SS|Grupo México:GMBXF"
)
REST_LARGEST, REST_FALLS = 2_400, 0.65  # billions of the first, and how fast they get fewer


class Asset(NamedTuple):
    """What a row of the ranking is about."""

    name: str
    symbol: str
    kind: str


def assets() -> pl.DataFrame:
    """Return one row per asset and day: caps and prices in USD, `change` in percent of the day.

    A metal or coin is worth its last close on or before the day, a company moves on sessions only.
    """
    days = pl.DataFrame({"date": pl.date_range(FIRST, LAST, eager=True)})
    followed = [
        following(days, of, Asset(*traits), units) for of, (*traits, units) in UNITS.items()
    ]
    invented = [drawn(days, *traits) for traits in listed()]
    rows = pl.concat([*followed, *invented])
    return rows.sort("date", "market_cap", descending=[False, True])


def following(days: pl.DataFrame, of: str, asset: Asset, units: float) -> pl.DataFrame:
    """Return an asset that is worth so many units at a synthetic price."""
    closes = walk(of).select("date", price="close", before=pl.col("close").shift())
    return row_per_day(days.join_asof(closes, on="date", strategy="backward"), asset, units)


def drawn(days: pl.DataFrame, asset: Asset, billions: float, price: float) -> pl.DataFrame:
    """Return an asset that hovers about a market cap; one at a dollar stays there."""
    steps = np.where(price == 1, 0, WANDER) * noise(asset.name, days)
    level = pl.Series(price * np.exp(steps))
    priced = days.with_columns(price=level, before=level.shift(fill_value=price))
    return row_per_day(priced, asset, billions * BILLION / price)


def noise(name: str, days: pl.DataFrame) -> Floats:
    """Return standard normal noise, new on every session and kept until the next."""
    is_session = days["date"].is_in(sessions(FIRST, LAST)["date"].implode())
    fresh = pl.Series(generator(f"market cap of {name}").standard_normal(days.height))
    kept: Floats = fresh.set(~is_session, None).forward_fill().to_numpy()
    return kept


def row_per_day(priced: pl.DataFrame, asset: Asset, units: float) -> pl.DataFrame:
    """Return an asset's rows, from its prices on the days and before them."""
    return priced.select(
        "date",
        asset=pl.lit(slug(asset.name)),
        name=pl.lit(asset.name),
        symbol=pl.lit(asset.symbol),
        kind=pl.lit(asset.kind),
        market_cap=(pl.col("price") * units).round(),
        price=quoted(),
        change=((pl.col("price") / pl.col("before") - 1) * 100).round(2),
    )


def quoted() -> pl.Expr:
    """Round prices to cents, those below a dollar to four digits."""
    price = pl.col("price")
    return pl.when(price >= 1).then(price.round(2)).otherwise(price.round_sig_figs(4))


def slug(name: str) -> str:
    """Write a name as in an address: 'Alphabet (Google)' as 'alphabet-google'."""
    plain = name.lower().replace("é", "e").replace("è", "e").replace("'", "")
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def listed() -> list[tuple[Asset, float, float]]:
    """Return the assets that follow no price of the market, with their billions and price."""
    chance = generator("prices of companies")
    companies = [
        (Asset(name, symbol, "company"), billions, round(chance.uniform(20, 900), 2))
        for name, symbol, billions in ranked()
    ]
    others = [
        (Asset(name, symbol, kind), float(billions), price)
        for kind, rows in OTHERS.items()
        for name, symbol, billions, price in rows
    ]
    return [*others, *companies]


def ranked() -> list[tuple[str, str, float]]:
    """Return the companies, the largest first, with their billions."""
    rest = [pair.rsplit(":", 1) for pair in REST.split("|")]
    smaller = [
        (name, symbol, REST_LARGEST * place**-REST_FALLS)
        for place, (name, symbol) in enumerate(rest, start=1)
    ]
    return [*((name, symbol, float(cap)) for name, (symbol, cap) in LARGEST.items()), *smaller]
