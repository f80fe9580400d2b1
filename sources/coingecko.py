"""CoinGecko: the largest coins, the whole market of coins, and the coins of a category.

Docs       https://docs.coingecko.com/reference/introduction (its example of `/global` is wrong)
Published  all the time: coins about every minute, the totals about every 10 minutes
Revised    never: an answer states its moment, and is not to be had again
"""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote as percent_encoded

import pandera.polars as pa
import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having, lacking, quoted
from schemas.raw.coingecko import CoinGeckoGlobal, CoinGeckoMarkets
from schemas.validation import promised
from sources.documents import document, found, names, records

SOURCE = "coingecko"
BASE_URL = "https://api.coingecko.com"
PATH = "/api/v3"
PAGE = {
    "vs_currency": "usd",
    "order": "market_cap_desc",
    "per_page": "250",  # all in one page: pages are made at different times
    "page": "1",
    "sparkline": "false",
    "price_change_percentage": "24h",
    "precision": "full",
}
LARGEST = "bitcoin"
PEGGED = "stablecoins"

LOOKS_LIKE_A_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")


def coins(page: str, symbol: str) -> Request:
    """Ask for the 250 largest coins; `symbol` is the list's name at CoinGecko, `markets`."""
    return Request(
        source=SOURCE,
        dataset="coins",
        subject=page,
        path=f"{PATH}/coins/{percent_encoded(symbol, safe='')}",
        params={**PAGE},
        expects={"coin": LARGEST},
    )


def coin_market(page: str, symbol: str) -> Request:
    """Ask for the totals of all coins; `symbol` is their name at CoinGecko, `global`."""
    return Request(
        source=SOURCE,
        dataset="coin_market",
        subject=page,
        path=f"{PATH}/{percent_encoded(symbol, safe='')}",
    )


def coin_categories(page: str, symbol: str) -> Request:
    """Ask for the 250 largest coins of a category; `symbol` is its id at CoinGecko.

    The answer does not repeat the category: what `expects` names is what was asked.
    """
    return Request(
        source=SOURCE,
        dataset="coin_categories",
        subject=page,
        path=f"{PATH}/coins/markets",
        params={**PAGE, "category": symbol},
        expects={"category": symbol},
    )


def parse_coins(payload: bytes, capture: Capture) -> Parsed:
    """Read a page of the largest coins into `coins`, in CoinGecko's own columns and units.

    Raises:
        Refused: It is an error, no list, without coins or their moments, or lacks bitcoin.
    """
    listed, columns = page_of_coins(payload, capture)
    with having(columns):
        must_hold(capture.request.expects.get("coin"), listed, capture)
    return Parsed({"coins": listed}, columns)


def parse_coin_categories(payload: bytes, capture: Capture) -> Parsed:
    """Read a page of a category's coins into `coin_categories`, as a page of all coins.

    Raises:
        Refused: It is an error, no list, without coins or their moments, or of all coins.
    """
    listed, columns = page_of_coins(payload, capture)
    asked = capture.request.expects.get("category")
    if asked == PEGGED and LARGEST in listed["id"]:
        raise Refused(f"{capture.request.scope}: {LARGEST} is no stablecoin: these are all coins")
    return Parsed({"coin_categories": listed}, columns)


def parse_coin_market(payload: bytes, capture: Capture) -> Parsed:
    """Read the totals into `coin_market`, one row, in CoinGecko's own units.

    The maps by currency and coin are one name each in its shape: their keys come and go.

    Raises:
        Refused: It is an error, has no `data`, or lacks a value that was promised.
    """
    served = answer(payload, capture)
    totals = found(served, "data")
    if not isinstance(totals, dict):
        raise unlike("the object data", served, capture)
    with having(columns := names([totals])):
        row = {name: found(totals, *name.split(".")) for name in promises(CoinGeckoGlobal)}
        absent = [name for name in row if not is_there(totals, name)]
        if absent:
            raise lacking(capture.request.scope, absent, columns)
        frame = records([row], promises(CoinGeckoGlobal), capture)
        return Parsed({"coin_market": promised(CoinGeckoGlobal, frame, capture)}, columns)


def page_of_coins(payload: bytes, capture: Capture) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Read a page of `/coins/markets`, and name its columns."""
    rows = answer(payload, capture)
    if not isinstance(rows, list):
        raise unlike("a list of coins", rows, capture)
    if not rows:
        raise Refused(f"{capture.request.scope}: the list has no coins")
    with having(columns := names(rows)):
        absent = [name for name in promises(CoinGeckoMarkets) if name not in columns]
        if absent:
            raise lacking(capture.request.scope, absent, columns)
        listed = records(rows, promises(CoinGeckoMarkets), capture)
        must_be_dated(listed["last_updated"], capture)
        return promised(CoinGeckoMarkets, listed, capture), columns


def answer(payload: bytes, capture: Capture) -> Any:  # noqa: ANN401 -- JSON is anything
    """Read an answer, or refuse it in CoinGecko's words: its errors may come with status 200."""
    served = document(payload, capture)
    fault = found(served, "error", "status") or found(served, "error") or found(served, "status")
    if fault:
        raise Refused(f"{capture.request.scope}: CoinGecko says {stated(fault)}")
    return served


def stated(fault: object) -> str:
    """Give an error's code and message on one line."""
    told = [found(fault, "error_code"), found(fault, "error_message")]
    words = [word for word in told if word] or [fault]
    return ": ".join(" ".join(str(word).split()) for word in words)


def unlike(wanted: str, served: object, capture: Capture) -> Refused:
    """Refuse an answer for what it is, where another thing was wanted."""
    what, columns = ("an object", names([served])) if isinstance(served, dict) else ("a list", ())
    told = f"{what} was served where {wanted} was asked"
    return Refused(f"{capture.request.scope}: {told}", f"; it has {quoted(columns) or 'no names'}")


def promises(schema: type[pa.DataFrameModel]) -> dict[str, type[pl.DataType]]:
    """Give the names and types that CoinGecko promises."""
    columns = schema.to_schema().columns
    return {name: told.dtype.type for name, told in columns.items() if name != "position"}


def is_there(holder: dict[str, Any], path: str) -> bool:
    """Tell a value that is there, be it null, from none: a dot leads into a map."""
    above, _, name = path.rpartition(".")
    within = holder.get(above) if above else holder
    return isinstance(within, dict) and name in within


def must_be_dated(moments: Iterable[str | None], capture: Capture) -> None:
    """Refuse a page that does not say of when it is."""
    if not any(moment and LOOKS_LIKE_A_MOMENT.match(moment) for moment in moments):
        raise Refused(f"{capture.request.scope}: no coin's last_updated is a moment")


def must_hold(coin: str | None, listed: pl.DataFrame, capture: Capture) -> None:
    """Refuse a page without the coin that is on every page of the largest."""
    if coin is not None and coin not in listed["id"]:
        told = f"{coin} is not among its {listed.height} coins: not the largest"
        raise Refused(f"{capture.request.scope}: {told}")
