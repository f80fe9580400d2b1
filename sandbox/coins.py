"""A synthetic market of coins: invented values under well-known names, at 18:00 UTC of each day.

Bitcoin and ether lie on the paths of their daily closes (see `prices`), wrapped and staked copies
follow their originals, stablecoins stay at 1 USD, and the others follow bitcoin with noise of their
own. The step down on the last day that has closes is invented, for every coin; so are bitcoin's and
ether's small steps of the day after, for which there are none.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import polars as pl

from sandbox.prices import Floats, generator, walk

FIRST, LAST = date(2025, 11, 1), date(2025, 12, 12)
BEFORE, FALL = -3, -2  # the points between which the market falls; one more follows
SINCE_MIDNIGHT = 0.75  # 18:00 UTC, of the day between two closes at 24:00 UTC
FELL = 0.9726  # the market on the day of the fall
LISTED = 0.955  # share of the market that the listed coins are, copies counted once
OF_OTHERS = (-0.056, -0.026)  # where the falls of large coins lie
OF_SMALL = (-0.040, 0.025)
LARGE = 40  # coins that all fall
FOLLOWING, OWN, PEG, TURNOVER = 0.9, 0.018, 0.0003, 0.35


@dataclass(frozen=True)
class Coin:
    """A coin: `worth` in billions of USD on the day before the fall, and what moves its price.

    `price` is in USD on that day; of a copy it is in units of the original.
    """

    id: str
    symbol: str
    name: str
    price: float
    worth: float
    of: str = ""
    is_stable: bool = False


@dataclass(frozen=True)
class Original:
    """A coin with daily closes, how many of it there are, and its invented last steps."""

    symbol: str
    supply: float
    fall: float
    last_step: float


ORIGINALS = {
    "bitcoin": Original("BTC-USD", 19.95e6, -0.0262, 0.0041),
    "ethereum": Original("ETH-USD", 120.7e6, -0.0375, -0.0062),
}

# Tables read best in rows.
# fmt: off
COINS = (
    Coin("bitcoin", "btc", "Bitcoin", 0, 0),
    Coin("ethereum", "eth", "Ethereum", 0, 0),
    Coin("tether", "usdt", "Tether", 1, 186, is_stable=True),
    Coin("ripple", "xrp", "XRP", 2.05, 123),
    Coin("binancecoin", "bnb", "BNB", 880, 121),
    Coin("usd-coin", "usdc", "USDC", 1, 78, is_stable=True),
    Coin("solana", "sol", "Solana", 136, 76),
    Coin("staked-ether", "steth", "Lido Staked Ether", 0.999, 28, of="ethereum"),
    Coin("tron", "trx", "TRON", 0.28, 26.5),
    Coin("dogecoin", "doge", "Dogecoin", 0.14, 22),
    Coin("cardano", "ada", "Cardano", 0.42, 15.5),
    Coin("wrapped-steth", "wsteth", "Wrapped stETH", 1.22, 14, of="ethereum"),
    Coin("wrapped-bitcoin", "wbtc", "Wrapped Bitcoin", 0.998, 11.5, of="bitcoin"),
    Coin("bitcoin-cash", "bch", "Bitcoin Cash", 570, 11.3),
    Coin("hyperliquid", "hype", "Hyperliquid", 29, 9.7),
    Coin("usds", "usds", "USDS", 1, 9.5, is_stable=True),
    Coin("chainlink", "link", "Chainlink", 13.8, 9.4),
    Coin("leo-token", "leo", "LEO Token", 9.1, 8.4),
    Coin("weth", "weth", "WETH", 1, 8.2, of="ethereum"),
    Coin("stellar", "xlm", "Stellar", 0.24, 7.7),
    Coin("monero", "xmr", "Monero", 405, 7.5),
    Coin("ethena-usde", "usde", "Ethena USDe", 1, 6.7, is_stable=True),
    Coin("coinbase-wrapped-btc", "cbbtc", "Coinbase Wrapped BTC", 1, 6.5, of="bitcoin"),
    Coin("wrapped-eeth", "weeth", "Wrapped eETH", 1.08, 6.3, of="ethereum"),
    Coin("litecoin", "ltc", "Litecoin", 82, 6.2),
    Coin("zcash", "zec", "Zcash", 370, 6.1),
    Coin("sui", "sui", "Sui", 1.6, 5.9),
    Coin("avalanche-2", "avax", "Avalanche", 13.4, 5.7),
    Coin("hedera-hashgraph", "hbar", "Hedera", 0.13, 5.4),
    Coin("shiba-inu", "shib", "Shiba Inu", 8.4e-06, 4.9),
    Coin("mantle", "mnt", "Mantle", 1.3, 4.2),
    Coin("dai", "dai", "Dai", 1, 4.1, is_stable=True),
    Coin("the-open-network", "ton", "Toncoin", 1.62, 4.0),
    Coin("crypto-com-chain", "cro", "Cronos", 0.1, 3.9),
    Coin("uniswap", "uni", "Uniswap", 5.5, 3.5),
    Coin("polkadot", "dot", "Polkadot", 2.1, 3.4),
    Coin("paypal-usd", "pyusd", "PayPal USD", 1, 3.3, is_stable=True),
    Coin("aave", "aave", "Aave", 195, 3.0),
    Coin("bittensor", "tao", "Bittensor", 285, 2.9),
    Coin("near", "near", "NEAR Protocol", 1.7, 2.2),
    Coin("okb", "okb", "OKB", 108, 2.1),
    Coin("ethereum-classic", "etc", "Ethereum Classic", 13.2, 2.0),
    Coin("pepe", "pepe", "Pepe", 4.6e-06, 1.9),
    Coin("internet-computer", "icp", "Internet Computer", 3.4, 1.8),
    Coin("ethena", "ena", "Ethena", 0.25, 1.75),
    Coin("jito-staked-sol", "jitosol", "Jito Staked SOL", 1.25, 1.7, of="solana"),
    Coin("ondo-finance", "ondo", "Ondo", 0.47, 1.5),
    Coin("aptos", "apt", "Aptos", 1.75, 1.3),
    Coin("kaspa", "kas", "Kaspa", 0.047, 1.25),
    Coin("worldcoin-wld", "wld", "Worldcoin", 0.58, 1.2),
    Coin("first-digital-usd", "fdusd", "First Digital USD", 1, 1.1, is_stable=True),
    Coin("arbitrum", "arb", "Arbitrum", 0.2, 1.05),
    Coin("algorand", "algo", "Algorand", 0.12, 1.0),
    Coin("vechain", "vet", "VeChain", 0.011, 0.95),
    Coin("cosmos", "atom", "Cosmos Hub", 2.0, 0.92),
    Coin("filecoin", "fil", "Filecoin", 1.25, 0.9),
    Coin("render-token", "render", "Render", 1.5, 0.85),
    Coin("bonk", "bonk", "Bonk", 9.1e-06, 0.75),
    Coin("true-usd", "tusd", "TrueUSD", 1, 0.5, is_stable=True),
    Coin("gala", "gala", "GALA", 0.0065, 0.3),
)
# fmt: on


@lru_cache(maxsize=1)
def coins() -> pl.DataFrame:
    """Return price, market cap and volume of every coin and day, the largest of a day first."""
    rows = pl.concat([history(coin) for coin in COINS])
    return rows.sort("date", "market_cap", descending=[False, True])


@lru_cache(maxsize=1)
def totals() -> pl.DataFrame:
    """Return the whole market of every day, unlisted coins included; copies are counted once."""
    copies = [coin.id for coin in COINS if coin.of]
    bitcoin = pl.col("market_cap").filter(pl.col("coin") == "bitcoin").sum()
    listed = (
        coins()
        .filter(~pl.col("coin").is_in(copies))
        .group_by("date", maintain_order=True)
        .agg(pl.col("market_cap", "volume").sum() / LISTED, bitcoin=bitcoin)
    )
    caps = listed["market_cap"].to_numpy().copy()
    caps[FALL:] *= caps[BEFORE] / caps[FALL] * FELL
    return listed.select(
        "date",
        market_cap=pl.Series(caps),
        volume="volume",
        bitcoin_share=pl.col("bitcoin") / pl.Series(caps),
    )


def history(coin: Coin) -> pl.DataFrame:
    """Return one coin's days; there are as many of it on each of them."""
    path = prices_of(coin)
    original = ORIGINALS.get(coin.id)
    supply = original.supply if original else coin.worth * 1e9 / path[BEFORE]
    noise = generator(f"volume of {coin.id}").standard_normal(path.size)
    return pl.DataFrame(
        {
            "date": pl.date_range(FIRST, LAST, eager=True),
            "coin": coin.id,
            "symbol": coin.symbol,
            "name": coin.name,
            "price": pl.Series(path),
            "market_cap": pl.Series(path * supply),
            "volume": pl.Series(path * supply * turnover(coin) * np.exp(TURNOVER * noise)),
            "is_stable": coin.is_stable,
        },
    )


def turnover(coin: Coin) -> float:
    """Return the part of a coin's market cap that is traded in a day."""
    return 0.4 if coin.is_stable else 0.005 if coin.of else 0.04


def prices_of(coin: Coin) -> Floats:
    """Return the price of every day, USD."""
    if coin.id in ORIGINALS:
        return on_its_closes(ORIGINALS[coin.id])
    noise = generator(f"coin {coin.id}").standard_normal(days())
    if coin.is_stable:
        return coin.price * np.exp(PEG * noise)
    if coin.of:
        original = next(other for other in COINS if other.id == coin.of)
        return coin.price * prices_of(original) * np.exp(PEG * noise)
    return following(coin, noise)


def on_its_closes(original: Original) -> Floats:
    """Return the points between closes, the last two of which are invented."""
    closes = walk(original.symbol).filter(pl.col("date") >= pl.lit(FIRST).dt.offset_by("-1d"))
    log = np.log(closes["close"].to_numpy())
    points = ((1 - SINCE_MIDNIGHT) * log[:-1] + SINCE_MIDNIGHT * log[1:])[: FALL + 1]
    invented = np.log1p([original.fall, original.last_step]).cumsum()
    path: Floats = np.exp(np.r_[points, points[-1] + invented])
    return path


def following(coin: Coin, noise: Floats) -> Floats:
    """Return a path that follows bitcoin's and is priced as told before the fall."""
    bitcoin = np.log(on_its_closes(ORIGINALS["bitcoin"]))
    steps = FOLLOWING * np.diff(bitcoin) + OWN * noise[1:]
    steps[FALL] = np.log1p(fall(coin))
    path = np.r_[0, np.cumsum(steps)]
    priced: Floats = coin.price * np.exp(path - path[BEFORE])
    return priced


def fall(coin: Coin) -> float:
    """Return the coin's invented change on the day of the fall: all large ones fall."""
    lowest, highest = OF_OTHERS if COINS.index(coin) < LARGE else OF_SMALL
    return float(generator(f"last step of {coin.id}").uniform(lowest, highest))


def days() -> int:
    """Count the points."""
    return (LAST - FIRST).days + 1
