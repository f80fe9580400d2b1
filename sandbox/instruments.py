"""Yahoo's description of a symbol, read from the symbol's form."""

from dataclasses import replace
from datetime import time

from sandbox.market import NEW_YORK, Instrument

OPEN, MIDNIGHT = time(9, 30), time(0)
EXCHANGES = {"^GSPC": "SNP", "^IXIC": "NIM", "^RUT": "WCB", "IBIT": "NGM", "ETHA": "NGM"}
PRICE_HINTS = {"SI=F": 3}


def describe(symbol: str, currency: str = "USD") -> Instrument:
    """Tell futures, coins, indices and funds apart by their symbols."""
    form = replace(of_form(symbol), currency=currency)
    return replace(
        form,
        exchange_name=EXCHANGES.get(symbol, form.exchange_name),
        price_hint=PRICE_HINTS.get(symbol, form.price_hint),
    )


def of_form(symbol: str) -> Instrument:
    """Return what every symbol of this form has in common."""
    if symbol.endswith("=F"):
        return Instrument(symbol, "FUTURE", "CMX", NEW_YORK, MIDNIGHT)
    if symbol.endswith("-USD"):
        return Instrument(symbol, "CRYPTOCURRENCY", "CCC", "UTC", MIDNIGHT)
    if symbol.startswith("^"):
        return Instrument(symbol, "INDEX", "IND", NEW_YORK, OPEN)
    return Instrument(symbol, "ETF", "PCX", NEW_YORK, OPEN)
