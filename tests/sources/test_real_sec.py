"""What EDGAR really served: filed facts, free to use, transcribed into a flat table."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.capture import Capture, Refused
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import Verdict, accept, refuse_if_mostly_bad
from sources import sec
from tests.sources import bodies
from transforms import sec as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
FILE = PAYLOADS / "sec/SLV_CIK0001330568_dei_EntityCommonStockSharesOutstanding_EXCERPT.csv"
LATER = datetime(2027, 1, 4, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


def asked(cik: str = "0001330568") -> Capture:
    return bodies.kept(sec.valuations("SLV", cik, "iShares Silver Trust"), LATER)


def excerpt() -> list[dict[str, str]]:
    with FILE.open(newline="") as lines:
        return list(csv.DictReader(lines))


def company_facts() -> bytes:
    """Write the document that the table was transcribed from; what was not transcribed is null."""
    facts = [fact(number, row) for number, row in enumerate(excerpt())]
    shares = {"EntityCommonStockSharesOutstanding": {"units": {"shares": facts}}}
    return bodies.as_json(
        {"cik": 1330568, "entityName": "iShares Silver Trust", "facts": {"dei": shares}}
    )


def fact(number: int, row: dict[str, str]) -> dict[str, Any]:
    return {
        "end": row["end"],
        "val": int(row["val"]),
        "accn": f"0000000000-00-{number:06}",
        "fy": int(row["end"][:4]),
        "fp": row["fp"],
        "form": row["form"],
        "filed": row["filed"] or None,
        **({"frame": row["frame"]} if row["frame"] else {}),
    }


def judged() -> Verdict:
    capture = asked()
    raw = sec.parse_valuations(company_facts(), capture).tables["fund_valuations"]
    return accept(FundValuations, transform.fund_valuations(raw, capture), raw, capture)


def test_all_filings_count_but_a_duplicate_and_the_one_with_the_wrong_day() -> None:
    verdict = judged()
    refuse_if_mostly_bad([verdict], asked())

    expected = {
        date.fromisoformat(row["end"]): float(row["val"])
        for row in excerpt()
        if "WRONG" not in row["basis"]
    }
    found = dict(verdict.accepted.select("as_of", "shares_outstanding").iter_rows())
    assert found == expected
    assert len(excerpt()) == 45
    assert verdict.accepted.height == 43
    assert found[date(2014, 3, 31)] == 341_400_000
    assert found[date(2010, 12, 31)] == 359_200_000
    assert found[date(2019, 8, 5)] == 383_500_000


def test_the_filing_with_the_wrong_day_is_rejected_with_its_evidence() -> None:
    [rejected] = judged().rejected.to_dicts()

    assert rejected["failures"] == ["as_of: not_nullable"]
    assert '"val":336150000' in rejected["row"]
    assert '"filed":"2014-08-08"' in rejected["row"]


def test_the_facts_of_another_trust_are_refused() -> None:
    with pytest.raises(Refused, match="of CIK 1330568 where 0001222333 was asked"):
        sec.parse_valuations(company_facts(), asked("0001222333"))
