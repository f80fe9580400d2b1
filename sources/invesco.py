"""Invesco: what QQQ holds on the newest day.

Docs       none; ../shared/sources/invesco.md records what was observed of the site's own service
Published  by about 13:10 UTC, for the session before; JSON, called text/plain
Revised    unknown; past days cannot be asked for
"""

from datetime import date
from typing import Any

import polars as pl

from schemas.capture import Capture, Endpoint, Refused, Request
from schemas.parsed import Parsed, having, lacking
from schemas.raw.invesco import InvescoHoldings
from schemas.validation import promised
from sources.delimited import rows
from sources.documents import document, names, part, records
from sources.sniffing import is_one_of, sniff

SOURCE = "invesco"
BASE_URL = "https://dng-api.invesco.com"
WWW = "https://www.invesco.com"

AS_OF = "effectiveDate"
TEXTS = ("ticker", "issuerName", "securityTypeName", "cusip", "currency")
NUMBERS = ("units", "marketValueBase", "percentageOfTotalNetAssets")
TYPES: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(TEXTS, pl.String),
    **dict.fromkeys(NUMBERS, pl.Float64),
}
# The columns of the table that was served until the service moved, under the names of today.
LEGACY = {
    "Fund Ticker": "Fund Ticker",
    "Security Identifier": "cusip",
    "Holding Ticker": "ticker",
    "Shares/Par Value": "units",
    "MarketValue": "marketValueBase",
    "Weight": "percentageOfTotalNetAssets",
    "Name": "issuerName",
    "Class of Shares": "securityTypeName",
    "Date": AS_OF,
}


def holdings(fund: str, symbol: str, name: str, as_of: date) -> Request:  # noqa: ARG001 -- one form
    """Ask for a fund's newest holdings; `symbol` is its CUSIP. A day cannot be asked for.

    The table of former years may still be there where the service is not.
    """
    legacy = {"audienceType": "Investor", "action": "download", "ticker": fund}
    return Request(
        source=SOURCE,
        dataset="holdings",
        subject=fund,
        path=f"/cache/v1/accounts/en_US/shareclasses/{symbol}/holdings/fund",
        params={"idType": "cusip", "productType": "ETF"},
        expects={"cusip": symbol, "ticker": fund},
        otherwise=(
            Endpoint("/us/financial-products/etfs/holdings/main/holdings/0", legacy, site="www"),
        ),
    )


def parse_holdings(payload: bytes, capture: Capture) -> Parsed:
    """Read holdings into `holdings`, all text under today's names, their day beside every row.

    Raises:
        Refused: It is neither today's document nor the table of former years, is another fund's,
            cut off, or of several days.
    """
    if is_one_of(payload, ["csv"]):
        return legacy_holdings(sniff(payload, capture, wanted="csv"), capture)
    served = document(payload, capture)
    must_be("cusip", part(served, "cusip", kind=str, capture=capture), capture)
    held = part(served, "holdings", kind=list, capture=capture)
    with having(columns := names(held)):
        must_be_whole(served, held, capture)
        frame = positions(held, columns, capture).with_columns(
            pl.lit(part(served, AS_OF, kind=str, capture=capture)).alias(AS_OF)
        )
        return Parsed({"holdings": promised(InvescoHoldings, frame, capture)}, columns)


def must_be(identity: str, served: str | None, capture: Capture) -> None:
    """Refuse another fund's holdings."""
    expected = capture.request.expects.get(identity)
    if expected and served != expected:
        told = f"the holdings are of {identity} {served!r} where {expected!r} was asked"
        raise Refused(f"{capture.request.scope}: {told}")


def must_be_whole(served: object, held: list[Any], capture: Capture) -> None:
    """Refuse a list that is not as long as it says: what is missing would be taken for sold."""
    stated = part(served, "totalNumberOfHoldings", kind=int, capture=capture)
    if stated != len(held):
        told = f"{len(held)} holdings are listed where there are {stated}: cut off"
        raise Refused(f"{capture.request.scope}: {told}")
    if not held:
        raise Refused(f"{capture.request.scope}: the list of holdings is empty")


def positions(held: list[Any], columns: tuple[str, ...], capture: Capture) -> pl.DataFrame:
    """Read the list of holdings; its numbers are written out as text."""
    if missing := [column for column in TYPES if column not in columns]:
        raise lacking(capture.request.scope, missing, columns)
    return records(held, TYPES, capture).with_columns(pl.col(NUMBERS).cast(pl.String))


def legacy_holdings(text: str, capture: Capture) -> Parsed:
    """Read the table of former years: one fund, one day, no currency."""
    table = rows(text, capture)
    with having(columns := tuple(sorted(set(table.columns) - {"position"}))):
        if missing := [column for column in LEGACY if column not in columns]:
            raise lacking(capture.request.scope, missing, columns)
        of_whom, days = (table[column].str.strip_chars() for column in ("Fund Ticker", "Date"))
        for ticker in of_whom.unique():
            must_be("ticker", ticker, capture)
        if days.drop_nulls().n_unique() > 1:
            told = ", ".join(sorted(days.drop_nulls().unique())[:5])
            raise Refused(f"{capture.request.scope}: holdings of several days: {told}")
        frame = table.select("position", *LEGACY).rename(LEGACY)
        named = frame.with_columns(currency=pl.lit(None, pl.String))
        return Parsed({"holdings": promised(InvescoHoldings, named, capture)}, columns)
