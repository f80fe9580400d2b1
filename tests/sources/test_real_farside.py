"""What a scraper made of Farside's page, put back into one: no value of it is in the repository."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from schemas.capture import Refused
from schemas.tables.reported_flows import ReportedFlows
from schemas.validation import Verdict, accept, refuse_if_mostly_bad
from sources import farside
from tests.sources.bodies import kept
from transforms import farside as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads" / "farside"
ASKED = kept(farside.reported_flows("bitcoin_etf_flows", "bitcoin-etf-flow-all-data"))
SATURDAY = 5

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


@pytest.fixture(scope="module")
def derived() -> list[dict[str, str]]:
    with next(PAYLOADS.glob("*wide_daily.csv")).open() as lines:
        return list(csv.DictReader(lines))


def written(rows: list[dict[str, str]]) -> bytes:
    """Write a derived table as the page would: days in words, negative numbers in parentheses."""
    body = "".join(f"<tr>{''.join(f'<td>{text}</td>' for text in texts(row))}</tr>" for row in rows)
    names = "".join(f"<th>{name.capitalize() if name == 'date' else name}</th>" for name in rows[0])
    return (
        '<!DOCTYPE html><html><body><table class="etf">'
        f"<thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></body></html>"
    ).encode()


def texts(row: dict[str, str]) -> Iterator[str]:
    day, *amounts = row.values()
    yield f"{date.fromisoformat(day):%d %b %Y}"
    for amount in map(float, amounts):
        yield f"({-amount:,.1f})" if amount < 0 else f"{amount:,.1f}"


def judged(rows: list[dict[str, str]]) -> Verdict:
    raw = farside.parse_reported_flows(written(rows), ASKED).tables["reported_flows"]
    return accept(ReportedFlows, transform.reported_flows(raw, ASKED), raw, ASKED)


def test_every_flow_of_a_weekday_is_accepted_and_zeros_of_weekends_are_left_out(
    derived: list[dict[str, str]],
) -> None:
    verdict = judged(derived)

    funds = [name for name in derived[0] if name not in {"date", "Total"}]
    expected = [
        (fund, date.fromisoformat(row["date"]), round(float(row[fund]) * 10) * 100_000.0)
        for row in derived
        if date.fromisoformat(row["date"]).weekday() < SATURDAY
        for fund in funds
    ]
    assert verdict.rejected.is_empty()
    assert len(derived) - len(expected) / len(funds) == 172
    assert verdict.accepted.select("fund", "as_of", "net_flow_usd").rows() == expected


def test_days_moved_onto_weekends_are_refused(derived: list[dict[str, str]]) -> None:
    """As a scraper's shift of time zones would move them."""
    days = [row["date"] for row in derived]
    shifted = [row | {"date": days[at]} for at, row in enumerate(derived[2:])]

    verdict = judged(shifted)

    with pytest.raises(Refused, match="rows are bad"):
        refuse_if_mostly_bad([verdict], ASKED)


def test_a_derived_table_itself_is_no_page() -> None:
    payload = next(PAYLOADS.glob("*wide_daily.csv")).read_bytes()

    with pytest.raises(Refused, match="CSV was served where HTML was wanted"):
        farside.parse_reported_flows(payload, ASKED)
