"""SEC EDGAR: shares outstanding as filed on the covers of quarterly and annual reports.

Docs       https://www.sec.gov/search-filings/edgar-application-programming-interfaces
Published  35 to 60 days after the quarter; at most ten requests a second, each with a User-Agent
           that bears a name and an e-mail address
Revised    never: an amendment adds a fact, and a split restates nothing
"""

from typing import Any

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having, lacking
from schemas.raw.sec import SecSharesOutstanding
from schemas.validation import promised
from sources.documents import document, names, part, records

SOURCE = "sec"
BASE_URL = "https://data.sec.gov"
SHARES = ("facts", "dei", "EntityCommonStockSharesOutstanding", "units", "shares")
COLUMNS = {
    "end": pl.String,
    "val": pl.Float64,
    "accn": pl.String,
    "form": pl.String,
    "filed": pl.String,
}


def valuations(fund: str, symbol: str, name: str) -> Request:  # noqa: ARG001 -- one form for all
    """Ask for all that a company has filed in figures; `symbol` is its CIK, ten digits.

    The name is not expected of the answer: a trust files under the name it was founded with.
    """
    return Request(
        source=SOURCE,
        dataset="valuations",
        subject=fund,
        path=f"/api/xbrl/companyfacts/CIK{symbol}.json",
        expects={"cik": symbol},
    )


def parse_valuations(payload: bytes, capture: Capture) -> Parsed:
    """Read the filed share counts into `fund_valuations`, one row per filing, as filed.

    Raises:
        Refused: It is no answer (a page, without a fitting User-Agent), another company's, or has
            no share counts.
    """
    served = document(payload, capture)
    must_be_the_company(served, capture)
    rows = part(served, *SHARES, kind=list, capture=capture)
    with having(columns := names(rows)):
        facts = promised(SecSharesOutstanding, filed(rows, columns, capture), capture)
        return Parsed({"fund_valuations": facts}, columns)


def must_be_the_company(served: object, capture: Capture) -> None:
    """Refuse another company's facts; zeros before a CIK say nothing."""
    expected = capture.request.expects.get("cik")
    cik = str(part(served, "cik", kind=int, capture=capture))
    if expected and cik != expected.lstrip("0"):
        told = f"the facts are of CIK {cik} where {expected} was asked"
        raise Refused(f"{capture.request.scope}: {told}")


def filed(rows: list[Any], columns: tuple[str, ...], capture: Capture) -> pl.DataFrame:
    """Read the list of facts, which must be there and have what makes a fact."""
    if not rows:
        raise Refused(f"{capture.request.scope}: the list of share counts is empty")
    if missing := [column for column in COLUMNS if column not in columns]:
        raise lacking(capture.request.scope, missing, columns)
    return records(rows, COLUMNS, capture)
