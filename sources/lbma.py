"""LBMA: the prices of London's gold and silver auctions since 1968.

Docs       none for the files; ../shared/sources/lbma.md records their layout
Published  after midnight, London time, for the day before; the whole history each time
Revised    at most within half an hour of the auction: before it is published

The values need a licence of ICE Benchmark Administration, even for private use: off by default.
"""

from datetime import date
from typing import Any

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having, lacking
from schemas.raw.lbma import LbmaFixings
from schemas.validation import promised
from sources.documents import document, found, names, records, series
from sources.sniffing import named

SOURCE = "lbma"
BASE_URL = "https://prices.lbma.org.uk"

PRICES = ("USD", "GBP", "EUR")  # the elements of `v`, which bear no names


def quotes(
    instrument: str, symbol: str, currency: str, asked_from: date, asked_to: date
) -> Request:
    """Ask for all prices of an auction: `silver`, `gold_am` or `gold_pm`.

    The days asked for are those of interest: the file has no window, and no name in it.
    """
    return Request(
        source=SOURCE,
        dataset="quotes",
        subject=instrument,
        path=f"/json/{symbol}.json",
        asked_from=asked_from,
        asked_to=asked_to,
        expects={"currency": currency},
    )


def parse_quotes(payload: bytes, capture: Capture) -> Parsed:
    """Read an auction's file into `bars`: a row per day, a column per currency.

    Raises:
        Refused: It is a page, broken, cut off or empty, or a day has other than three prices.
    """
    days = listed(payload, capture)
    with having(columns := names(days)):
        if missing := sorted({"d", "v"} - {*names(days[:1])}):
            raise lacking(capture.request.scope, missing, columns)
        told = records(days, {"d": pl.String, "is_cms_locked": pl.Int64}, capture)
        frame = told.with_columns(prices(days, capture))
        return Parsed({"bars": promised(LbmaFixings, frame, capture)}, columns)


def listed(payload: bytes, capture: Capture) -> list[Any]:
    """Give the list of days, or refuse what is none for what it is."""
    scope, served = capture.request.scope, named(payload)
    if "HTML" in served:
        told = "LBMA's tables have moved to its members' portal, these files may have followed"
        raise Refused(f"{scope}: {served} was served where JSON was wanted: {told}")
    days = document(payload, capture)
    if not isinstance(days, list):
        raise Refused(f"{scope}: the document is no list of days")
    if not days:
        raise Refused(f"{scope}: the list has no days")
    return days


def prices(days: list[Any], capture: Capture) -> list[pl.Series]:
    """Lay the prices side by side: `v` is [USD, GBP, EUR], each a number or null."""
    listed = [found(day, "v") for day in days]
    strange = (n for n, v in enumerate(listed) if not isinstance(v, list) or len(v) != len(PRICES))
    first = next(strange, None)
    if first is not None:
        told = f"v of row {first}, counted from 0, is not [{', '.join(PRICES)}]"
        raise Refused(f"{capture.request.scope}: {told}")
    columns = zip(PRICES, zip(*listed, strict=True), strict=True)
    return [series(name, values, pl.Float64, capture) for name, values in columns]
