"""abrdn's fund gateway, traps included.

It hears POST only, all numbers are text, the share count bears no date, a metal fund's holdings
are no bytes at all with status 200, and an error's status is in the body, not in HTTP.
"""

import json
from datetime import datetime
from typing import Any

from sandbox.answers import Answer, Question
from sandbox.market import Market, visible

GATEWAY = "/api/gateway/funds"
JSON = "application/json; charset=utf-8"
PAGE = b"<!DOCTYPE html><html><head><title>403</title></head><body>Forbidden</body></html>"
FUNDS = {
    "a9dc68b0-75e0-6223-13f7-644a05f3b2af/263e4aba-9627-b58d-3e49-c7de72728d96": (
        "SIVR",
        "2009-07-24T00:00:00Z",
    ),
}


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset: fund id/share class id."""
    ids = [key for key, (ticker, _) in FUNDS.items() if ticker in market.valuations]
    return {"valuations": sorted(ids)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a question about a fund's key information."""
    if not question.body:
        return Answer(b"", JSON, 405, {"allow": "POST"})
    if not question.from_a_browser:
        return Answer(PAGE, "text/html", 403)
    ticker, launched = FUNDS.get(asked(question.body), ("", ""))
    known = market.valuations.get(ticker)
    rows = None if known is None else visible(known, now).drop_nulls("shares_outstanding")
    if rows is None or rows.is_empty():
        return Answer(dump({"content": None, "statusCode": 404}), JSON)
    content = key_information(ticker, launched, rows.row(-1, named=True))
    return Answer(dump({"content": content, "statusCode": 200}), JSON)


def holdings(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a question about a metal fund's holdings: with nothing."""
    del market, now, question
    return Answer(b"", JSON)


def asked(body: bytes) -> str:
    """Read which fund and share class are asked for, by an investor of some country."""
    try:
        posted = json.loads(body)
        investor = posted["countryInvestors"]["countryCode"]
        return f"{posted['fund']}/{posted['shareClass']}" if investor else ""
    except (ValueError, KeyError, TypeError):
        return ""


def key_information(ticker: str, launched: str, row: dict[str, Any]) -> dict[str, Any]:
    """Lay out one day's values: shares, and the fund's size with its date."""
    count, day = round(row["shares_outstanding"]), f"{row['date']:%Y-%m-%d}"
    size = {"value": f"{row['nav'] * count:.2f}", "date": f"{day}T00:00:00Z"}
    return {
        "shareClass": {
            "baseCurrency": "USD",
            "sharesOutstanding": str(count),
            "totalExpenseRatio": "0.30%",
            "netExpenseRatio": "0.30",
            "ticker": ticker,
            "iopvValue": f"{row['nav'] * 1.001:.4f}",
            "iopvDate": f"{day}T20:29:48Z",
            "isHedged": "No",
            "shareClassDividendFrequency": "",
        },
        "fund": {
            "fundLaunchDate": launched,
            "fundSizeWithDate": size,
            "domicile": "United States",
            "legalStructure": " 1933 Act",
        },
    }


def dump(body: dict[str, Any]) -> bytes:
    """Write JSON without spaces."""
    return json.dumps(body, separators=(",", ":")).encode()


ROUTES = {
    f"{GATEWAY}/fundDetailsKeyInformation": answer,
    f"{GATEWAY}/breakdown/dailyHoldings": holdings,
}
