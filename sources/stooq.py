"""Stooq: very long daily histories of spot metals, coins and funds, as CSV.

Docs       none: the download as its public clients have observed it
Published  not stated; a session counts once its day is over, UTC
Revised    funds and shares: each dividend and split rewrites all prices and volumes before it

Since 2026 Stooq keeps programs out with a key and a challenge. Both are named here, and neither
is worked around: a person can save the CSV in a browser.
"""

import re
from datetime import date

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.stooq import StooqBars
from schemas.validation import promised
from sources import delimited
from sources.sniffing import BOM, sniff

SOURCE = "stooq"
BASE_URL = "https://stooq.com"
PATH = "/q/d/l/"

HEADER = re.compile("(Date|Data),")  # in English; in Polish
BY_HAND = "it is blocked for programs; save the CSV by hand, in a browser"
# What is said with status 200, in English and in Polish, and what it means.
NOTICES = {
    "^$": f"Stooq sent an empty body, which is a refusal: {BY_HAND}",
    "^(Access denied|Odmowa dost)": f"Stooq denies access: {BY_HAND}",
    "^Get your apikey": f"Stooq asks for a key, given out for a captcha: {BY_HAND}",
    r"__verify|requires JavaScript|crypto\.subtle\.digest": (
        f"Stooq sent a challenge (proof of work) for browsers: {BY_HAND}"
    ),
    "^(Exceeded the daily hits limit|Przekroczony dzienny limit)": (
        "Stooq's daily limit for this address is used up: ask again tomorrow"
    ),
    "^(No data|Brak danych)": (
        "Stooq has no data: it does not know the symbol, or no session of the days asked for"
    ),
    r"^(Symbol,[^\n]*\n)?[^,\n]+,N/D,": "Stooq does not know the symbol: a quote of N/D throughout",
}


def quotes(
    instrument: str, symbol: str, currency: str, asked_from: date, asked_to: date
) -> Request:
    """Ask for the daily bars of `asked_from` to `asked_to`, both included.

    The file names neither its symbol nor a currency, so neither can be checked: `currency` is
    taken on trust. A user's key is a secret, which the client adds.
    """
    return Request(
        source=SOURCE,
        dataset="quotes",
        subject=instrument,
        path=PATH,
        params={
            "s": symbol,
            "i": "d",
            "d1": f"{asked_from:%Y%m%d}",
            "d2": f"{asked_to:%Y%m%d}",
        },
        asked_from=asked_from,
        asked_to=asked_to,
        expects={"currency": currency},
    )


def parse_quotes(payload: bytes, capture: Capture) -> Parsed:
    """Read a download into `bars`, all text, in Stooq's own columns.

    Metals and currencies have no column Volume: it is null. The Polish site's header is refused,
    since no file with it was ever seen.

    Raises:
        Refused: It is one of Stooq's notices, no CSV, cut off, or lacks a column or rows.
    """
    table = delimited.rows(download(payload, capture), capture)
    with having(columns := tuple(sorted(set(table.columns) - {"position"}))):
        bars = promised(StooqBars, with_volume(table), capture)
    return Parsed({"bars": bars}, columns)


def download(payload: bytes, capture: Capture) -> str:
    """Give the CSV, or refuse what Stooq says in its place."""
    said = payload.decode(errors="replace").lstrip(BOM).strip()
    if not HEADER.match(said):
        refuse(said, capture)
    text = sniff(payload, capture, wanted="csv").lstrip()
    if not HEADER.match(text):
        told = f"no header Date,Open,... in the first line; it begins {said[:60]!r}"
        raise Refused(f"{capture.request.scope}: {told}")
    return text


def refuse(said: str, capture: Capture) -> None:
    """Refuse one of the notices for what it means."""
    meanings = (meaning for words, meaning in NOTICES.items() if re.search(words, said))
    if meaning := next(meanings, None):
        raise Refused(f"{capture.request.scope}: {meaning}")


def with_volume(table: pl.DataFrame) -> pl.DataFrame:
    """Add the column that metals and currencies lack."""
    if "Volume" in table.columns:
        return table
    return table.with_columns(Volume=pl.lit(None, pl.String))
