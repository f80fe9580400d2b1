"""Aberdeen Investments (abrdn): shares outstanding and size of its physical metal funds.

Docs       none; ../shared/sources/abrdn.md records what was observed of the site's own gateway
Published  unknown: an answer given on a Friday bore that Friday's date; taken as the next day's
Revised    unknown; the share count bears no date, so one fund date may be served with two counts
"""

from typing import Any

import polars as pl

from schemas.capture import Capture, Refused, Request
from schemas.parsed import Parsed, having
from schemas.raw.abrdn import AbrdnKeyInformation
from schemas.validation import promised
from sources.documents import document, names, part, records

SOURCE = "abrdn"
BASE_URL = "https://www.aberdeeninvestments.com"
PATH = "/api/gateway/funds/fundDetailsKeyInformation"
# Who asks: the site shows each country's kinds of investors other funds.
ASKING = {
    "countryInvestors": {
        "countryCode": "USA",
        "investorType": "1,4",
        "jurisdiction": "Live",
        "literatureAuthorization": "1",
    },
    "language": "en-US",
    "site": "Investor",
}
SUCCESS = 200


def valuations(fund: str, symbol: str, name: str) -> Request:
    """Ask for a fund's key information of today; `symbol` is its id/its share class's id.

    The site itself sends more ids of the fund, found in its pages only; they are left out.
    """
    fund_id, _, share_class = symbol.partition("/")
    return Request(
        source=SOURCE,
        dataset="valuations",
        subject=fund,
        path=PATH,
        body={**ASKING, "fund": fund_id, "shareClass": share_class, "fundName": name},
        expects={"ticker": fund},
    )


def parse_valuations(payload: bytes, capture: Capture) -> Parsed:
    """Read key information into one row of `fund_valuations`, all text, in the site's own paths.

    Raises:
        Refused: It is no answer (metals' holdings: no bytes at all), an error, another fund's, or
            lacks a value.
    """
    content = answer(payload, capture)
    must_be_the_fund(content, capture)
    with having(columns := shape(content)):
        told = [path for path in AbrdnKeyInformation.to_schema().columns if path != "position"]
        row = {path: part(content, *path.split("."), kind=str, capture=capture) for path in told}
        if not row["shareClass.sharesOutstanding"].strip():
            raise Refused(f"{capture.request.scope}: shareClass.sharesOutstanding is empty")
        frame = records([row], dict.fromkeys(told, pl.String), capture)
        return Parsed({"fund_valuations": promised(AbrdnKeyInformation, frame, capture)}, columns)


def answer(payload: bytes, capture: Capture) -> dict[str, Any]:
    """Unwrap an answer; its own status counts, not only the one it was served with."""
    served = document(payload, capture)
    status = part(served, "statusCode", kind=int, capture=capture)
    if status != SUCCESS:
        raise Refused(f"{capture.request.scope}: statusCode in the answer is {status}")
    return part(served, "content", kind=dict, capture=capture)


def must_be_the_fund(content: dict[str, Any], capture: Capture) -> None:
    """Refuse another fund's answer."""
    expected = capture.request.expects.get("ticker")
    served = part(content, "shareClass", "ticker", kind=str, capture=capture)
    if expected and served != expected:
        told = f"the answer is of {served!r} where {expected!r} was asked"
        raise Refused(f"{capture.request.scope}: {told}")


def shape(content: dict[str, Any]) -> tuple[str, ...]:
    """Name the values of each section: shareClass.ticker, fund.domicile."""
    sections = {name: section for name, section in content.items() if isinstance(section, dict)}
    return names([{f"{name}.{value}": 0 for name in sections for value in sections[name]}])
