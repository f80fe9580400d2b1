"""EDGAR's company facts, traps included.

A count is served only from its filing on, 40 days after the quarter's last session; one annual
report is filed again as an amendment; a client that leaves no e-mail address gets a page.
"""

import json
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import polars as pl

from sandbox.answers import Answer, Question
from sandbox.market import Market, visible

PATH = "/api/xbrl/companyfacts/{document}"
JSON = "application/json"
FILED_AFTER, AMENDED_AFTER = timedelta(days=40), timedelta(days=357)
DECEMBER = 12
UNDECLARED = b"""<!DOCTYPE html>
<html><head><title>SEC.gov | Undeclared Automated Tool</title></head><body>
<p>Please declare your traffic by updating your user agent.</p></body></html>
"""
UNKNOWN = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"""
TRUSTS = {
    "0001330568": ("SLV", "iShares Silver Trust"),
    "0001222333": ("GLD", "SPDR GOLD TRUST"),
}


class Filing(NamedTuple):
    """One report: its form, the day of its count, the count and the day it was filed."""

    form: str
    end: date
    shares: int
    filed: date


def carries(market: Market) -> dict[str, list[str]]:
    """List what can be asked for, by dataset."""
    return {"valuations": sorted(c for c, (t, _) in TRUSTS.items() if t in market.valuations)}


def answer(market: Market, now: datetime, question: Question) -> Answer:
    """Answer a request for a company's facts."""
    if "@" not in question.user_agent:
        return Answer(UNDECLARED, "text/html", 403)
    cik = question.path.rpartition("/")[2].removeprefix("CIK").removesuffix(".json")
    ticker, name = TRUSTS.get(cik, ("", ""))
    if ticker not in market.valuations:
        return Answer(UNKNOWN, "application/xml", 404)
    reports = filings(visible(market.valuations[ticker], now), now.date())
    body = {"cik": int(cik), "entityName": name, "facts": {"dei": concept(cik, reports)}}
    return Answer(json.dumps(body, separators=(",", ":")).encode(), JSON)


def filings(rows: pl.DataFrame, today: date) -> list[Filing]:
    """List what was filed by today, in order of filing."""
    quarters = (
        rows.drop_nulls("shares_outstanding")
        .group_by(pl.col("date").dt.truncate("1q"), maintain_order=True)
        .agg(end=pl.col("date").last(), shares=pl.col("shares_outstanding").last())
    )
    reports = [
        Filing(form(end), end, round(count), end + FILED_AFTER)
        for end, count in quarters.select("end", "shares").iter_rows()
    ]
    annual = [report for report in reports if report.form == "10-K"][:1]
    again = [r._replace(form="10-K/A", filed=r.filed + AMENDED_AFTER) for r in annual]
    by_filing = sorted([*reports, *again], key=lambda report: report.filed)
    return [report for report in by_filing if report.filed <= today]


def form(end: date) -> str:
    """Name the report of a quarter."""
    return "10-K" if end.month == DECEMBER else "10-Q"


def concept(cik: str, reports: list[Filing]) -> dict[str, Any]:
    """Lay out the filed counts as one of the facts."""
    described = {
        "label": "Entity Common Stock, Shares Outstanding",
        "description": "Indicate number of shares or other units outstanding.",
    }
    newest = {report.end: report for report in reports}
    facts = [
        fact(cik, number, report, is_newest=newest[report.end] is report)
        for number, report in enumerate(reports)
    ]
    listed = described | {"units": {"shares": sorted(facts, key=lambda f: (f["end"], f["filed"]))}}
    return {"EntityCommonStockSharesOutstanding": listed} if facts else {}


def fact(cik: str, number: int, report: Filing, *, is_newest: bool) -> dict[str, Any]:
    """Write one fact; only the newest version of it bears a frame."""
    quarter = (report.end.month + 2) // 3
    frame = {"frame": f"CY{report.end.year}Q{quarter}I"} if is_newest else {}
    return {
        "end": report.end.isoformat(),
        "val": report.shares,
        "accn": f"{cik}-{report.filed:%y}-{number:06}",
        "fy": report.end.year,
        "fp": "FY" if report.form.startswith("10-K") else f"Q{quarter}",
        "form": report.form,
        "filed": report.filed.isoformat(),
        **frame,
    }


ROUTES = {PATH: answer}
