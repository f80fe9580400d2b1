from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import accept
from sources import sec
from tests.sources import bodies
from transforms import sec as transform

CAPTURE = bodies.kept(sec.valuations("ACS", "0000012345", "Acme Silver Trust"))
FACTS = [
    {"end": "2029-12-31", "val": 1_250_000, "accn": "0000012345-30-000001", "fy": 2029,
     "fp": "FY", "form": "10-K", "filed": "2030-02-25"},
    {"end": "2029-12-31", "val": 1_250_000, "accn": "0000012345-30-000002", "fy": 2029,
     "fp": "FY", "form": "10-K/A", "filed": "2030-06-17", "frame": "CY2029Q4I"},
    {"end": "2030-03-31", "val": 1_500_000, "accn": "0000012345-30-000003", "fy": 2030,
     "fp": "Q1", "form": "10-Q", "filed": "2030-05-12", "frame": "CY2030Q1I"},
]  # fmt: skip


def company(facts: object = FACTS, **told: Any) -> bytes:
    concept = {"label": "Shares", "description": "Shares.", "units": {"shares": facts}}
    body = {
        "cik": 12345,
        "entityName": "ACME SILVER TRUST",
        "facts": {"dei": {"EntityCommonStockSharesOutstanding": concept}},
    }
    return bodies.as_json({**body, **told})


def without(name: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in fact.items() if key != name} for fact in FACTS]


def rows(payload: bytes) -> list[dict[str, Any]]:
    return sec.parse_valuations(payload, CAPTURE).tables["fund_valuations"].to_dicts()


def test_a_companys_facts_are_asked_for_by_cik() -> None:
    request = sec.valuations("ACS", "0000012345", "Acme Silver Trust")

    assert request.scope == "sec/valuations/ACS"
    assert request.path == "/api/xbrl/companyfacts/CIK0000012345.json"
    assert request.expects == {"cik": "0000012345"}
    assert request.body is None
    assert request.asked_from is request.asked_to is None


def test_every_filing_is_a_row_amendments_too() -> None:
    served = rows(company())

    assert len(served) == 3
    assert served[1] == {
        "position": 1,
        "end": "2029-12-31",
        "val": 1_250_000.0,
        "accn": "0000012345-30-000002",
        "form": "10-K/A",
        "filed": "2030-06-17",
    }


def test_the_name_a_trust_files_under_is_not_compared() -> None:
    assert rows(company(entityName="ANOTHER NAME INC")) == rows(company())


def test_the_shape_is_the_names_within_the_facts() -> None:
    columns = sec.parse_valuations(company(), CAPTURE).columns

    assert columns == ("accn", "end", "filed", "form", "fp", "frame", "fy", "val")


def test_a_bad_fact_among_good_ones_stays_to_be_rejected() -> None:
    bad = {"end": None, "val": None, "accn": None, "form": None, "filed": "soon"}

    assert rows(company([*FACTS, bad]))[3] == {"position": 3, **bad}


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(bodies.PAGE.encode(), "HTML was served where JSON", id="undeclared client"),
        pytest.param(
            b'<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code></Error>',
            "markup was served where JSON",
            id="unknown CIK",
        ),
        pytest.param(b'{"message":"Not Found"}', "the answer has no cik", id="an error as JSON"),
        pytest.param(company()[:-20], "broken or cut-off JSON", id="cut off"),
        pytest.param(
            company(cik=54321), "the facts are of CIK 54321 where 0000012345", id="another company"
        ),
        pytest.param(company(cik="0000012345"), "cik is no int", id="a CIK as text"),
        pytest.param(
            b'{"cik":12345,"facts":{"dei":{}}}', "no facts.dei.EntityCommonStock", id="no such fact"
        ),
        pytest.param(company({}), "shares is no list", id="no list"),
        pytest.param(company([]), "the list of share counts is empty", id="no rows"),
        pytest.param(company([1]), "column end, .* is missing", id="no objects"),
        pytest.param(company([*FACTS, 1]), "no object", id="a stray among them"),
        pytest.param(company(without("val")), "column val is missing", id="no counts"),
        pytest.param(company(without("end")), "column end is missing", id="no days"),
        pytest.param(company(without("filed")), "column filed is missing", id="not filed"),
        pytest.param(company([{**FACTS[0], "val": "many"}]), "val holds str", id="a word"),
    ],
)
def test_what_is_no_list_of_the_companys_filings_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^sec/valuations/ACS: .*{told}"):
        rows(payload)


def test_a_refusal_for_a_missing_column_tells_the_shape() -> None:
    with pytest.raises(Refused) as refusal:
        rows(company(without("val")))

    assert refusal.value.columns == ("accn", "end", "filed", "form", "fp", "frame", "fy")


@settings(max_examples=30)
@given(
    counts=st.dictionaries(st.dates(), st.integers(0, 10**12), min_size=1, max_size=20),
    order=st.randoms(use_true_random=False),
)
def test_any_counts_come_back_in_any_order_of_rows_and_keys(counts: Any, order: Any) -> None:
    facts = [{**FACTS[0], "end": f"{end}", "val": val} for end, val in counts.items()]
    shuffled = [dict(order.sample([*fact.items()], len(fact))) for fact in facts]

    payload = company(order.sample(shuffled, len(shuffled)))
    raw = sec.parse_valuations(payload, CAPTURE).tables["fund_valuations"]
    accepted = accept(
        FundValuations, transform.fund_valuations(raw, CAPTURE), raw, CAPTURE
    ).accepted

    assert dict(accepted.select("as_of", "shares_outstanding").iter_rows()) == counts
